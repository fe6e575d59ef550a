import { findSviViolation, totalVarianceAndSlopes, minimumVariance, type SviSlice } from "./svi.ts";

/** Jump-wings parameters of a slice (Gatheral and Jacquier 2014, eq. 3.5), which traders read directly. */
export interface JumpWings {
  /** At-the-money variance per year. */
  readonly v: number;
  /** At-the-money skew: slope of total variance at the forward over twice its root. */
  readonly psi: number;
  /** Slope of the left (put) wing over the root of at-the-money total variance. */
  readonly p: number;
  /** Slope of the right (call) wing over the root of at-the-money total variance. */
  readonly c: number;
  /** Minimum variance per year. */
  readonly vmin: number;
}

const BISECTIONS = 30;

/** Jump-wings parameters of a raw slice of positive at-the-money variance. */
export function toJumpWings(slice: SviSlice, tauYears: number): JumpWings {
  const { w, slope } = totalVarianceAndSlopes(slice, 0);
  const root = Math.sqrt(w);
  return {
    v: w / tauYears,
    psi: slope / (2 * root),
    p: (slice.b * (1 - slice.rho)) / root,
    c: (slice.b * (1 + slice.rho)) / root,
    vmin: minimumVariance(slice) / tauYears,
  };
}

/** Raw slice of jump-wings parameters (Gatheral and Jacquier 2014, lemma 3.2); fields are NaN when none exists. */
export function fromJumpWings({ v, psi, p, c, vmin }: JumpWings, tauYears: number): SviSlice {
  const root = Math.sqrt(v * tauYears);
  const b = (root * (c + p)) / 2;
  const rho = 1 - (p * root) / b;
  const beta = rho - (2 * psi * root) / b;
  // alpha = sigma / m, with the sign of m; infinite when m is zero.
  const alpha = Math.sign(beta) * Math.sqrt(1 / (beta * beta) - 1);
  const excess = (v - vmin) * tauYears;
  const tilted = Math.sqrt(1 - rho * rho);
  if (beta === 0) {
    const sigma = excess / (b * (1 - tilted));
    return { a: v * tauYears - b * sigma, b, rho, m: 0, sigma };
  }
  const m = excess / (b * (-rho + Math.sign(alpha) * Math.sqrt(1 + alpha * alpha) - alpha * tilted));
  const sigma = alpha * m;
  return { a: vmin * tauYears - b * sigma * tilted, b, rho, m, sigma };
}

/**
 * The slice nearest to the given one, on the way to its surface-SVI neighbour, that is free of butterfly arbitrage:
 * v, psi and p stay; c and vmin move towards c' = p + 2 psi, vmin' = 4 v p c' / (p + c')^2 (Gatheral and Jacquier 2014,
 * section 5.1). Without an admissible neighbour the slice becomes flat at its at-the-money variance.
 * @param densityFloor as in `findSviViolation`
 */
export function repairButterfly(slice: SviSlice, tauYears: number, densityFloor: number): SviSlice {
  const wings = toJumpWings(slice, tauYears);
  const { v, psi, p } = wings;
  const target = p + 2 * psi;
  const safe = { v, psi, p, c: target, vmin: (4 * v * p * target) / (p + target) ** 2 };
  const at = (share: number): SviSlice =>
    fromJumpWings(
      {
        ...wings,
        c: wings.c + share * (safe.c - wings.c),
        vmin: wings.vmin + share * (safe.vmin - wings.vmin),
      },
      tauYears,
    );
  if (findSviViolation(at(1), densityFloor) !== undefined) return flatSlice(v * tauYears);
  let kept = 1;
  let broken = 0;
  for (let step = 0; step < BISECTIONS; step++) {
    const share = (kept + broken) / 2;
    if (findSviViolation(at(share), densityFloor) === undefined) kept = share;
    else broken = share;
  }
  return at(kept);
}

/** A slice of the same total variance at every strike. */
export function flatSlice(variance: number): SviSlice {
  return { a: variance, b: 0, rho: 0, m: 0, sigma: 1 };
}
