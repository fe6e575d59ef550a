import { ChainRefusal } from "../ports/clearing-chain.ts";
import type { EvidenceStore } from "../ports/evidence-store.ts";
import type { Hex } from "../ports/hex.ts";
import type { Equivocation, Prosecutor } from "../ports/prosecutor.ts";
import type { SlashingChain } from "../ports/slashing-chain.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";

/** Time between two looks for proofs that are due. */
const LOOK_MS = 1_000;
/** First time until a failed proof is tried again; it doubles with each failure. */
const FIRST_RETRY_MS = 5_000;
const MAX_RETRY_MS = 600_000;
/** The contract's refusals after which a proof is given up: one may come from a node that lies. */
const MAX_REFUSALS = 8;

export interface ProsecutionParts {
  readonly store: EvidenceStore;
  readonly chain: SlashingChain;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
  /** How long others are given to prove it first, so that not everyone pays for the same. */
  turnMs(found: Equivocation): Promise<number>;
}

/** Brings proofs to the chain. */
export interface Prosecution extends Prosecutor {
  /** Tries every open proof that is due, once. */
  proveDue(signal: AbortSignal): Promise<void>;
  /** Proves what is open, also from before a restart, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Proofs on their way. */
  open(): readonly Equivocation[];
  /** How many those are, and keys that were proven since the start. */
  counts(): { readonly open: number; readonly proven: number };
}

/** An open proof, and when and how often it was tried. */
interface Case {
  readonly found: Equivocation;
  readonly dueAtMs: number;
  readonly failures: number;
  readonly refusals: number;
}

export function createProsecution(parts: ProsecutionParts): Prosecution {
  const { store, timer, telemetry } = parts;
  const cases = new Map<Hex, Case>();
  let isLoaded = false;
  const open = async (found: Equivocation): Promise<void> => {
    const turnMs = await parts.turnMs(found).catch(() => 0);
    cases.set(found.signer, { found, dueAtMs: timer.nowMs() + turnMs, failures: 0, refusals: 0 });
  };
  const load = async (): Promise<void> => {
    if (isLoaded) return;
    for (const found of await store.openProofs()) await open(found);
    isLoaded = true;
  };
  let proven = 0;
  const proveDue = async (signal: AbortSignal): Promise<void> => {
    await load();
    for (const each of [...cases.values()].filter(({ dueAtMs }) => dueAtMs <= timer.nowMs())) {
      const verdict = await tryCase(parts, each, signal);
      if (verdict.kind === "proven") proven++;
      if (verdict.kind === "later") {
        cases.set(each.found.signer, verdict.next);
        continue;
      }
      const isDone = verdict.kind === "given-up" || (await haveOut(parts, each.found.signer, signal));
      if (!isDone) {
        cases.set(each.found.signer, againLater(parts, each));
        continue;
      }
      await store.closeProof(each.found.signer);
      cases.delete(each.found.signer);
    }
  };
  return {
    prosecute: async (found) => {
      await load();
      if (cases.has(found.signer)) return;
      await store.saveProof(found);
      await open(found);
    },
    proveDue,
    open: () => [...cases.values()].map(({ found }) => found),
    counts: () => ({ open: cases.size, proven }),
    run: async (signal) => {
      while (!signal.aborted) {
        await proveDue(signal).catch((error: unknown) => {
          if (!signal.aborted) telemetry.error("prosecution-failed", { reason: String(error) });
        });
        await timer.sleep(LOOK_MS, signal).catch(() => undefined);
      }
    },
  };
}

type Verdict =
  { readonly kind: "proven" | "nothing-left" | "given-up" } | { readonly kind: "later"; readonly next: Case };

async function tryCase(
  { chain, telemetry, timer }: ProsecutionParts,
  tried: Case,
  signal: AbortSignal,
): Promise<Verdict> {
  const { signer, first, second } = tried.found;
  const { epoch, round } = first.head;
  const fields = { signer, epoch, round, firstHash: first.hash, secondHash: second.hash };
  try {
    // Whoever has nothing left, or never had, costs no transaction.
    const isWorthwhile = (await chain.atStakeUnits(signer)) > 0n;
    const sent = isWorthwhile ? await chain.proveEquivocation(tried.found) : null;
    if (sent === null) {
      telemetry.info("equivocation-costs-nothing-more", fields);
      return { kind: "nothing-left" };
    }
    telemetry.error("equivocation-proven", { ...fields, hash: sent.hash, gasUsed: sent.gasUsed });
    return { kind: "proven" };
  } catch (error) {
    // What was sent is in the sender's log, and the proof in the store.
    signal.throwIfAborted();
    const failures = tried.failures + 1;
    const refusals = tried.refusals + Number(error instanceof ChainRefusal);
    const isGivenUp = refusals >= MAX_REFUSALS;
    telemetry.error("equivocation-not-proven", { ...fields, failures, isGivenUp, reason: String(error) });
    if (isGivenUp) return { kind: "given-up" };
    return { kind: "later", next: { ...againLater({ timer }, tried), refusals } };
  }
}

function againLater({ timer }: Pick<ProsecutionParts, "timer">, tried: Case): Case {
  return { ...tried, failures: tried.failures + 1, dueAtMs: timer.nowMs() + retryMs(tried.failures) };
}

/** Time until a proof is tried again that failed so many times before it failed now, ms. */
export function retryMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** failures, MAX_RETRY_MS);
}

/** Who lost its stake counts until somebody has it out of the keeper set. False when that is to be tried again: no node answered. */
async function haveOut(
  { chain, telemetry }: ProsecutionParts,
  signer: Hex,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const sent = await chain.expel(signer);
    if (sent !== null) telemetry.warn("keeper-expelled", { signer, hash: sent.hash, gasUsed: sent.gasUsed });
    return true;
  } catch (error) {
    signal.throwIfAborted();
    telemetry.warn("keeper-not-expelled", { signer, reason: String(error) });
    // The contract's word is final: it still has stake of another kind, or is no member any more.
    return error instanceof ChainRefusal;
  }
}
