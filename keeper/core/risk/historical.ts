import { CoreError, requireWithin } from "../errors.ts";
import { seededRandom } from "../statistics/seeded-random.ts";
import { ewmaFilter } from "../volatility/ewma.ts";
import type { ParametricTail } from "./parametric.ts";

/**
 * How a quantile is read from n sorted losses. `kthWorst` is the house's and Hull's: the k-th worst with k = ceil((1 - confidence) n).
 * The others are Hyndman and Fan (1996), types 1, 6, 7 and 8.
 */
export type QuantileConvention = "kthWorst" | "inverseEcdf" | "weibull" | "linear" | "medianUnbiased";

/** Products such as 0.01 * 1000 come out a little above the whole number they are. */
const WHOLE_SLACK = 1e-9;

/**
 * Value at risk of equally likely losses under one of the conventions in use. They differ by more than 1 % on 1,000 days; margin
 * uses `kthWorst` everywhere.
 * @param losses positive is a loss; any order
 * @param confidence as a fraction, 0.5 to below 1
 * @throws CoreError `series-too-short`, `argument-out-of-domain`
 */
export function historicalValueAtRisk(
  losses: ArrayLike<number>,
  confidence: number,
  convention: QuantileConvention,
): number {
  const sorted = sortedLosses(losses, confidence);
  const count = sorted.length;
  switch (convention) {
    case "kthWorst":
      return sorted[count - worstCount(count, confidence)]!;
    case "inverseEcdf":
      return sorted[Math.ceil(count * confidence - WHOLE_SLACK) - 1]!;
    case "weibull":
      return atPosition(sorted, (count + 1) * confidence);
    case "linear":
      return atPosition(sorted, (count - 1) * confidence + 1);
    case "medianUnbiased":
      return atPosition(sorted, (count + 1 / 3) * confidence + 1 / 3);
  }
}

/**
 * Expected shortfall of equally likely losses: the mean of the k worst (the house's), or with the fraction of the last that makes
 * the tail exactly 1 - confidence (Acerbi and Tasche 2002, eq. 4.12).
 * @throws CoreError `series-too-short`, `argument-out-of-domain`
 */
export function historicalShortfall(
  losses: ArrayLike<number>,
  confidence: number,
  tail: "kWorst" | "exact",
): number {
  const sorted = sortedLosses(losses, confidence);
  const count = worstCount(sorted.length, confidence);
  let sum = 0;
  for (let rank = 1; rank < count; rank++) sum += sorted[sorted.length - rank]!;
  const size = tail === "kWorst" ? count : (1 - confidence) * sorted.length;
  return (sum + (size - count + 1) * sorted[sorted.length - count]!) / size;
}

/**
 * Age-weighted historical simulation (Boudoukh, Richardson and Whitelaw 1998): the loss of age i weighs lambda^i; VaR is the first
 * loss, worst first, at which the weights reach 1 - confidence, ES the weighted mean up to it, the last one by what was lacking.
 * @param losses in time order, the newest last
 * @throws CoreError `series-too-short`, `argument-out-of-domain`
 */
export function ageWeightedTail(
  losses: ArrayLike<number>,
  lambda: number,
  confidence: number,
): ParametricTail {
  requireWithin("lambda", lambda, Number.EPSILON, 1 - Number.EPSILON);
  sortedLosses(losses, confidence);
  const count = losses.length;
  const order = Array.from({ length: count }, (_, day) => day);
  order.sort((left, right) => losses[right]! - losses[left]! || left - right);
  const unit = (1 - lambda) / (1 - lambda ** count);
  const needed = 1 - confidence;
  let weight = 0;
  let sum = 0;
  for (const day of order) {
    const own = unit * lambda ** (count - 1 - day);
    if (weight + own >= needed) {
      const expectedShortfall = (sum + (needed - weight) * losses[day]!) / needed;
      return { valueAtRisk: losses[day]!, expectedShortfall };
    }
    weight += own;
    sum += own * losses[day]!;
  }
  throw new CoreError("weights-invalid", { weight, needed });
}

/**
 * Losses rescaled from the volatility of their day to tomorrow's (Hull and White 1998), with the daily EWMA as volatility.
 * @param losses in time order
 * @param lambda decay of the EWMA
 * @param startVariance variance of the first day; by default the mean square of the first days
 * @returns losses as they would be at tomorrow's volatility
 */
export function volatilityScaledLosses(
  losses: ArrayLike<number>,
  lambda: number,
  startVariance?: number,
): Float64Array {
  const { dailyVol, dailyVolBefore } = ewmaFilter(
    startVariance === undefined ? { lambda } : { lambda, startVariance },
  ).fit(losses);
  return Float64Array.from(losses, (loss, day) => (loss * dailyVol) / dailyVolBefore[day]!);
}

/** A GARCH(1,1) model of returns and where it stands: variance' = omega + alpha (r - mean)^2 + beta variance. */
export interface GarchState {
  readonly mean: number;
  readonly omega: number;
  readonly alpha: number;
  readonly beta: number;
  /** Variance forecast of the next day. */
  readonly nextVariance: number;
}

/**
 * Filtered historical simulation over several days (Barone-Adesi, Giannopoulos and Vosper 1999): residuals drawn with replacement
 * drive the variance recursion along each path.
 * @param residuals standardised returns of the past
 * @returns the loss of each path, -(sum of its returns), in the unit of the returns
 */
export function filteredPathLosses(
  residuals: ArrayLike<number>,
  state: GarchState,
  { days, paths, seed }: { readonly days: number; readonly paths: number; readonly seed: number },
): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: paths }, () => {
    let variance = state.nextVariance;
    let loss = 0;
    for (let day = 0; day < days; day++) {
      const shock = Math.sqrt(variance) * residuals[random.index(residuals.length)]!;
      loss -= state.mean + shock;
      variance = state.omega + state.alpha * shock * shock + state.beta * variance;
    }
    return loss;
  });
}

function worstCount(count: number, confidence: number): number {
  return Math.max(1, Math.ceil((1 - confidence) * count - WHOLE_SLACK));
}

/** Linear between the order statistics around a position that counts from 1. */
function atPosition(sorted: Float64Array, position: number): number {
  const within = Math.min(sorted.length, Math.max(1, position));
  const below = Math.floor(within);
  const low = sorted[below - 1]!;
  return low + (within - below) * ((sorted[below] ?? low) - low);
}

function sortedLosses(losses: ArrayLike<number>, confidence: number): Float64Array {
  requireWithin("confidence", confidence, 0.5, 1 - WHOLE_SLACK);
  if (losses.length === 0) throw new CoreError("series-too-short", { days: 0, needed: 1 });
  return Float64Array.from(losses).sort();
}
