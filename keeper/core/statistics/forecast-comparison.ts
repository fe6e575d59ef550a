import { CoreError, requireWithin } from "../errors.ts";
import { studentTwoSided } from "./student-t.ts";

/** Loss of a variance forecast against a realised variance. */
export type VarianceLoss = (realised: number, forecast: number) => number;

/** QLIKE = s/f - ln(s/f) - 1 (Patton 2011): robust to noise in the realised variance, zero at best. */
export function qlike(realised: number, forecast: number): number {
  const ratio = realised / forecast;
  return ratio - Math.log(ratio) - 1;
}

/** Squared error of the variance: robust likewise, but ruled by the wildest days. */
export function squaredError(realised: number, forecast: number): number {
  return (realised - forecast) ** 2;
}

/** Loss at each time. */
export function losses(
  loss: VarianceLoss,
  realised: ArrayLike<number>,
  forecast: ArrayLike<number>,
): Float64Array {
  if (realised.length !== forecast.length)
    throw new CoreError("series-misaligned", { realised: realised.length, forecast: forecast.length });
  return Float64Array.from({ length: realised.length }, (_, time) => loss(realised[time]!, forecast[time]!));
}

/** Test of equal accuracy of two forecasts. */
export interface DieboldMariano {
  /** Negative when the first forecast is better. */
  readonly statistic: number;
  /** Two-sided, from Student's t with T - 1 degrees of freedom. */
  readonly pValue: number;
}

/**
 * Diebold and Mariano (1995) on h-step forecasts: variance of the mean loss difference with h - 1 autocovariances of equal weight, and the
 * small-sample factor of Harvey, Leybourne and Newbold (1997, eq. 9).
 * @param first losses of the first forecast, one a time
 * @param second losses of the second
 * @throws CoreError `series-misaligned`, `series-too-short`, `argument-out-of-domain` when the estimated variance is not positive
 */
export function dieboldMarianoHln(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  stepsAhead: number,
): DieboldMariano & { readonly uncorrected: number } {
  const times = first.length;
  const uncorrected = tStatistic(first, second, stepsAhead - 1, () => 1);
  const factor = Math.sqrt((times + 1 - 2 * stepsAhead + (stepsAhead * (stepsAhead - 1)) / times) / times);
  return { ...withP(uncorrected * factor, times), uncorrected };
}

/**
 * Diebold-Mariano with the variance of Newey and West (1987): `lags` autocovariances, weights falling linearly, so that it cannot be negative.
 * @throws CoreError `series-misaligned`, `series-too-short`, `argument-out-of-domain` when the losses do not differ
 */
export function dieboldMarianoNeweyWest(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  lags: number,
): DieboldMariano {
  return withP(
    tStatistic(first, second, lags, (lag) => 1 - lag / (lags + 1)),
    first.length,
  );
}

function withP(statistic: number, times: number): DieboldMariano {
  return { statistic, pValue: studentTwoSided(statistic, times - 1) };
}

/** Mean loss difference over the root of its long-run variance / T. */
function tStatistic(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  lags: number,
  weight: (lag: number) => number,
): number {
  const times = first.length;
  if (second.length !== times)
    throw new CoreError("series-misaligned", { first: times, second: second.length });
  if (times <= lags + 1) throw new CoreError("series-too-short", { times, needed: lags + 2 });
  const difference = Float64Array.from({ length: times }, (_, time) => first[time]! - second[time]!);
  const mean = difference.reduce((sum, value) => sum + value, 0) / times;
  let variance = 0;
  for (let lag = 0; lag <= lags; lag++) {
    let covariance = 0;
    for (let time = lag; time < times; time++)
      covariance += (difference[time]! - mean) * (difference[time - lag]! - mean);
    variance += ((lag === 0 ? 1 : 2 * weight(lag)) * covariance) / times;
  }
  requireWithin("long-run variance", variance, Number.MIN_VALUE, Number.MAX_VALUE);
  return mean / Math.sqrt(variance / times);
}
