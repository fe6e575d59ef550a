import type { Observation } from "../core/report/aggregate.ts";
import { unpackMarketWord } from "../core/report/words.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { SubmittedReport, WatchChain } from "../ports/watch-chain.ts";
import { createEquivocationFinder, type Equivocation } from "./equivocations.ts";

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
    let deviating = 0;
    for (const report of reports) if (await isDeviating(parts, report)) deviating++;
    const proven = isProven.filter(Boolean).length;
    return { throughBlock: last, reports: reports.length, deviating, proven };
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

async function isDeviating(parts: WatchtowerParts, submitted: SubmittedReport): Promise<boolean> {
  const { clock, telemetry, observe } = parts;
  const { report, isAccepted, transaction } = submitted;
  const age = clock.nowSeconds() - report.observedAt;
  if (observe === null || !isAccepted || age > MAX_COMPARED_AGE_SECONDS) return false;
  const own = await observe(report.observedAt);
  let found = false;
  for (const word of report.markets.map(unpackMarketWord)) {
    const mine = own.markets.find(({ market }) => market.market === word.market)?.market;
    if (mine === undefined) continue;
    const spotBps = distanceBps(word.spotE8, mine.spotE8);
    const sigmaBps = distanceBps(word.sigmaE9, mine.sigmaE9);
    if (Math.abs(spotBps) <= MAX_SPOT_DEVIATION_BPS && Math.abs(sigmaBps) <= MAX_SIGMA_DEVIATION_BPS)
      continue;
    found = true;
    const { epoch, round } = report;
    telemetry.error("report-deviates", { market: word.market, epoch, round, spotBps, sigmaBps, transaction });
  }
  return found;
}

function distanceBps(value: bigint, reference: bigint): number {
  return reference === 0n ? 0 : (Number(value - reference) / Number(reference)) * BPS;
}
