import { CoreError } from "../errors.ts";

/** Values on consecutive hours; NaN where there is none. */
export interface HourlyLevels {
  /** Hours since 1 January 1970 (UTC) at which hour 0 begins; hour i begins i hours later. */
  readonly firstHour: number;
  /** Level at the end of each hour. */
  readonly close: Float64Array;
}

/** Bars of consecutive hours, USD, four arrays of one length; all four are NaN where the source has no bar. */
export interface HourlyBars extends HourlyLevels {
  readonly open: Float64Array;
  readonly high: Float64Array;
  readonly low: Float64Array;
}

/** What hourly models look at: arrays of one length, an entry an hour, NaN where nothing was observed. */
export interface HourlyHistory {
  /** Hours since 1 January 1970 (UTC) at which entry 0 begins. */
  readonly firstHour: number;
  /** Price at the end of the hour, USD. */
  readonly close: Float64Array;
  /** ln(close / close of the hour before). */
  readonly logReturn: Float64Array;
  /** Parkinson's variance of the hour's log-return, above zero. */
  readonly rangeVariance: Float64Array;
  /** 30-day implied-vol index at the end of the hour, annualised fraction. */
  readonly impliedVol: Float64Array;
}

export const HOURS_PER_DAY = 24;
export const HOURS_PER_YEAR = 8_760;

/** Parkinson (1980): E ln(high / low)^2 = 4 ln 2 times the variance. */
const PARKINSON = 4 * Math.LN2;
/** Variance of an hour of one price only (0.3 bp): keeps logarithms finite. */
const LEAST_HOURLY_VARIANCE = 1e-9;

/**
 * Derives what models need from bars, each hour from itself and the close before, so that no entry knows later hours.
 * @param impliedVols annualised fractions; where several have a value for an hour the last one counts
 * @throws CoreError `series-misaligned` when the four arrays of the bars differ in length
 */
export function hourlyHistory(bars: HourlyBars, impliedVols: readonly HourlyLevels[]): HourlyHistory {
  const { firstHour, open, high, low, close } = bars;
  const hours = close.length;
  if (open.length !== hours || high.length !== hours || low.length !== hours)
    throw new CoreError("series-misaligned", {
      open: open.length,
      high: high.length,
      low: low.length,
      hours,
    });
  const logReturn = new Float64Array(hours).fill(NaN);
  const rangeVariance = new Float64Array(hours);
  for (let hour = 0; hour < hours; hour++) {
    if (hour > 0) logReturn[hour] = Math.log(close[hour]! / close[hour - 1]!);
    const range = Math.log(high[hour]! / low[hour]!);
    rangeVariance[hour] = Math.max(LEAST_HOURLY_VARIANCE, (range * range) / PARKINSON);
  }
  const impliedVol = new Float64Array(hours).fill(NaN);
  for (const levels of impliedVols) {
    const shift = levels.firstHour - firstHour;
    for (const [index, level] of levels.close.entries()) {
      const hour = index + shift;
      if (hour >= 0 && hour < hours && !Number.isNaN(level)) impliedVol[hour] = level;
    }
  }
  return { firstHour, close, logReturn, rangeVariance, impliedVol };
}

/**
 * The same history as it was known at the end of its first `hours` entries: views, nothing is copied.
 * @throws CoreError `argument-out-of-domain`
 */
export function knownAfter(history: HourlyHistory, hours: number): HourlyHistory {
  const { firstHour, close, logReturn, rangeVariance, impliedVol } = history;
  if (!(hours >= 0 && hours <= close.length))
    throw new CoreError("argument-out-of-domain", { name: "hours", value: hours, min: 0, max: close.length });
  return {
    firstHour,
    close: close.subarray(0, hours),
    logReturn: logReturn.subarray(0, hours),
    rangeVariance: rangeVariance.subarray(0, hours),
    impliedVol: impliedVol.subarray(0, hours),
  };
}

/**
 * Log changes over days of 24 h that end with the last hour of the history, in time order; NaN where a close is missing.
 */
export function dailyChangesToNow({ close }: HourlyHistory): Float64Array {
  const days = Math.max(0, Math.floor((close.length - 1) / HOURS_PER_DAY));
  const first = close.length - 1 - days * HOURS_PER_DAY;
  return Float64Array.from({ length: days }, (_, day) => {
    const from = first + day * HOURS_PER_DAY;
    return Math.log(close[from + HOURS_PER_DAY]! / close[from]!);
  });
}

/**
 * Realised variance of days of 24 h that end with the last hour of the history: sum of the squared hourly log-returns
 * (Andersen, Bollerslev, Diebold and Labys 2003, eq. 4), NaN where one is missing.
 */
export function dailyRealisedVariances({ logReturn }: HourlyHistory): Float64Array {
  const days = Math.floor(logReturn.length / HOURS_PER_DAY);
  const first = logReturn.length - days * HOURS_PER_DAY;
  return Float64Array.from({ length: days }, (_, day) =>
    realisedVariance(logReturn, first + day * HOURS_PER_DAY, HOURS_PER_DAY),
  );
}

/** Sum of the squares of `hours` log-returns from index `from`; NaN when one is missing or lies outside. */
export function realisedVariance(logReturn: Float64Array, from: number, hours: number): number {
  let sum = from >= 0 && from + hours <= logReturn.length ? 0 : NaN;
  for (let hour = from; hour < from + hours && !Number.isNaN(sum); hour++) sum += logReturn[hour]! ** 2;
  return sum;
}
