import { CoreError } from "../errors.ts";
import { fitGammaRegression } from "../statistics/gamma-regression.ts";
import { fitHourPattern } from "./hour-pattern.ts";
import type { HourPattern } from "./hour-pattern.ts";
import { HOURS_PER_DAY, realisedVariance } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";
import { FEATURE_MEMORY_HOURS, FEATURES, logHarFeatures } from "./log-har-features.ts";
import type { FittedVolatility, HorizonHours, VolatilityModel } from "./model.ts";

const TRAINING_DAYS = 730;
const LEAST_TRAINING_DAYS = 90;
/** Every third hour is trained on: neighbours share nearly all of their windows. */
const TRAINING_STEP_HOURS = 3;
/** Penalty on the standardised coefficients, per observation. */
const RIDGE = 0.01;

/** Whether the implied-vol index is among the features. */
export type LogHarInputs = "prices-and-implied-vol" | "prices";

/** A fitted horizon: ln(variance / pattern ahead) = coefficients . features. */
interface FittedHorizon {
  readonly hours: HorizonHours;
  readonly coefficients: Float64Array;
}

/** Features at the ends of the training hours; hour index `firstHour` is that of row 0. */
interface TrainingFeatures {
  readonly rows: Float64Array;
  readonly firstRowHour: number;
  readonly columns: number;
}

/**
 * Log-HAR: gamma regression with log link and ridge of the variance ahead on log mean range variances over 1 h to 30 days,
 * recent falls and the implied-vol index, the hour-of-day pattern taken out (after Corsi 2009 and Patton and Sheppard 2015). It learns
 * from the last 730 days; fit it again monthly. A forecast without one of its features is null.
 */
export function logHarModel(inputs: LogHarInputs): VolatilityModel {
  const columns = inputs === "prices" ? FEATURES - 1 : FEATURES;
  return { name: `log-har-${inputs}`, fit: (history) => fitLogHar(history, columns) };
}

function fitLogHar(history: HourlyHistory, columns: number): FittedVolatility {
  const pattern = fitHourPattern(history, TRAINING_DAYS);
  const hours = history.close.length;
  const count = Math.min(TRAINING_DAYS * HOURS_PER_DAY, hours - FEATURE_MEMORY_HOURS);
  if (count < LEAST_TRAINING_DAYS * HOURS_PER_DAY)
    throw new CoreError("series-too-short", { hours, needed: LEAST_TRAINING_DAYS * HOURS_PER_DAY });
  const features = {
    rows: logHarFeatures(history, pattern, count),
    firstRowHour: hours - count,
    columns,
  };
  const horizons = ([1, 24, 168] as const).map((ahead) => fitHorizon(history, pattern, features, ahead));
  return { forecast: (known) => forecastLogHar(known, pattern, horizons) };
}

function forecastLogHar(
  known: HourlyHistory,
  pattern: HourPattern,
  horizons: readonly FittedHorizon[],
): Record<HorizonHours, number> | null {
  const features = logHarFeatures(known, pattern, 1);
  const now = known.firstHour + known.close.length;
  const variances: Record<HorizonHours, number> = { 1: NaN, 24: NaN, 168: NaN };
  for (const { hours, coefficients } of horizons) {
    let predictor = 0;
    for (const [column, coefficient] of coefficients.entries()) predictor += coefficient * features[column]!;
    const variance = Math.exp(predictor) * pattern.sum(now, hours);
    if (!(variance > 0 && variance < Infinity)) return null;
    variances[hours] = variance;
  }
  return variances;
}

function fitHorizon(
  history: HourlyHistory,
  pattern: HourPattern,
  { rows, firstRowHour, columns }: TrainingFeatures,
  ahead: HorizonHours,
): FittedHorizon {
  const targets = targetsAhead(history, firstRowHour, ahead);
  const usable: number[] = [];
  for (let row = 0; row < targets.length; row += TRAINING_STEP_HOURS)
    if (targets[row]! > 0 && isComplete(rows, row * FEATURES, columns)) usable.push(row);
  if (usable.length * TRAINING_STEP_HOURS < LEAST_TRAINING_DAYS * HOURS_PER_DAY)
    throw new CoreError("series-too-short", {
      hours: usable.length * TRAINING_STEP_HOURS,
      needed: LEAST_TRAINING_DAYS * HOURS_PER_DAY,
    });
  const { standardised, means, deviations } = standardise(rows, usable, columns);
  const coefficients = fitGammaRegression(
    {
      rows: standardised,
      columns,
      responses: Float64Array.from(usable, (row) => targets[row]!),
      offsets: Float64Array.from(usable, (row) =>
        Math.log(pattern.sum(history.firstHour + firstRowHour + row + 1, ahead)),
      ),
    },
    RIDGE,
  );
  for (let column = 1; column < columns; column++) {
    coefficients[column]! /= deviations[column]!;
    coefficients[0]! -= coefficients[column]! * means[column]!;
  }
  return { hours: ahead, coefficients };
}

/**
 * Variance of the hours after the end of each training hour, NaN where not known: realised variance of the hourly returns; for one
 * hour, of which a single squared return says little, the range variance brought to the level of squared returns.
 */
function targetsAhead(history: HourlyHistory, firstRowHour: number, ahead: HorizonHours): Float64Array {
  const { logReturn, rangeVariance } = history;
  const targets = new Float64Array(logReturn.length - firstRowHour).fill(NaN);
  const level = ahead === 1 ? rangeLevel(history, firstRowHour) : NaN;
  for (let row = 0; row < targets.length - ahead; row++) {
    const next = firstRowHour + row + 1;
    targets[row] = ahead === 1 ? rangeVariance[next]! * level : realisedVariance(logReturn, next, ahead);
  }
  return targets;
}

/** Mean squared return over mean range variance since hour `from`. */
function rangeLevel({ logReturn, rangeVariance }: HourlyHistory, from: number): number {
  let squares = 0;
  let ranges = 0;
  for (let hour = from; hour < logReturn.length; hour++) {
    if (Number.isNaN(logReturn[hour])) continue;
    squares += logReturn[hour]! ** 2;
    ranges += rangeVariance[hour]!;
  }
  return squares / ranges;
}

function isComplete(rows: Float64Array, first: number, columns: number): boolean {
  for (let column = 0; column < columns; column++) if (!Number.isFinite(rows[first + column])) return false;
  return true;
}

function standardise(rows: Float64Array, usable: readonly number[], columns: number) {
  const standardised = new Float64Array(usable.length * columns).fill(1);
  const means = new Float64Array(columns);
  const deviations = new Float64Array(columns).fill(1);
  for (let column = 1; column < columns; column++) {
    let sum = 0;
    for (const row of usable) sum += rows[row * FEATURES + column]!;
    const mean = sum / usable.length;
    let squares = 0;
    for (const row of usable) squares += (rows[row * FEATURES + column]! - mean) ** 2;
    const deviation = Math.sqrt(squares / usable.length) || 1;
    for (const [index, row] of usable.entries())
      standardised[index * columns + column] = (rows[row * FEATURES + column]! - mean) / deviation;
    means[column] = mean;
    deviations[column] = deviation;
  }
  return { standardised, means, deviations };
}
