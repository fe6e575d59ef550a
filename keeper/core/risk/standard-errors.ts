import { CoreError } from "../errors.ts";
import { seededRandom } from "../statistics/seeded-random.ts";
import type { ParametricTail } from "./parametric.ts";
import { tailRisk } from "./tail.ts";

/** Standard errors of the two measures, in the unit of the P&L. */
export interface TailErrors {
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
}

/** Half width of a 95 % interval in standard deviations. */
const NORMAL_95 = 1.959963984540054;

/**
 * Standard errors of historical VaR and ES by the bootstrap (Efron 1979): scenarios are drawn with replacement, as many as there are.
 * Valid for scenarios that do not depend on each other, as filtered residuals hardly do.
 * @param weights positive integers, one per scenario; a scenario is drawn in proportion to it
 */
export function bootstrapErrors(
  pnl: ArrayLike<number>,
  weights: ArrayLike<number>,
  confidenceBps: number,
  { replicates, seed }: { readonly replicates: number; readonly seed: number },
): TailErrors {
  const random = seededRandom(seed);
  const cumulated = new Float64Array(weights.length);
  let total = 0;
  for (let scenario = 0; scenario < weights.length; scenario++) {
    total += weights[scenario]!;
    cumulated[scenario] = total;
  }
  const estimates = Array.from({ length: replicates }, () => {
    const drawn = Float64Array.from(
      { length: weights.length },
      () => pnl[place(cumulated, random.uniform() * total)]!,
    );
    return tailRisk(drawn, new Uint16Array(drawn.length).fill(1), confidenceBps);
  });
  return resampledErrors(estimates);
}

/**
 * Standard error of the mean of Monte Carlo estimates made under independent seeds (randomised quasi-Monte Carlo).
 * @throws CoreError `series-too-short` with fewer than two
 */
export function replicationErrors(estimates: readonly ParametricTail[]): TailErrors {
  return spread(estimates, estimates.length);
}

/**
 * Standard error of an estimate from the same estimate on resampled data (the bootstrap): their standard deviation.
 * @throws CoreError `series-too-short` with fewer than two
 */
export function resampledErrors(estimates: readonly ParametricTail[]): TailErrors {
  return spread(estimates, 1);
}

/**
 * Ranks, counted from the worst, between which the true quantile lies with 95 % probability: k -+ 1.96 sqrt(n p (1 - p)), the
 * normal approximation of the binomial law of order statistics (David and Nagaraja 2003, section 7.1).
 * @returns the P&L at both ranks as losses, the smaller first
 */
export function orderStatisticInterval(
  pnl: ArrayLike<number>,
  confidenceBps: number,
): readonly [low: number, high: number] {
  const sorted = Float64Array.from(pnl).sort();
  const { scenarios } = tailRisk(sorted, new Uint16Array(sorted.length).fill(1), confidenceBps);
  const share = scenarios / sorted.length;
  const half = NORMAL_95 * Math.sqrt(sorted.length * share * (1 - share));
  const rank = (value: number): number => Math.min(sorted.length, Math.max(1, value));
  return [-sorted[rank(Math.ceil(scenarios + half)) - 1]!, -sorted[rank(Math.floor(scenarios - half)) - 1]!];
}

/** First place whose cumulated weight exceeds the target. */
function place(cumulated: Float64Array, target: number): number {
  let low = 0;
  let high = cumulated.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cumulated[middle]! > target) high = middle;
    else low = middle + 1;
  }
  return low;
}

function spread(estimates: readonly ParametricTail[], divisor: number): TailErrors {
  const count = estimates.length;
  if (count < 2) throw new CoreError("series-too-short", { estimates: count, needed: 2 });
  const deviation = (of: (tail: ParametricTail) => number): number => {
    const mean = estimates.reduce((sum, tail) => sum + of(tail), 0) / count;
    const squares = estimates.reduce((sum, tail) => sum + (of(tail) - mean) ** 2, 0);
    return Math.sqrt(squares / (count - 1) / divisor);
  };
  return {
    valueAtRisk: deviation((tail) => tail.valueAtRisk),
    expectedShortfall: deviation((tail) => tail.expectedShortfall),
  };
}
