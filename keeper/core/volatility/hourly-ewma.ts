import { CoreError } from "../errors.ts";
import { DAILY_LAMBDA } from "./ewma.ts";
import { fitHourPattern, NO_PATTERN } from "./hour-pattern.ts";
import type { HourPattern } from "./hour-pattern.ts";
import { HOURS_PER_DAY } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";
import type { HorizonHours, VolatilityModel } from "./model.ts";

/** Decay an hour of the same memory as a day's. */
const HOURLY_LAMBDA = DAILY_LAMBDA ** (1 / HOURS_PER_DAY);
/** Hours looked back: what lies beyond weighs 0.94^180 = 1.5e-5. */
const MEMORY_HOURS = 180 * HOURS_PER_DAY;
/** Hours that must have been observed within the memory. */
const LEAST_HOURS = 30 * HOURS_PER_DAY;
/** Days of history that show the pattern of the hours. */
const PATTERN_DAYS = 730;

/**
 * Exponentially weighted mean square of hourly log-returns, each divided by the pattern of its hour: the variance of an hour
 * of average size. Weights are normalised, so that there is no start value.
 * @returns null when fewer than 30 days of hours are known within the last 180 days
 */
function hourlyEwmaVariance({ firstHour, logReturn }: HourlyHistory, pattern: HourPattern): number | null {
  let weight = 1 - HOURLY_LAMBDA;
  let weights = 0;
  let sum = 0;
  let observed = 0;
  const oldest = Math.max(0, logReturn.length - MEMORY_HOURS);
  for (let hour = logReturn.length - 1; hour >= oldest; hour--, weight *= HOURLY_LAMBDA) {
    const change = logReturn[hour]!;
    if (Number.isNaN(change)) continue;
    sum += (weight * change * change) / pattern.at(firstHour + hour);
    weights += weight;
    observed++;
  }
  return observed < LEAST_HOURS ? null : sum / weights;
}

/**
 * Hourly EWMA with lambda = 0.94^(1/24), RiskMetrics (1996) eq. 5.3 at an hourly step.
 * @param pattern `taken-out`: returns are divided by the hour-of-day pattern of the last 730 days and the forecast multiplied by
 * that of the hours ahead; `left-in`: neither
 */
export function hourlyEwmaModel(pattern: "taken-out" | "left-in"): VolatilityModel {
  const takenOut = pattern === "taken-out";
  return {
    name: takenOut ? "hourly-ewma-deseasonalised" : "hourly-ewma",
    fit: (history) => {
      if (history.logReturn.length < LEAST_HOURS)
        throw new CoreError("series-too-short", { hours: history.logReturn.length, needed: LEAST_HOURS });
      const fitted = takenOut ? fitHourPattern(history, PATTERN_DAYS) : NO_PATTERN;
      return {
        forecast: (known) => {
          const variance = hourlyEwmaVariance(known, fitted);
          if (variance === null) return null;
          const now = known.firstHour + known.logReturn.length;
          const ahead = (hours: HorizonHours) => variance * fitted.sum(now, hours);
          return { 1: ahead(1), 24: ahead(24), 168: ahead(168) };
        },
      };
    },
  };
}
