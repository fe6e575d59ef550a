import { requireWithin } from "../errors.ts";
import { normalInverseCdf } from "../pricing/normal.ts";
import { lnGamma } from "./gamma-function.ts";

const MAX_TERMS = 1_000;
const MAX_STEPS = 100;
const TOLERANCE = 1e-15;
const STEP_TOLERANCE = 1e-12;
const TINY = 1e-300;

/** The incomplete gamma function P(a, x) and its complement, each from the expansion that keeps its digits. */
function incompleteGamma(a: number, x: number): readonly [lower: number, upper: number] {
  if (x <= 0) return [0, 1];
  const front = Math.exp(a * Math.log(x) - x - lnGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n <= MAX_TERMS && term > TOLERANCE * sum; n++) sum += term *= x / (a + n);
    return [front * sum, 1 - front * sum];
  }
  let [value, c, d] = [1 / TINY, 1 / TINY, 1 / (x + 1 - a)];
  value = d;
  for (let n = 1; n <= MAX_TERMS; n++) {
    const [numerator, denominator] = [n * (a - n), x + 2 * n + 1 - a];
    d = 1 / nonZero(numerator * d + denominator);
    c = nonZero(denominator + numerator / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < TOLERANCE) break;
  }
  return [1 - front * value, front * value];
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/**
 * Chi-square distribution function with any positive degrees of freedom: the series of Abramowitz and Stegun (1964) 6.5.29 below the mean,
 * the continued fraction 6.5.31 above it.
 * @throws CoreError `argument-out-of-domain`
 */
export function chiSquareCdf(value: number, degrees: number): number {
  requireWithin("degrees", degrees, Number.MIN_VALUE, Number.MAX_VALUE);
  return incompleteGamma(degrees / 2, value / 2)[0];
}

/**
 * Chi-square quantile with any positive degrees of freedom: Newton's method from the start of Wilson and Hilferty (1931), kept within a
 * bracket; relative error about 1e-12.
 * @param probability in the open interval (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function chiSquareQuantile(probability: number, degrees: number): number {
  requireWithin("probability", probability, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  requireWithin("degrees", degrees, Number.MIN_VALUE, Number.MAX_VALUE);
  const a = degrees / 2;
  const spread = 2 / (9 * degrees);
  const start = degrees * (1 - spread + normalInverseCdf(probability) * Math.sqrt(spread)) ** 3;
  // Near zero P(a, x) is x^a / Gamma(a + 1).
  const nearZero = Math.exp((Math.log(probability) + lnGamma(a + 1)) / a);
  let x = start > 0 && probability > nearZero ? start / 2 : nearZero;
  let [low, high] = [0, Infinity];
  for (let step = 0; step < MAX_STEPS; step++) {
    const [lower, upper] = incompleteGamma(a, x);
    const excess = probability < 0.5 ? lower - probability : 1 - probability - upper;
    if (excess > 0) high = x;
    else low = x;
    const density = Math.exp((a - 1) * Math.log(x) - x - lnGamma(a));
    const next = x - excess / density;
    const inside = next > low && next < high;
    const moved = inside ? next : high === Infinity ? 2 * x : (low + high) / 2;
    const done = Math.abs(moved - x) <= STEP_TOLERANCE * x;
    x = moved;
    if (done) break;
  }
  return 2 * x;
}
