import type { MarketsView } from "../core/report/aggregate.ts";
import type { MarketObservation } from "../core/report/quantise.ts";
import { marketsOfReport } from "../core/report/report-mark.ts";
import { packMarketWord, packSmileWord } from "../core/report/words.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { SubmittedReport } from "../ports/watch-chain.ts";
import { requireNearOwn } from "./protocol/near-own-view.ts";
import { SigningRefused } from "./protocol/parts.ts";
import type { Judgement } from "./watchtower.ts";

/** An older report is not compared: the own sources show the present only. */
const MAX_COMPARED_AGE_SECONDS = 120;
/** Largest distance of a dispersion from the own one, bps of the spot. */
const MAX_DISPERSION_DISTANCE_BPS = 200n;
/** Sizes of the market that others may measure so many times larger or smaller: venues differ in what they count. */
const MAX_SIZE_RATIO = 4n;

export interface JudgeParts {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /**
   * The own view of the markets at a time, made as a keeper makes it from the state of the oracle at a block; null where there are no market
   * data of one's own.
   */
  readonly observe: ((observedAtSeconds: number, blockNumber: bigint) => Promise<MarketsView>) | null;
}

/** Compares each word of accepted reports with an own view: by the bounds of a keeper that is asked to sign, and the sizes that no keeper asks about. */
export function createJudge(parts: JudgeParts): (submitted: SubmittedReport) => Promise<Judgement> {
  const { telemetry } = parts;
  return async (submitted) => {
    const { report, transaction } = submitted;
    const fields = { epoch: report.epoch, round: report.round, transaction };
    const own = await ownView(parts, submitted);
    if (typeof own === "string") {
      telemetry.info("report-not-compared", { ...fields, reason: own });
      return "not-compared";
    }
    const seen = new Set(own.markets.map(({ market }) => market.market));
    const compared = marketsOfReport(report).filter(({ market }) => seen.has(market.market));
    const reason = findDeviation(report.pegBps, compared, own);
    if (reason !== null) {
      telemetry.error("report-deviates", { ...fields, reason });
      return "deviates";
    }
    if (compared.length === report.markets.length) return "supported";
    telemetry.warn("report-not-compared", { ...fields, reason: "the own view lacks some of its markets" });
    return "not-compared";
  };
}

/** The own view at a report's time; why there is none otherwise. */
async function ownView(
  { clock, observe }: JudgeParts,
  { report, blockNumber }: SubmittedReport,
): Promise<MarketsView | string> {
  if (observe === null) return "there are no market data of one's own: name a keeper's file with --config";
  const age = clock.nowSeconds() - report.observedAt;
  if (age > MAX_COMPARED_AGE_SECONDS)
    return `it is ${age.toString()} s old: the own sources show at most the last ${MAX_COMPARED_AGE_SECONDS.toString()} s`;
  try {
    return await observe(report.observedAt, blockNumber - 1n);
  } catch (error) {
    return `the own view is missing: ${String(error)}`;
  }
}

/** The first value that the own view does not support; null when all are supported. */
function findDeviation(
  pegBps: number,
  compared: readonly MarketObservation[],
  own: MarketsView,
): string | null {
  const report = {
    pegBps,
    markets: compared.map(({ market }) => packMarketWord(market)),
    smiles: compared.flatMap(({ smiles }) => smiles.map(packSmileWord)),
  };
  try {
    requireNearOwn(report, own);
  } catch (error) {
    if (error instanceof SigningRefused) return error.message;
    throw error;
  }
  const mine = new Map(own.markets.map((each) => [each.market.market, each]));
  for (const posted of compared) {
    const seen = mine.get(posted.market.market);
    const problem = seen === undefined ? null : findWrongSize(posted, seen);
    if (problem !== null) return problem;
  }
  return null;
}

/** What no keeper compares before it signs: the sizes that concentration is measured against, and the sources' distance. */
function findWrongSize({ market }: MarketObservation, { market: own }: MarketObservation): string | null {
  const name = `market ${market.market.toString()}`;
  const distance = market.dispersionBps - own.dispersionBps;
  if (distance > MAX_DISPERSION_DISTANCE_BPS || -distance > MAX_DISPERSION_DISTANCE_BPS)
    return `${name}: dispersion ${market.dispersionBps.toString()} bps against own ${own.dispersionBps.toString()}`;
  for (const size of ["depthUsd", "openInterestUsd"] as const) {
    const [posted, seen] = [market[size], own[size]];
    if (posted > seen * MAX_SIZE_RATIO || seen > posted * MAX_SIZE_RATIO)
      return `${name}: ${size} ${posted.toString()} against own ${seen.toString()}`;
  }
  return null;
}
