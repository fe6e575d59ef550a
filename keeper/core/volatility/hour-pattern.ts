import { CoreError } from "../errors.ts";
import { HOURS_PER_DAY } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";

/** Hour of day, on working days, Saturdays and Sundays: markets that never close still rest at the weekend. */
const DAY_KINDS = 3;
const CELLS = DAY_KINDS * HOURS_PER_DAY;
const DAYS_PER_WEEK = 7;
const HOURS_PER_WEEK = DAYS_PER_WEEK * HOURS_PER_DAY;
/** 1 January 1970 was a Thursday; with this shift day 0 is a Monday. */
const EPOCH_WEEKDAY = 3;
const SATURDAY = 5;
/** Hours wilder than this quantile count as if they were at it, so that one crash does not mark its hour for two years. */
const CAP_QUANTILE = 0.995;
/** Observations each hour of a Sunday needs. */
const LEAST_WEEKS = 8;

/** Relative variance of each hour of the week, mean 1 over a week. */
export interface HourPattern {
  /** @param hour hours since 1 January 1970 (UTC) at which the hour begins */
  at(hour: number): number;
  /** Sum over `hours` hours from `hour` on. */
  sum(hour: number, hours: number): number;
}

/** The pattern of a market without one. */
export const NO_PATTERN: HourPattern = { at: () => 1, sum: (_hour, hours) => hours };

/**
 * Mean range variance by hour of day, apart for working days, Saturdays and Sundays (Andersen and Bollerslev 1997 take the
 * intraday pattern out likewise), over the last `days` days of the history.
 * @throws CoreError `series-too-short`
 */
export function fitHourPattern({ firstHour, rangeVariance }: HourlyHistory, days: number): HourPattern {
  const from = Math.max(0, rangeVariance.length - days * HOURS_PER_DAY);
  const cap = quantileOf(rangeVariance.subarray(from), CAP_QUANTILE);
  const sums = new Float64Array(CELLS);
  const counts = new Float64Array(CELLS);
  for (let hour = from; hour < rangeVariance.length; hour++) {
    const variance = rangeVariance[hour]!;
    if (Number.isNaN(variance)) continue;
    const cell = cellOf(firstHour + hour);
    sums[cell]! += Math.min(cap, variance);
    counts[cell]!++;
  }
  const weeks = counts.reduce((least, count) => Math.min(least, count), Infinity);
  if (weeks < LEAST_WEEKS) throw new CoreError("series-too-short", { weeks, needed: LEAST_WEEKS });
  const means = sums.map((sum, cell) => sum / counts[cell]!);
  const week = Float64Array.from({ length: HOURS_PER_WEEK }, (_, hour) => means[cellOf(hour)]!);
  const level = week.reduce((sum, value) => sum + value, 0) / HOURS_PER_WEEK;
  return patternOfWeek(week.map((value) => value / level));
}

function patternOfWeek(week: Float64Array): HourPattern {
  const at = (hour: number) => week[hour % HOURS_PER_WEEK]!;
  return {
    at,
    sum: (hour, hours) => {
      let sum = Math.floor(hours / HOURS_PER_WEEK) * HOURS_PER_WEEK;
      for (let next = 0; next < hours % HOURS_PER_WEEK; next++) sum += at(hour + next);
      return sum;
    },
  };
}

function cellOf(hour: number): number {
  const weekday = (Math.floor(hour / HOURS_PER_DAY) + EPOCH_WEEKDAY) % DAYS_PER_WEEK;
  return Math.max(0, weekday - SATURDAY + 1) * HOURS_PER_DAY + (hour % HOURS_PER_DAY);
}

function quantileOf(values: Float64Array, level: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  return sorted[Math.floor(level * (sorted.length - 1))] ?? NaN;
}
