import { digamma, lnGamma } from "../statistics/gamma-function.ts";

/** Distribution of the standardised innovations; `student-t` has unit variance. */
export type Innovations = "normal" | "student-t";

/**
 * Parameters of r_t = mu + e_t, h_t = omega + (alpha + gamma [e_{t-1} < 0]) e_{t-1}^2 + beta h_{t-1}: GARCH(1,1) (Bollerslev 1986) with
 * gamma = 0, GJR (Glosten, Jagannathan and Runkle 1993) otherwise. Units are those of the series.
 */
export interface GarchParameters {
  readonly mu: number;
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  /** Degrees of freedom of the innovations, above 2; null for normal ones. */
  readonly nu: number | null;
}

/** Order of the parameters in gradients. */
export const GARCH_ORDER = ["mu", "omega", "alpha", "beta", "gamma", "nu"] as const;
const MU = 0;
const OMEGA = 1;
const ALPHA = 2;
const BETA = 3;
const GAMMA = 4;
const NU = 5;
const SIZE = GARCH_ORDER.length;

/** Called once an observed day with its contribution to the gradient; the array is reused. */
export type ScoreVisitor = (score: Float64Array) => void;

/** Share of a day's variance that the next day keeps in the mean: alpha + beta + gamma / 2. */
function persistence({ alpha, beta, gamma }: GarchParameters): number {
  return alpha + beta + gamma / 2;
}

/**
 * Log-likelihood of a series and its gradient in the order of `GARCH_ORDER`. The variance of the first day is omega + persistence times the mean
 * of e^2 (as in Fiorentini, Calzolari and Panattoni 1996); a NaN day is no observation and leaves the variance as it was.
 * @param gradient filled; the last entries stay zero for normal innovations
 * @param visit receives each observed day's score
 */
export function garchLogLikelihood(
  series: ArrayLike<number>,
  parameters: GarchParameters,
  gradient: Float64Array,
  visit?: ScoreVisitor,
): number {
  const { mu, alpha, beta, gamma, omega, nu } = parameters;
  const { meanSquare, mean } = errorMoments(series, mu);
  const density = nu === null ? normalDensity : studentDensity(nu);
  const slope = new Float64Array(SIZE);
  const score = new Float64Array(SIZE);
  gradient.fill(0);
  let variance = omega + persistence(parameters) * meanSquare;
  slope.set([-2 * persistence(parameters) * mean, 1, meanSquare, meanSquare, meanSquare / 2, 0]);
  let logLikelihood = 0;
  for (let day = 0; day < series.length; day++) {
    if (Number.isNaN(series[day])) continue;
    const error = series[day]! - mu;
    const { log, byError, byVariance, byNu } = density(error, variance);
    logLikelihood += log;
    for (let index = 0; index < SIZE; index++) score[index] = byVariance * slope[index]!;
    score[MU]! -= byError;
    score[NU]! += byNu;
    for (let index = 0; index < SIZE; index++) gradient[index]! += score[index]!;
    visit?.(score);
    const reaction = error < 0 ? alpha + gamma : alpha;
    for (let index = 0; index < SIZE; index++) slope[index]! *= beta;
    slope[MU]! -= 2 * reaction * error;
    slope[OMEGA]! += 1;
    slope[ALPHA]! += error * error;
    slope[BETA]! += variance;
    if (error < 0) slope[GAMMA]! += error * error;
    variance = omega + reaction * error * error + beta * variance;
  }
  return logLikelihood;
}

/**
 * Variance of each day given the days before, and of the day after the series.
 * @param startDays days whose mean square makes the variance of the first day; the likelihood takes all
 */
export function garchVariances(
  series: ArrayLike<number>,
  parameters: GarchParameters,
  startDays = series.length,
): { readonly before: Float64Array; readonly next: number } {
  const { mu, omega, alpha, beta, gamma } = parameters;
  const before = new Float64Array(series.length);
  let variance = omega + persistence(parameters) * errorMoments(series, mu, startDays).meanSquare;
  for (let day = 0; day < series.length; day++) {
    before[day] = variance;
    const error = series[day]! - mu;
    if (Number.isNaN(error)) continue;
    variance = omega + (error < 0 ? alpha + gamma : alpha) * error * error + beta * variance;
  }
  return { before, next: variance };
}

/** Expected variances of the next days, from the variance of the first of them: h_{k+1} = omega + persistence h_k. */
export function garchForecast(parameters: GarchParameters, next: number, days: number): Float64Array {
  const forecast = new Float64Array(days);
  let variance = next;
  for (let day = 0; day < days; day++) {
    forecast[day] = variance;
    variance = parameters.omega + persistence(parameters) * variance;
  }
  return forecast;
}

function errorMoments(series: ArrayLike<number>, mu: number, days = series.length) {
  let [sum, squares, count] = [0, 0, 0];
  for (let day = 0; day < days; day++) {
    const error = series[day]! - mu;
    if (Number.isNaN(error)) continue;
    sum += error;
    squares += error * error;
    count++;
  }
  return { mean: sum / count, meanSquare: squares / count };
}

interface DensityTerms {
  readonly log: number;
  readonly byError: number;
  readonly byVariance: number;
  readonly byNu: number;
}

function normalDensity(error: number, variance: number): DensityTerms {
  const square = (error * error) / variance;
  return {
    log: -0.5 * (Math.log(2 * Math.PI * variance) + square),
    byError: -error / variance,
    byVariance: (square - 1) / (2 * variance),
    byNu: 0,
  };
}

/** Student-t density of unit variance scaled to `variance` (Bollerslev 1987, eq. 1). */
function studentDensity(nu: number): (error: number, variance: number) => DensityTerms {
  const half = (nu + 1) / 2;
  const constant = lnGamma(half) - lnGamma(nu / 2) - 0.5 * Math.log(Math.PI * (nu - 2));
  const constantByNu = 0.5 * (digamma(half) - digamma(nu / 2) - 1 / (nu - 2));
  return (error, variance) => {
    const square = (error * error) / variance;
    const excess = square / (nu - 2);
    const weight = (nu + 1) / (nu - 2 + square);
    const tail = Math.log1p(excess);
    return {
      log: constant - 0.5 * Math.log(variance) - half * tail,
      byError: (-weight * error) / variance,
      byVariance: (weight * square - 1) / (2 * variance),
      byNu: constantByNu - 0.5 * tail + (half * excess) / ((1 + excess) * (nu - 2)),
    };
  };
}
