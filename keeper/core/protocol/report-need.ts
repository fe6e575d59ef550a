import type { MarketMark, ReportMark } from "../report/report-mark.ts";
import type { ProtocolParameters } from "./parameters.ts";

const BPS = 10_000n;

/** Distance of two values as a share of the second, rounded down. A second value of zero is infinitely far from any other. */
export function deviationBps(value: bigint, reference: bigint): bigint {
  const distance = value > reference ? value - reference : reference - value;
  if (distance === 0n) return 0n;
  return reference === 0n ? BPS ** 2n : (distance * BPS) / reference;
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
