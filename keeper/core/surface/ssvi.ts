import type { SviSlice } from "./svi.ts";

/**
 * One slice of a surface SVI (Gatheral and Jacquier 2014, eq. 4.1):
 * w(k) = theta / 2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2)).
 */
export interface SsviSlice {
  /** Total at-the-money variance, above 0. */
  readonly theta: number;
  /** Tilt, in (-1, 1). */
  readonly rho: number;
  /** Curvature, above 0. */
  readonly phi: number;
}

/** The same slice as raw SVI (Gatheral and Jacquier 2014, lemma 3.1 with a level of zero). */
export function ssviToRaw({ theta, rho, phi }: SsviSlice): SviSlice {
  const across = 1 - rho * rho;
  return {
    a: (theta * across) / 2,
    b: (theta * phi) / 2,
    rho,
    m: -rho / phi,
    sigma: Math.sqrt(across) / phi,
  };
}

/** Curvature that falls with at-the-money variance as a power: phi = eta theta^-gamma (Gatheral and Jacquier 2014, example 4.2). */
export function powerLawPhi(theta: number, eta: number, gamma: number): number {
  return eta * theta ** -gamma;
}

/**
 * Largest curvature free of butterfly arbitrage: theta phi (1 + |rho|) <= 4 and theta phi^2 (1 + |rho|) <= 4 (Gatheral and
 * Jacquier 2014, theorem 4.2; the first strictly).
 */
export function largestPhi(theta: number, rho: number): number {
  const limit = 4 / (theta * (1 + Math.abs(rho)));
  return Math.min(limit, Math.sqrt(limit));
}
