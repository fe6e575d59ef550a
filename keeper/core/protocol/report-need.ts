import type { Smile } from "../report/market-state.ts";
import { RATIO_SCALE, SECONDS_PER_HOUR } from "../report/market-state.ts";
import type { RiskReport } from "../report/typed-data.ts";
import { unpackMarketWord, unpackSmileWord } from "../report/words.ts";
import type { ProtocolParameters } from "./parameters.ts";

/** What is compared of a market from report to report. */
export interface MarketMark {
  readonly spotE8: bigint;
  readonly sigmaE9: bigint;
  /** Forward over spot by expiry hour. */
  readonly forwardRatiosE8: ReadonlyMap<bigint, bigint>;
}

/** The report that a new one is measured against: the chain's, or a signed one on its way there. */
export interface ReportMark {
  readonly observedAtSeconds: number;
  readonly markets: ReadonlyMap<number, MarketMark>;
}

const BPS = 10_000n;

/** Distance of two values as a share of the second, rounded down. A second value of zero is infinitely far from any other. */
export function deviationBps(value: bigint, reference: bigint): bigint {
  const distance = value > reference ? value - reference : reference - value;
  if (distance === 0n) return 0n;
  return reference === 0n ? BPS ** 2n : (distance * BPS) / reference;
}

/** The marks of a report. */
export function markOfReport({
  observedAt,
  markets,
  smiles,
}: Pick<RiskReport, "observedAt" | "markets" | "smiles">): ReportMark {
  let next = 0;
  const marks = markets.map((word): [number, MarketMark] => {
    const { market, smileCount, spotE8, sigmaE9 } = unpackMarketWord(word);
    const own = smiles.slice(next, next + Number(smileCount)).map(unpackSmileWord);
    next += own.length;
    const forwardRatiosE8 = new Map(
      own.map(({ expiryHour, forwardRatioE8 }) => [expiryHour, forwardRatioE8]),
    );
    return [Number(market), { spotE8, sigmaE9, forwardRatiosE8 }];
  });
  return { observedAtSeconds: observedAt, markets: new Map(marks) };
}

/** The mark of a market as the chain stores it. */
export function markOfStored(stored: {
  readonly spotE8: bigint;
  readonly sigmaE9: bigint;
  readonly smiles: readonly Smile[];
}): MarketMark {
  const { spotE8, sigmaE9, smiles } = stored;
  const forwardRatiosE8 = new Map(
    smiles.map(({ expiry, forwardRatio }) => [
      BigInt(expiry / SECONDS_PER_HOUR),
      BigInt(Math.round(forwardRatio * RATIO_SCALE)),
    ]),
  );
  return { spotE8, sigmaE9, forwardRatiosE8 };
}

/**
 * Whether a report is worth its gas: the heartbeat is due, an expiry came or went, or a spot, forward or forecast moved far enough.
 * @param before null when there is none yet
 */
export function isReportNeeded(
  report: ReportMark,
  before: ReportMark | null,
  parameters: Pick<ProtocolParameters, "heartbeatSeconds" | "spotDeviationBps" | "forecastDeviationBps">,
): boolean {
  if (before === null) return true;
  if (report.observedAtSeconds - before.observedAtSeconds >= parameters.heartbeatSeconds) return true;
  if (report.markets.size !== before.markets.size) return true;
  return [...report.markets].some(([market, mark]) => {
    const old = before.markets.get(market);
    return old === undefined || hasMoved(mark, old, parameters);
  });
}

function hasMoved(
  mark: MarketMark,
  old: MarketMark,
  {
    spotDeviationBps,
    forecastDeviationBps,
  }: Pick<ProtocolParameters, "spotDeviationBps" | "forecastDeviationBps">,
): boolean {
  if (deviationBps(mark.spotE8, old.spotE8) >= spotDeviationBps) return true;
  if (deviationBps(mark.sigmaE9, old.sigmaE9) >= forecastDeviationBps) return true;
  if (mark.forwardRatiosE8.size !== old.forwardRatiosE8.size) return true;
  return [...mark.forwardRatiosE8].some(([expiryHour, ratioE8]) => {
    const oldRatioE8 = old.forwardRatiosE8.get(expiryHour);
    return oldRatioE8 === undefined || deviationBps(ratioE8, oldRatioE8) >= spotDeviationBps;
  });
}
