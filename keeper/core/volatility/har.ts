import { CoreError } from "../errors.ts";
import { solveSymmetric } from "../statistics/levenberg-marquardt.ts";
import { dailyRealisedVariances, HOURS_PER_DAY } from "./hourly-history.ts";
import type { VolatilityModel } from "./model.ts";

/** Whether the regression is on realised variances or on their logarithms. */
export type HarForm = "levels" | "logs";

/** Windows of a market that trades five days a week: day, week and month (Corsi 2009). */
export const TRADING_DAY_LAGS = [1, 5, 22] as const;
/** The same windows of a market that never closes. */
const CALENDAR_DAY_LAGS = [1, 7, 30] as const;

export interface HarFit {
  readonly form: HarForm;
  readonly lags: readonly number[];
  /** Constant, then a coefficient for each lag's mean. */
  readonly coefficients: Float64Array;
  readonly rSquared: number;
  /** Mean square of the residuals, of logarithms in the log form. */
  readonly residualVariance: number;
}

/** Days of the mean that is explained: the next day, or a mean over the next week. */
const WEEK_DAYS = 7;
const MODEL_LEAST_DAYS = 250;
/** Days the model learns from: the levels of long ago are not those of now. */
const TRAINING_DAYS = 730;
/** Share of a window's days that must have a realised variance. */
const LEAST_OBSERVED = 0.8;
/** Least forecast in levels, as a share of yesterday's variance. */
const LEAST_SHARE = 0.1;

/**
 * HAR-RV (Corsi 2009, eq. 8) by least squares: mean of the next `daysAhead` realised variances (or its logarithm) on a constant and the means
 * of the last `lags` ones (or their logarithms).
 * @param realised daily realised variances in time order, above zero in the log form; NaN where there is none
 * @throws CoreError `series-too-short`
 */
export function fitHar(
  realised: ArrayLike<number>,
  form: HarForm,
  lags: readonly number[] = TRADING_DAY_LAGS,
  daysAhead = 1,
): HarFit {
  const columns = lags.length + 1;
  const squares = new Float64Array(columns * columns);
  const products = new Float64Array(columns);
  let [count, sum, sumSquares] = [0, 0, 0];
  for (let day = Math.max(...lags); day + daysAhead <= realised.length; day++) {
    const row = harRow(realised, day, form, lags);
    const response = transform(meanOf(realised, day, daysAhead), form);
    if (!Number.isFinite(response) || row.some((value) => !Number.isFinite(value))) continue;
    for (const [index, value] of row.entries()) {
      products[index]! += value * response;
      for (let other = 0; other <= index; other++) squares[index * columns + other]! += value * row[other]!;
    }
    count++;
    sum += response;
    sumSquares += response * response;
  }
  const coefficients = count > columns ? solveSymmetric(squares, products) : undefined;
  if (coefficients === undefined)
    throw new CoreError("series-too-short", { days: count, needed: columns + 1 });
  // Of a least-squares fit: sum of residual squares = y'y - b'X'y.
  const residual = products.reduce(
    (left, product, index) => left - product * coefficients[index]!,
    sumSquares,
  );
  return {
    form,
    lags,
    coefficients,
    rSquared: 1 - residual / (sumSquares - (sum * sum) / count),
    residualVariance: residual / count,
  };
}

/**
 * Forecast of the mean variance that `fit` explains, from the days before `day` of a series.
 * In the log form exp(m + s^2 / 2), the mean of a log-normal number; in levels never below a tenth of the shortest mean, since a
 * linear forecast may turn negative.
 * @returns NaN when more than a fifth of a window is missing
 */
export function harForecast(fit: HarFit, realised: ArrayLike<number>, day: number): number {
  const row = harRow(realised, day, fit.form, fit.lags);
  const linear = row.reduce((sum, value, index) => sum + value * fit.coefficients[index]!, 0);
  if (fit.form === "logs") return Math.exp(linear + fit.residualVariance / 2);
  return Math.max(linear, LEAST_SHARE * row[1]!);
}

/** HAR-RV as a model: realised variances of days of 24 h that end now, for the next day and, by a regression of its own, the next week. */
export function harModel(form: HarForm): VolatilityModel {
  return {
    name: `har-${form}`,
    fit: (history) => {
      const realised = dailyRealisedVariances(history);
      if (realised.length < MODEL_LEAST_DAYS)
        throw new CoreError("series-too-short", { days: realised.length, needed: MODEL_LEAST_DAYS });
      const recent = realised.subarray(-TRAINING_DAYS);
      const day = fitHar(recent, form, CALENDAR_DAY_LAGS);
      const week = fitHar(recent, form, CALENDAR_DAY_LAGS, WEEK_DAYS);
      return {
        forecast: (known) => {
          const now = dailyRealisedVariances(known);
          const nextDay = harForecast(day, now, now.length);
          const nextWeek = harForecast(week, now, now.length) * WEEK_DAYS;
          if (!(nextDay > 0 && nextWeek > 0)) return null;
          return { 1: nextDay / HOURS_PER_DAY, 24: nextDay, 168: nextWeek };
        },
      };
    },
  };
}

function harRow(
  realised: ArrayLike<number>,
  day: number,
  form: HarForm,
  lags: readonly number[],
): readonly number[] {
  return [1, ...lags.map((lag) => transform(meanOf(realised, day - lag, lag), form))];
}

function transform(variance: number, form: HarForm): number {
  return form === "logs" ? Math.log(variance) : variance;
}

/** Mean over `days` days from `from` on; NaN when too few of them have a value. */
function meanOf(realised: ArrayLike<number>, from: number, days: number): number {
  if (from < 0) return NaN;
  let sum = 0;
  let observed = 0;
  for (let day = from; day < from + days; day++) {
    const value = realised[day] ?? NaN;
    if (Number.isNaN(value)) continue;
    sum += value;
    observed++;
  }
  return observed < LEAST_OBSERVED * days ? NaN : sum / observed;
}
