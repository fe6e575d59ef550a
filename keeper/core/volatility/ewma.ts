import { CoreError, requireWithin } from "../errors.ts";
import type { VolatilityFilter, VolatilityForecast } from "./filter.ts";

/** Decay of daily data: RiskMetrics Technical Document (1996), section 5.3. */
export const DAILY_LAMBDA = 0.94;

/** Days whose mean square starts the recursion when no start variance is given. */
export const START_DAYS = 30;

/** Settings of the exponentially weighted moving average. */
export interface EwmaSettings {
  /** Share of yesterday's variance kept today, in [0, 1). */
  readonly lambda: number;
  /** Variance forecast for the first day; default: mean square of the first `START_DAYS` days. */
  readonly startVariance?: number;
}

/** One step of the recursion: variance for tomorrow from variance for today and today's change (both daily). */
export function ewmaUpdate(dailyVariance: number, change: number, lambda: number): number {
  return lambda * dailyVariance + (1 - lambda) * change * change;
}

/**
 * EWMA filter, RiskMetrics (1996) eq. 5.3: var[t+1] = lambda var[t] + (1 - lambda) r[t]^2, zero mean.
 * @throws CoreError `argument-out-of-domain`
 */
export function ewmaFilter(settings: EwmaSettings = { lambda: DAILY_LAMBDA }): VolatilityFilter {
  requireWithin("lambda", settings.lambda, 0, 1 - Number.EPSILON);
  return { name: `ewma-${settings.lambda.toString()}`, fit: (series) => fitEwma(series, settings) };
}

function fitEwma(series: ArrayLike<number>, { lambda, startVariance }: EwmaSettings): VolatilityForecast {
  const dailyVolBefore = new Float64Array(series.length);
  let variance = startVariance ?? meanSquareOfFirst(series, START_DAYS);
  for (let day = 0; day < series.length; day++) {
    dailyVolBefore[day] = Math.sqrt(variance);
    const change = series[day]!;
    if (!Number.isNaN(change)) variance = ewmaUpdate(variance, change, lambda);
  }
  return { dailyVol: Math.sqrt(variance), dailyVolBefore };
}

function meanSquareOfFirst(series: ArrayLike<number>, days: number): number {
  let sum = 0;
  let counted = 0;
  for (let day = 0; day < series.length && counted < days; day++) {
    const change = series[day]!;
    if (Number.isNaN(change)) continue;
    sum += change * change;
    counted++;
  }
  if (counted < days) throw new CoreError("series-too-short", { days: counted, needed: days });
  return sum / counted;
}
