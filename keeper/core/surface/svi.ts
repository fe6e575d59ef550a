/**
 * Raw SVI slice of total variance (Gatheral 2004; Gatheral and Jacquier 2014, eq. 3.1):
 * w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)), k = ln(K / F), w = annualVol^2 tauYears.
 */
export interface SviSlice {
  /** Level of total variance. */
  readonly a: number;
  /** Mean slope of the two wings, at least 0. */
  readonly b: number;
  /** Tilt, in (-1, 1). */
  readonly rho: number;
  /** Log-moneyness of the centre. */
  readonly m: number;
  /** Width of the curved part in log-moneyness, above 0. */
  readonly sigma: number;
}

/** Total variance and its first two derivatives to log-moneyness. */
export interface TotalVariance {
  readonly w: number;
  readonly slope: number;
  readonly curvature: number;
}

/** A slice's broken condition, the first found. */
export type SviViolation =
  | { readonly code: "parameter-out-of-domain" }
  | { readonly code: "minimum-variance-not-positive"; readonly minimumVariance: number }
  | { readonly code: "wing-too-steep"; readonly wingSlope: number }
  | { readonly code: "butterfly"; readonly logMoneyness: number; readonly density: number };

/** Largest slope of total variance in |k| that moments allow (Lee 2004, theorems 3.2 and 3.4). */
export const LEE_WING_SLOPE = 2;

/** Nodes of the check of the density, and how far from the centre they reach, in log-moneyness. */
const DENSITY_NODES = 81;
const DENSITY_REACH = 5;

/** Total variance at a log-moneyness. */
export function totalVariance(slice: SviSlice, logMoneyness: number): number {
  const offset = logMoneyness - slice.m;
  return slice.a + slice.b * (slice.rho * offset + Math.sqrt(offset * offset + slice.sigma * slice.sigma));
}

/** Total variance with its slope and curvature in log-moneyness. */
export function totalVarianceAndSlopes(slice: SviSlice, logMoneyness: number): TotalVariance {
  const { a, b, rho, m, sigma } = slice;
  const offset = logMoneyness - m;
  const radius = Math.sqrt(offset * offset + sigma * sigma);
  return {
    w: a + b * (rho * offset + radius),
    slope: b * (rho + offset / radius),
    curvature: (b * sigma * sigma) / (radius * radius * radius),
  };
}

/** Annual implied volatility (fraction) at a log-moneyness; tauYears above 0. */
export function sliceVol(slice: SviSlice, logMoneyness: number, tauYears: number): number {
  return Math.sqrt(Math.max(0, totalVariance(slice, logMoneyness)) / tauYears);
}

/** Smallest total variance of the slice: a + b sigma sqrt(1 - rho^2). */
export function minimumVariance(slice: SviSlice): number {
  return slice.a + slice.b * slice.sigma * Math.sqrt(1 - slice.rho * slice.rho);
}

/** Steeper of the two asymptotic slopes, b (1 + |rho|). */
export function wingSlope(slice: SviSlice): number {
  return slice.b * (1 + Math.abs(slice.rho));
}

/**
 * Durrleman's function g(k): the density of the log return up to a positive factor, so that a slice without butterfly
 * arbitrage has g >= 0 everywhere (Gatheral and Jacquier 2014, eq. 2.1 and lemma 2.2).
 * @returns -Infinity where total variance is not positive
 */
export function durrlemanDensity(slice: SviSlice, logMoneyness: number): number {
  const { a, b, rho, m, sigma } = slice;
  const offset = logMoneyness - m;
  const radius = Math.sqrt(offset * offset + sigma * sigma);
  const w = a + b * (rho * offset + radius);
  if (!(w > 0)) return -Infinity;
  const slope = b * (rho + offset / radius);
  const curvature = (b * sigma * sigma) / (radius * radius * radius);
  const tilt = 1 - (logMoneyness * slope) / (2 * w);
  return tilt * tilt - ((slope * slope) / 4) * (1 / w + 0.25) + curvature / 2;
}

/**
 * Log-moneyness values at which g is checked: dense where the slice bends, whatever its width, and out to
 * 5 in log-moneyness (strikes from 1/148 to 148 times the forward).
 */
export function densityNodes(slice: SviSlice): Float64Array {
  const reach = Math.asinh((DENSITY_REACH + Math.abs(slice.m)) / slice.sigma);
  const half = (DENSITY_NODES - 1) / 2;
  const nodes = new Float64Array(DENSITY_NODES);
  const ratio = Math.exp(reach / half);
  let power = 1;
  for (let step = 0; step <= half; step++) {
    const offset = (slice.sigma * (power - 1 / power)) / 2;
    nodes[half - step] = slice.m - offset;
    nodes[half + step] = slice.m + offset;
    power *= ratio;
  }
  return nodes;
}

/**
 * First broken no-arbitrage condition of a slice, or undefined when it keeps them all.
 * @param densityFloor smallest g accepted; above 0 it leaves room for rounding the parameters
 */
export function findSviViolation(slice: SviSlice, densityFloor = 0): SviViolation | undefined {
  const { a, b, rho, m, sigma } = slice;
  const finite = [a, b, rho, m, sigma].every(Number.isFinite);
  if (!finite || b < 0 || Math.abs(rho) >= 1 || sigma <= 0) return { code: "parameter-out-of-domain" };
  const least = minimumVariance(slice);
  if (!(least > 0)) return { code: "minimum-variance-not-positive", minimumVariance: least };
  const steepest = wingSlope(slice);
  if (steepest > LEE_WING_SLOPE) return { code: "wing-too-steep", wingSlope: steepest };
  for (const logMoneyness of densityNodes(slice)) {
    const density = durrlemanDensity(slice, logMoneyness);
    if (density < densityFloor) return { code: "butterfly", logMoneyness, density };
  }
  return undefined;
}
