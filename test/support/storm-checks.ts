// What must hold of keeper processes after a storm, as pure functions of chain, stores and processes; chaos-checks.ts has those that hold in any chaos. Each answers with one line for each
// promise broken.
import { isAfter, nameOfRound, type RoundId } from "../../keeper/core/protocol/round-id.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import type { SignedHead } from "../../keeper/ports/watch-chain.ts";

/** The reports on the chain rise strictly, as the oracle orders them. */
export function findNotRising(accepted: readonly RoundId[]): readonly string[] {
  return accepted.flatMap((report, index) => {
    const before = accepted[index - 1];
    return before === undefined || isAfter(report, before)
      ? []
      : [`${nameOfRound(report)} stands on the chain after ${nameOfRound(before)}`];
  });
}

/** A report that was observed after the healing came to the chain in time. */
export function findLateHealing(
  accepted: readonly { readonly observedAtSeconds: number; readonly blockSeconds: number }[],
  healedAtSeconds: number,
  limitSeconds: number,
): readonly string[] {
  const first = accepted.find(({ observedAtSeconds }) => observedAtSeconds >= healedAtSeconds);
  if (first === undefined) return ["no report was posted after the healing"];
  const tookSeconds = first.blockSeconds - healedAtSeconds;
  return tookSeconds <= limitSeconds
    ? []
    : [`the first report after the healing took ${tookSeconds} s, at most ${limitSeconds} s`];
}

/** A key and what is at stake behind it before and after. */
export interface Stake {
  readonly key: Hex;
  readonly before: bigint;
  readonly after: bigint;
}

/** Nobody honest loses stake; who signed twice loses all of it. */
export function findWrongStakes(stakes: readonly Stake[], equivocating: readonly Hex[]): readonly string[] {
  return stakes.flatMap(({ key, before, after }) => {
    if (equivocating.includes(key))
      return after === 0n ? [] : [`the stake of ${key}, who signed twice, is still ${after}`];
    return after === before
      ? []
      : [`the stake of ${key}, who did nothing wrong, fell from ${before} to ${after}`];
  });
}

/** What one keeper's store says that it signed, by slot. */
export interface SigningStore {
  readonly key: Hex;
  /** Hash that was recorded for `report/digest/epoch/round`. */
  readonly recorded: ReadonlyMap<string, string>;
}

/** Every signature that is anywhere was recorded first, by the hash that was signed. */
export function findUnrecorded(
  signed: readonly SignedHead[],
  stores: readonly SigningStore[],
): readonly string[] {
  return signed.flatMap(({ signer, head, hash }) => {
    const store = stores.find(({ key }) => key.toLowerCase() === signer.toLowerCase());
    const recorded = store?.recorded.get(`report/${head.configDigest}/${nameOfRound(head)}`);
    if (store === undefined || recorded === hash) return [];
    return [`${signer} signed ${hash} for round ${nameOfRound(head)} and recorded ${recorded ?? "nothing"}`];
  });
}

/** An end of a process: by whose will, and how. */
export interface ProcessEnd {
  readonly name: string;
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly isAsked: boolean;
  /** It said that it found no chain to start with. */
  readonly isRefused: boolean;
}

/** Who is told to end ends with 0; nobody else ends but by a kill, or because there was no chain when it started. */
export function findBadEnds(ends: readonly ProcessEnd[]): readonly string[] {
  return ends
    .filter(({ code, isAsked, isRefused }) => (isAsked ? code !== 0 : code !== null && !isRefused))
    .map(
      ({ name, code, isAsked }) => `${name} ended ${isAsked ? "" : "by itself "}with code ${String(code)}`,
    );
}

/** No process held more memory than it may. */
export function findLargeProcesses(peakBytes: readonly number[], maxBytes: number): readonly string[] {
  return peakBytes
    .filter((bytes) => bytes > maxBytes)
    .map((bytes) => `a process held ${bytes} bytes, at most ${maxBytes}`);
}
