import type { HourPattern } from "./hour-pattern.ts";
import { HOURS_PER_DAY, HOURS_PER_YEAR } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";

/** Windows of the mean range variance, hours: HAR's day, week and month (Corsi 2009) and two within the day. */
const WINDOWS_HOURS = [1, 4, 24, 168, 720];
/** Windows whose fall, in units of its own volatility, is a feature: volatility rises more after losses. */
const FALL_WINDOWS_HOURS = [6, 24];
/** Window whose volatility measures a fall. */
const FALL_UNIT_WINDOW = 3;
/** Share of a window's hours that must have been observed. */
const LEAST_OBSERVED = 0.8;
/** An implied vol older than this is stale. */
const MAX_IMPLIED_VOL_AGE_HOURS = HOURS_PER_DAY;

/** Constant, mean variances, falls and, last, implied variance. */
export const FEATURES = 1 + WINDOWS_HOURS.length + FALL_WINDOWS_HOURS.length + 1;
/** Hours of history behind the first hour that has features. */
export const FEATURE_MEMORY_HOURS = 720;

/** Running sums over the hours of a history: entry i is the sum of the first i hours. */
interface RunningSums {
  readonly variance: Float64Array;
  readonly varianceCount: Float64Array;
  readonly change: Float64Array;
  readonly changeCount: Float64Array;
  /** The newest implied vol of at most a day's age at each hour, else NaN. */
  readonly impliedVol: Float64Array;
}

/**
 * Features of the log-HAR at the ends of `count` hours, the last of which is the last hour of the history.
 * Variances are range variances divided by the pattern of their hours.
 * @returns row-major, `FEATURES` a row, in time order; a feature that is missing or stale is NaN
 */
export function logHarFeatures(history: HourlyHistory, pattern: HourPattern, count: number): Float64Array {
  const from = Math.max(0, history.close.length - count - FEATURE_MEMORY_HOURS);
  const sums = runningSums(history, pattern, from);
  const hours = sums.impliedVol.length;
  const rows = new Float64Array(count * FEATURES);
  for (let row = 0; row < count; row++) fillRow(rows, row * FEATURES, sums, hours - count + row + 1);
  return rows;
}

/** @param known hours of the running sums that count */
function fillRow(rows: Float64Array, first: number, sums: RunningSums, known: number): void {
  let column = first;
  rows[column++] = 1;
  for (const window of WINDOWS_HOURS)
    rows[column++] = Math.log(windowMean(sums.variance, sums.varianceCount, known, window));
  const unit = Math.exp(rows[first + 1 + FALL_UNIT_WINDOW]! / 2);
  for (const window of FALL_WINDOWS_HOURS) {
    const change = windowMean(sums.change, sums.changeCount, known, window) * window;
    rows[column++] = Math.max(0, -change) / (unit * Math.sqrt(window));
  }
  rows[column] = Math.log((sums.impliedVol[known - 1] ?? NaN) ** 2 / HOURS_PER_YEAR);
}

/** Mean over the `window` hours before `known`; NaN when too few of them were observed. */
function windowMean(sum: Float64Array, count: Float64Array, known: number, window: number): number {
  if (known < window) return NaN;
  const observed = count[known]! - count[known - window]!;
  return observed < LEAST_OBSERVED * window ? NaN : (sum[known]! - sum[known - window]!) / observed;
}

function runningSums(
  { firstHour, logReturn, rangeVariance, impliedVol }: HourlyHistory,
  pattern: HourPattern,
  from: number,
): RunningSums {
  const hours = logReturn.length - from;
  const sums = {
    variance: new Float64Array(hours + 1),
    varianceCount: new Float64Array(hours + 1),
    change: new Float64Array(hours + 1),
    changeCount: new Float64Array(hours + 1),
    impliedVol: new Float64Array(hours).fill(NaN),
  };
  let impliedVolHour = -Infinity;
  for (let hour = 0; hour < hours; hour++) {
    const variance = rangeVariance[from + hour]!;
    const change = logReturn[from + hour]!;
    const hasVariance = !Number.isNaN(variance);
    const hasChange = !Number.isNaN(change);
    sums.variance[hour + 1] =
      sums.variance[hour]! + (hasVariance ? variance / pattern.at(firstHour + from + hour) : 0);
    sums.varianceCount[hour + 1] = sums.varianceCount[hour]! + Number(hasVariance);
    sums.change[hour + 1] = sums.change[hour]! + (hasChange ? change : 0);
    sums.changeCount[hour + 1] = sums.changeCount[hour]! + Number(hasChange);
    if (!Number.isNaN(impliedVol[from + hour])) impliedVolHour = hour;
    if (hour - impliedVolHour < MAX_IMPLIED_VOL_AGE_HOURS)
      sums.impliedVol[hour] = impliedVol[from + impliedVolHour]!;
  }
  return sums;
}
