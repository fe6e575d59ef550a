import { requireWithin } from "../errors.ts";
import { ssviToRaw } from "./ssvi.ts";
import type { SviSlice } from "./svi.ts";

/** At-the-money variance that reverts from a level now to its long-run level. */
export interface ModelledTerm {
  /** Annual at-the-money vol of the shortest expiries, a fraction. */
  readonly shortVol: number;
  /** Annual vol to which it reverts, a fraction. */
  readonly longRunVol: number;
  /** Speed of reversion per year, above 0. */
  readonly reversionPerYear: number;
}

/** Shape of the smile, the same for every expiry. */
export interface ModelledShape {
  /** Correlation of spot and vol: the tilt, in (-1, 1). */
  readonly rho: number;
  /** Size of skew and curvature, above 0 with eta (1 + |rho|) <= 2. */
  readonly eta: number;
}

/** eta (1 + |rho|) up to this keeps the surface free of static arbitrage (Gatheral and Jacquier 2014, remark 4.4). */
const MAX_ETA_TIMES_TILT = 2;
const MAX_TILT = 0.99;
const MAX_VOL = 20;
const MIN_VOL = 0.01;
const MIN_REVERSION = 1e-3;
const MAX_REVERSION = 1e3;
const MAX_TAU_YEARS = 100;

/**
 * Total at-the-money variance of a mean-reverting variance: theta(t) = v_long t + (v_short - v_long) (1 - e^(-k t)) / k, the integral of
 * the expected variance of a square-root process (Heston 1993; Gatheral and Jacquier 2014, example 4.1). It rises in t.
 * @returns total variance, above 0 for tauYears above 0
 * @throws CoreError `argument-out-of-domain`
 */
export function modelledAtTheMoneyVariance(term: ModelledTerm, tauYears: number): number {
  requireWithin("shortVol", term.shortVol, MIN_VOL, MAX_VOL);
  requireWithin("longRunVol", term.longRunVol, MIN_VOL, MAX_VOL);
  requireWithin("reversionPerYear", term.reversionPerYear, MIN_REVERSION, MAX_REVERSION);
  requireWithin("tauYears", tauYears, 0, MAX_TAU_YEARS);
  const longRun = term.longRunVol ** 2;
  const excess = term.shortVol ** 2 - longRun;
  return (
    longRun * tauYears - (excess * Math.expm1(-term.reversionPerYear * tauYears)) / term.reversionPerYear
  );
}

/**
 * One slice of a surface SVI with the power-law curvature phi(theta) = eta / sqrt(theta (1 + theta)) (Gatheral and Jacquier 2014, eq. 4.1
 * and eq. 4.5 with gamma = 1/2), written as raw SVI (their lemma 3.1 with m = -rho / phi). For one shape and one term all slices together are
 * free of butterfly arbitrage (theorem 4.2) and of calendar arbitrage (theorem 4.1, theta rising) because eta (1 + |rho|) <= 2.
 * A model, not a market: for days of which no quotes are known.
 * @throws CoreError `argument-out-of-domain`
 */
export function modelledSmile(term: ModelledTerm, shape: ModelledShape, tauYears: number): SviSlice {
  requireWithin("rho", shape.rho, -MAX_TILT, MAX_TILT);
  requireWithin("eta", shape.eta, Number.MIN_VALUE, MAX_ETA_TIMES_TILT / (1 + Math.abs(shape.rho)));
  requireWithin("tauYears", tauYears, Number.MIN_VALUE, MAX_TAU_YEARS);
  const theta = modelledAtTheMoneyVariance(term, tauYears);
  const phi = shape.eta / Math.sqrt(theta * (1 + theta));
  return ssviToRaw({ theta, rho: shape.rho, phi });
}
