import { requireWithin } from "../errors.ts";
import { normalInverseCdf } from "../pricing/normal.ts";
import { lnGamma } from "./gamma-function.ts";
import { studentTwoSided } from "./student-t.ts";

const MAX_DEGREES = 1_000;
const MAX_QUANTILE = 1e9;
const MAX_STEPS = 200;
const STEP_TOLERANCE = 4 * Number.EPSILON;

/** Student-t density. */
export function studentPdf(t: number, degrees: number): number {
  return densityAtZero(degrees) * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
}

/** Gamma((n + 1) / 2) / (sqrt(n pi) Gamma(n / 2)), for whole degrees by the recursion of the gamma function in steps of two. */
function densityAtZero(degrees: number): number {
  if (!Number.isInteger(degrees))
    return Math.exp(lnGamma((degrees + 1) / 2) - lnGamma(degrees / 2)) / Math.sqrt(degrees * Math.PI);
  let ratio = degrees % 2 === 0 ? Math.sqrt(Math.PI) / 2 : 1 / Math.sqrt(Math.PI);
  for (let n = degrees % 2 === 0 ? 2 : 1; n < degrees; n += 2) ratio *= (n + 1) / n;
  return ratio / Math.sqrt(degrees * Math.PI);
}

/**
 * Student-t distribution function with 1 to 1,000 degrees of freedom. Whole degrees: the finite series of Abramowitz and Stegun (1964), 26.7.3 and
 * 26.7.4, absolute error about 1e-15; others: the incomplete beta function, relative error of the lower tail about 1e-13.
 * @throws CoreError `argument-out-of-domain`
 */
export function studentCdf(t: number, degrees: number): number {
  requireWithin("degrees", degrees, 1, MAX_DEGREES);
  if (!Number.isInteger(degrees)) {
    const beyond = studentTwoSided(t, degrees) / 2;
    return t < 0 ? beyond : 1 - beyond;
  }
  const angle = Math.atan(t / Math.sqrt(degrees));
  const cosineSquare = degrees / (degrees + t * t);
  const odd = degrees % 2 === 1;
  let term = odd ? Math.sqrt(cosineSquare) : 1;
  let sum = odd && degrees === 1 ? 0 : term;
  for (let n = odd ? 3 : 2; n + 1 < degrees; n += 2) {
    term *= ((n - 1) / n) * cosineSquare;
    sum += term;
  }
  const inside = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return 0.5 + inside / 2;
}

/**
 * Student-t quantile with 1 to 1,000 degrees of freedom: Newton's method on the distribution function from the normal quantile's expansion (Abramowitz
 * and Stegun 26.7.5), kept within a bracket.
 * @param probability in the open interval (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function studentQuantile(probability: number, degrees: number): number {
  requireWithin("probability", probability, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  if (probability > 0.5) return -studentQuantile(1 - probability, degrees);
  if (probability === 0.5) return 0;
  const x = normalInverseCdf(probability);
  let t = x + (x ** 3 + x) / (4 * degrees) + (5 * x ** 5 + 16 * x ** 3 + 3 * x) / (96 * degrees ** 2);
  let [low, high] = [-MAX_QUANTILE, 0];
  for (let step = 0; step < MAX_STEPS; step++) {
    const reached = studentCdf(t, degrees);
    if (reached < probability) low = t;
    else high = t;
    const next = t - (reached - probability) / studentPdf(t, degrees);
    const moved = next > low && next < high ? next : between(low, high);
    const done = Math.abs(moved - t) <= STEP_TOLERANCE * Math.abs(t);
    t = moved;
    if (done) break;
  }
  return t;
}

/** The lower end spans decades: the geometric mean gets there. */
function between(low: number, high: number): number {
  return low < -1 && low < 4 * high ? -Math.sqrt(low * Math.min(high, -1)) : (low + high) / 2;
}
