import type { Observation } from "../core/report/aggregate.ts";
import { unpackMarketWord } from "../core/report/words.ts";
import type { Clock } from "../ports/clock.ts";
import type { Equivocation } from "../ports/prosecutor.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { SubmittedReport, WatchChain } from "../ports/watch-chain.ts";
import { createEquivocationFinder } from "./equivocations.ts";

const BPS = 10_000;
/** Distances beyond these, in bps of the own value, are reported. */
const MAX_SPOT_DEVIATION_BPS = 200;
const MAX_SIGMA_DEVIATION_BPS = 2_500;
/** An older report is not compared: the own sources show the present only. */
const MAX_COMPARED_AGE_SECONDS = 600;
/** Most blocks read in one round. */
const MAX_BLOCKS_PER_ROUND = 2_000n;

/** Rounds in which a proof is tried: a node may be away, but a key that is no keeper's is refused for good. */
const MAX_PROOF_ATTEMPTS = 5;

/** An equivocation and how often its proof was tried. */
interface Case {
  readonly equivocation: Equivocation;
  readonly attempts: number;
}

export interface WatchtowerParts {
  readonly chain: WatchChain;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The own view of the markets; without it reports are not compared. */
  readonly observe: ((observedAtSeconds: number) => Promise<Observation>) | null;
}

/** What one round found. */
export interface WatchResult {
  /** Last block read. */
  readonly throughBlock: bigint;
  readonly reports: number;
  /** Reports that the own view does not support. */
  readonly deviating: number;
  /** Accepted reports that the own view says nothing of, or not of every market; each is logged with the reason. */
  readonly uncompared: number;
  /** Keepers proven to have signed two reports for one round. */
  readonly proven: number;
}

/**
 * Reads every report that was sent to the oracle from a block on: proves each equivocation, and compares each accepted report with the own
 * view of the markets. Each call reads what came since the last.
 */
export function createWatchtower(parts: WatchtowerParts, firstBlock: bigint): () => Promise<WatchResult> {
  const finder = createEquivocationFinder();
  let next = firstBlock;
  let unproven: readonly Case[] = [];
  return async () => {
    const { chain } = parts;
    const head = await chain.headNumber();
    const last = head < next + MAX_BLOCKS_PER_ROUND ? head : next + MAX_BLOCKS_PER_ROUND - 1n;
    const reports = await chain.submissions(next, last);
    next = last + 1n;
    const equivocations = reports.flatMap(({ signatures }) =>
      signatures.map((signed) => finder.note(signed)).filter((found) => found !== null),
    );
    const cases = [...unproven, ...equivocations.map((equivocation) => ({ equivocation, attempts: 0 }))];
    const isProven: boolean[] = [];
    for (const { equivocation } of cases) isProven.push(await prove(parts, equivocation));
    unproven = cases
      .filter(({ attempts }, index) => isProven[index] !== true && attempts + 1 < MAX_PROOF_ATTEMPTS)
      .map(({ equivocation, attempts }) => ({ equivocation, attempts: attempts + 1 }));
    const comparisons: Comparison[] = [];
    for (const report of reports) comparisons.push(await compare(parts, report));
    const deviating = comparisons.filter(({ deviates }) => deviates).length;
    const uncompared = comparisons.filter(({ isWhole }) => !isWhole).length;
    const proven = isProven.filter(Boolean).length;
    return { throughBlock: last, reports: reports.length, deviating, uncompared, proven };
  };
}

async function prove(
  { chain, telemetry }: WatchtowerParts,
  { signer, first, second }: Equivocation,
): Promise<boolean> {
  const { epoch, round } = first.head;
  const fields = { signer, epoch, round, firstHash: first.hash, secondHash: second.hash };
  try {
    telemetry.error("equivocation-proven", { ...fields, hash: await chain.proveEquivocation(first, second) });
    return true;
  } catch (error) {
    telemetry.error("equivocation-not-proven", { ...fields, reason: String(error) });
    return false;
  }
}

/** What the own view says of a report. */
interface Comparison {
  readonly deviates: boolean;
  /** Whether every market was compared, or nothing was to be. */
  readonly isWhole: boolean;
}

async function compare(parts: WatchtowerParts, submitted: SubmittedReport): Promise<Comparison> {
  const { telemetry, observe } = parts;
  const { report, isAccepted, transaction } = submitted;
  if (observe === null || !isAccepted) return { deviates: false, isWhole: true };
  const { epoch, round } = report;
  const own = await ownView(parts, observe, report.observedAt);
  if (typeof own === "string") {
    telemetry.warn("report-not-compared", { epoch, round, transaction, reason: own });
    return { deviates: false, isWhole: false };
  }
  const mine = new Map(own.markets.map(({ market }) => [market.market, market]));
  let [deviates, isWhole] = [false, true];
  for (const { market, spotE8, sigmaE9 } of report.markets.map(unpackMarketWord)) {
    const seen = mine.get(market);
    if (seen === undefined) {
      isWhole = false;
      const reason = "the own view has no such market";
      telemetry.warn("report-not-compared", { epoch, round, transaction, market, reason });
      continue;
    }
    const spotBps = distanceBps(spotE8, seen.spotE8);
    const sigmaBps = distanceBps(sigmaE9, seen.sigmaE9);
    if (Math.abs(spotBps) <= MAX_SPOT_DEVIATION_BPS && Math.abs(sigmaBps) <= MAX_SIGMA_DEVIATION_BPS)
      continue;
    deviates = true;
    telemetry.error("report-deviates", { market, epoch, round, spotBps, sigmaBps, transaction });
  }
  return { deviates, isWhole };
}

/** The own view of the markets at a report's time; why there is none otherwise. */
async function ownView(
  { clock }: WatchtowerParts,
  observe: NonNullable<WatchtowerParts["observe"]>,
  observedAtSeconds: number,
): Promise<Observation | string> {
  const age = clock.nowSeconds() - observedAtSeconds;
  if (age > MAX_COMPARED_AGE_SECONDS)
    return `it is ${age.toString()} s old: the own sources show at most the last ${MAX_COMPARED_AGE_SECONDS.toString()} s`;
  try {
    return await observe(observedAtSeconds);
  } catch (error) {
    return `the own view is missing: ${String(error)}`;
  }
}

function distanceBps(value: bigint, reference: bigint): number {
  return reference === 0n ? 0 : (Number(value - reference) / Number(reference)) * BPS;
}
