import { requireWithin } from "../errors.ts";

const MAX_DEGREES = 1_000;
const MAX_QUANTILE = 1e9;
const BISECTIONS = 200;

/** Student-t density with a whole number of degrees of freedom. */
export function studentPdf(t: number, degrees: number): number {
  return densityAtZero(degrees) * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
}

/** Gamma((n + 1) / 2) / (sqrt(n pi) Gamma(n / 2)), by the recursion of the gamma function in steps of two degrees. */
function densityAtZero(degrees: number): number {
  let ratio = degrees % 2 === 0 ? Math.sqrt(Math.PI) / 2 : 1 / Math.sqrt(Math.PI);
  for (let n = degrees % 2 === 0 ? 2 : 1; n < degrees; n += 2) ratio *= (n + 1) / n;
  return ratio / Math.sqrt(degrees * Math.PI);
}

/**
 * Student-t distribution function with a whole number of degrees of freedom: the finite series of Abramowitz and Stegun (1964),
 * 26.7.3 and 26.7.4. Absolute error about 1e-15.
 * @throws CoreError `argument-out-of-domain`
 */
export function studentCdf(t: number, degrees: number): number {
  requireDegrees(degrees);
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
 * Student-t quantile, by bisection of the distribution function.
 * @param probability in the open interval (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function studentQuantile(probability: number, degrees: number): number {
  requireWithin("probability", probability, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  if (probability > 0.5) return -studentQuantile(1 - probability, degrees);
  let low = -MAX_QUANTILE;
  let high = 0;
  for (let step = 0; step < BISECTIONS && high - low > Number.EPSILON * Math.abs(low); step++) {
    // The lower end spans decades: the geometric mean gets there.
    const middle = low < -1 && low < 4 * high ? -Math.sqrt(low * Math.min(high, -1)) : (low + high) / 2;
    const next = middle === low || middle === high ? (low + high) / 2 : middle;
    if (studentCdf(next, degrees) < probability) low = next;
    else high = next;
  }
  return (low + high) / 2;
}

function requireDegrees(degrees: number): void {
  requireWithin("degrees", degrees, 1, MAX_DEGREES);
  requireWithin("degrees", degrees, Math.floor(degrees), Math.floor(degrees));
}
