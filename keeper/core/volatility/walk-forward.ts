import { knownAfter } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";
import type { FittedVolatility, HorizonHours, VolatilityModel } from "./model.ts";

/** Moments of forecasts, as hours since 1 January 1970 (UTC), in rising order. */
export interface WalkForwardPlan {
  readonly origins: readonly number[];
  /** Moments at which the model is fitted anew, from all that is known then; the first is at or before the first origin. */
  readonly refits: readonly number[];
}

/** Forecast variances, one an origin, NaN where the model gave none. */
export type WalkForwardForecasts = Readonly<Record<HorizonHours, Float64Array>>;

/**
 * Forecasts at each origin from the history known then, by the model as fitted at the last refit before.
 * @throws CoreError `series-too-short` when the model cannot be fitted at the first refit,
 * `argument-out-of-domain` for an origin outside the history
 */
export function walkForward(
  model: VolatilityModel,
  history: HourlyHistory,
  { origins, refits }: WalkForwardPlan,
): WalkForwardForecasts {
  const empty = () => new Float64Array(origins.length).fill(NaN);
  const forecasts = { 1: empty(), 24: empty(), 168: empty() };
  let fitted: FittedVolatility | undefined;
  let refit = 0;
  for (const [index, origin] of origins.entries()) {
    const due = refits.findLastIndex((moment) => moment <= origin);
    if (due >= 0 && (fitted === undefined || due !== refit)) {
      fitted = model.fit(knownAfter(history, refits[due]! - history.firstHour));
      refit = due;
    }
    const forecast = fitted?.forecast(knownAfter(history, origin - history.firstHour)) ?? null;
    if (forecast === null) continue;
    forecasts[1][index] = forecast[1];
    forecasts[24][index] = forecast[24];
    forecasts[168][index] = forecast[168];
  }
  return forecasts;
}
