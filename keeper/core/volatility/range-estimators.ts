import { requireWithin } from "../errors.ts";

/** Prices of consecutive periods, four arrays of one length; NaN where there is none. */
export interface PriceBars {
  readonly open: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly close: ArrayLike<number>;
}

/**
 * Estimators of the variance of a period from its four prices:
 * - `close`: sample variance of the close-to-close returns
 * - `parkinson`: ln(H/L)^2 / (4 ln 2) (Parkinson 1980)
 * - `garman-klass`: ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2 (Garman and Klass 1980, eq. 20)
 * - `rogers-satchell`: ln(H/C) ln(H/O) + ln(L/C) ln(L/O), free of drift (Rogers and Satchell 1991)
 * - `garman-klass-yang-zhang`: Garman-Klass plus ln(O/C-1)^2, for markets that open away from their close
 * - `yang-zhang`: overnight plus k open-to-close plus (1 - k) Rogers-Satchell (Yang and Zhang 2000, eq. 7)
 */
export type RangeEstimator =
  "close" | "parkinson" | "garman-klass" | "rogers-satchell" | "garman-klass-yang-zhang" | "yang-zhang";

const LN2 = Math.LN2;
/** Yang and Zhang's (2000) alpha - 1: k = 0.34 / (1.34 + (n + 1) / (n - 1)). */
const YANG_ZHANG_K = 0.34;

/**
 * Annualised volatility over the window of `window` periods that ends at each one, with no mean taken out except where an estimator is a
 * sample variance. `close` uses the window's `window` closes, hence `window` - 1 returns.
 * @param periodsPerYear periods in a year
 * @returns fraction per year, one a period; NaN before the first full window and where a price is missing
 * @throws CoreError `argument-out-of-domain` for a window below 3
 */
export function rollingVolatility(
  estimator: RangeEstimator,
  bars: PriceBars,
  window: number,
  periodsPerYear: number,
): Float64Array {
  requireWithin("window", window, 3, Number.MAX_SAFE_INTEGER);
  return Float64Array.from({ length: bars.close.length }, (_, last) => {
    const first = last - window + 1;
    if (first < 0) return NaN;
    return Math.sqrt(periodsPerYear * windowVariance(estimator, bars, first, last));
  });
}

/** Variance of a period from the periods `first` to `last`. */
function windowVariance(estimator: RangeEstimator, bars: PriceBars, first: number, last: number): number {
  const over = (from: number, term: (bars: PriceBars, period: number) => number) =>
    Array.from({ length: last - from + 1 }, (_, index) => term(bars, from + index));
  switch (estimator) {
    case "close":
      return sampleVariance(over(first + 1, closeReturn));
    case "parkinson":
      return mean(over(first, parkinson));
    case "garman-klass":
      return mean(over(first, garmanKlass));
    case "rogers-satchell":
      return mean(over(first, rogersSatchell));
    case "garman-klass-yang-zhang":
      return mean(over(first, (all, period) => garmanKlass(all, period) + openReturn(all, period) ** 2));
    case "yang-zhang": {
      const periods = last - first + 1;
      const k = YANG_ZHANG_K / (1 + YANG_ZHANG_K + (periods + 1) / (periods - 1));
      const within = sampleVariance(over(first, bodyReturn));
      return (
        sampleVariance(over(first, openReturn)) + k * within + (1 - k) * mean(over(first, rogersSatchell))
      );
    }
  }
}

function parkinson({ high, low }: PriceBars, period: number): number {
  return Math.log(high[period]! / low[period]!) ** 2 / (4 * LN2);
}

function garmanKlass(bars: PriceBars, period: number): number {
  const range = Math.log(bars.high[period]! / bars.low[period]!);
  return range ** 2 / 2 - (2 * LN2 - 1) * bodyReturn(bars, period) ** 2;
}

function rogersSatchell({ open, high, low, close }: PriceBars, period: number): number {
  const [o, h, l, c] = [open[period]!, high[period]!, low[period]!, close[period]!];
  return Math.log(h / c) * Math.log(h / o) + Math.log(l / c) * Math.log(l / o);
}

function closeReturn({ close }: PriceBars, period: number): number {
  return Math.log(close[period]! / (close[period - 1] ?? NaN));
}

function openReturn({ open, close }: PriceBars, period: number): number {
  return Math.log(open[period]! / (close[period - 1] ?? NaN));
}

function bodyReturn({ open, close }: PriceBars, period: number): number {
  return Math.log(close[period]! / open[period]!);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function sampleVariance(values: readonly number[]): number {
  const centre = mean(values);
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
}
