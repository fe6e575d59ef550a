import { requireWithin } from "../errors.ts";
import { gaussLegendre } from "../statistics/gauss-legendre.ts";
import { normalCdf } from "./normal.ts";

const RULE = gaussLegendre(20);
/** Correlation up to which the integrand of Plackett's identity is smooth enough for one panel. */
const ONE_PANEL_CORRELATION = 0.7;
/** Panels that halve towards perfect correlation, where the integrand varies on the scale of |a - b|. */
const MAX_PANELS = 60;
/** A panel that can add no more than this ends the sum. */
const NEGLIGIBLE = 1e-18;
const INV_TWO_PI = 0.15915494309189535;

/** Integral of a function from `low` to `high` by the fixed rule. */
function integrate(integrand: (x: number) => number, low: number, high: number): number {
  const half = (high - low) / 2;
  const middle = (high + low) / 2;
  let sum = 0;
  for (let node = 0; node < RULE.nodes.length; node++) {
    sum += RULE.weights[node]! * integrand(middle + half * RULE.nodes[node]!);
  }
  return sum * half;
}

/**
 * Distance of the probability from its value at perfect correlation: integral over u from 0 to acos(|correlation|) of
 * exp(-(a - b)^2 / (2 sin^2 u) - a b / (1 + cos u)) / (2 pi), which is Plackett's with the angle taken from its end.
 */
function distanceToPerfect(a: number, b: number, size: number): number {
  const square = ((a - b) * (a - b)) / 2;
  const integrand = (u: number): number => Math.exp(-square / Math.sin(u) ** 2 - (a * b) / (1 + Math.cos(u)));
  let high = Math.acos(size);
  let sum = 0;
  for (let panel = 0; panel < MAX_PANELS; panel++) {
    const low = high / 2;
    sum += integrate(integrand, low, high);
    high = low;
    if (high * integrand(high) < NEGLIGIBLE) break;
  }
  return sum * INV_TWO_PI;
}

/**
 * P(X <= a, Y <= b) for standard normal X and Y, absolute error about 1e-15. Plackett (1954): the derivative of the
 * probability to the correlation is the joint density; it is integrated over the angle from no correlation, or, above 0.7,
 * from perfect correlation.
 * @param correlation in [-1, 1]
 * @throws CoreError `argument-out-of-domain`
 */
export function bivariateNormalCdf(a: number, b: number, correlation: number): number {
  requireWithin("correlation", correlation, -1, 1);
  if (Math.abs(a) === Infinity) return a > 0 ? normalCdf(b) : 0;
  if (Math.abs(b) === Infinity) return b > 0 ? normalCdf(a) : 0;
  const size = Math.abs(correlation);
  if (size <= ONE_PANEL_CORRELATION) {
    const squares = (a * a + b * b) / 2;
    const integrand = (angle: number): number =>
      Math.exp((a * b * Math.sin(angle) - squares) / Math.cos(angle) ** 2);
    const shift = integrate(integrand, 0, Math.asin(correlation)) * INV_TWO_PI;
    return Math.max(0, normalCdf(a) * normalCdf(b) + shift);
  }
  if (correlation > 0) return Math.max(0, normalCdf(Math.min(a, b)) - distanceToPerfect(a, b, size));
  const perfect = a + b > 0 ? normalCdf(a) - normalCdf(-b) : 0;
  return Math.max(0, perfect + distanceToPerfect(a, -b, size));
}
