import { requireWithin } from "../errors.ts";
import { lnGamma } from "./gamma-function.ts";

const MAX_TERMS = 500;
const TOLERANCE = 1e-16;
const TINY = 1e-300;

/**
 * Probability that a Student-t number of `degrees` degrees of freedom is farther from zero than `t`: the regularised incomplete
 * beta function at degrees / (degrees + t^2) with degrees / 2 and 1/2 (Abramowitz and Stegun 26.7.1).
 * @throws CoreError `argument-out-of-domain` for degrees that are not positive
 */
export function studentTwoSided(t: number, degrees: number): number {
  requireWithin("degrees", degrees, Number.MIN_VALUE, Number.MAX_VALUE);
  return incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);
}

function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it the complement does.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x) - Math.log(a),
  );
  return front / betaFraction(x, a, b);
}

/** Continued fraction of Abramowitz and Stegun 26.5.8 by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  let value = 1;
  let c = 1;
  let d = 0;
  for (let term = 1; term <= MAX_TERMS; term++) {
    const half = Math.floor(term / 2);
    const numerator =
      term % 2 === 0
        ? (half * (b - half) * x) / ((a + term - 1) * (a + term))
        : (-(a + half) * (a + b + half) * x) / ((a + term - 1) * (a + term));
    d = 1 / nonZero(1 + numerator * d);
    c = nonZero(1 + numerator / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < TOLERANCE) break;
  }
  return value;
}

function nonZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}
