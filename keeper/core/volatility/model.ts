import { dailyChangesToNow, HOURS_PER_DAY } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";
import type { VolatilityFilter } from "./filter.ts";

/** Horizons of every forecast, hours: one hour, one day, one week. */
export type HorizonHours = 1 | 24 | 168;

/** Forecast variance of the log-return over the next 1 h, 24 h and 7 d, keyed by hours. */
export type HorizonVariances = Readonly<Record<HorizonHours, number>>;

/** A model with its parameters found; it can be used on any later history of the same market. */
export interface FittedVolatility {
  /**
   * Forecasts at the end of the history from nothing but the history.
   * @returns null when an input it needs is missing or stale
   */
  forecast(history: HourlyHistory): HorizonVariances | null;
}

/**
 * Every volatility model of the house, from the moving average to a learned one. A history ends at the moment of the forecast:
 * a model is never handed later data (`knownAfter` cuts them off), so it cannot look ahead.
 */
export interface VolatilityModel {
  readonly name: string;
  /** @throws CoreError `series-too-short` */
  fit(history: HourlyHistory): FittedVolatility;
}

/** Variances of a forecast that is one number: proportional to the length of the horizon. */
export function flatVariances(dailyVariance: number): HorizonVariances {
  const of = (hours: HorizonHours) => (dailyVariance * hours) / HOURS_PER_DAY;
  return { 1: of(1), 24: of(24), 168: of(168) };
}

/** A filter of daily changes as a model: it sees the days of 24 h that end at the moment of the forecast. */
export function dailyModel(filter: VolatilityFilter): VolatilityModel {
  return {
    name: filter.name,
    fit: () => ({
      forecast: (history) => flatVariances(filter.fit(dailyChangesToNow(history)).dailyVol ** 2),
    }),
  };
}
