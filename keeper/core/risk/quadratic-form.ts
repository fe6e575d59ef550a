import { CoreError } from "../errors.ts";
import { choleskyFactor, symmetricEigensystem, type SquareMatrix } from "../statistics/symmetric-matrix.ts";

/** P&L of second order in normal risk factors: level + delta' x + x' gamma x / 2, x normal with mean 0. */
export interface QuadraticPnl {
  readonly level: number;
  /** USD per unit of each factor. */
  readonly delta: readonly number[];
  /** USD per product of two factors' units, symmetric. Vegas, vannas and volgas are entries of factors that are vols. */
  readonly gamma: SquareMatrix;
  readonly covariance: SquareMatrix;
}

/** The same P&L in independent standard normals: level + sum of slope_j u_j + curvature_j u_j^2 / 2. */
export interface CanonicalPnl {
  readonly level: number;
  readonly terms: readonly { readonly slope: number; readonly curvature: number }[];
}

/** Moments in the unit of the P&L. */
export interface QuadraticMoments {
  readonly mean: number;
  readonly variance: number;
  readonly skew: number;
  readonly excessKurtosis: number;
}

/** Curvatures below this share of the largest number of the form are zero. */
const NEGLIGIBLE = 1e-13;

/**
 * Turns the form into independent terms by Cholesky and eigenvectors (Glasserman 2003, section 9.1.2).
 * @throws CoreError `argument-out-of-domain` when the covariance is not positive semidefinite, `series-misaligned` for sizes
 */
export function canonicalPnl({ level, delta, gamma, covariance }: QuadraticPnl): CanonicalPnl {
  const size = delta.length;
  if (gamma.length !== size || covariance.length !== size) {
    throw new CoreError("series-misaligned", {
      delta: size,
      gamma: gamma.length,
      covariance: covariance.length,
    });
  }
  const factor = choleskyFactor(covariance);
  const times = (left: number, right: number): number => {
    let sum = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++) sum += factor[i]![left]! * gamma[i]![j]! * factor[j]![right]!;
    return sum;
  };
  const turned = factor.map((_, row) => factor.map((__, column) => times(row, column)));
  const { values, vectors } = symmetricEigensystem(turned);
  const slopes = factor.map((_, column) => delta.reduce((sum, d, i) => sum + d * factor[i]![column]!, 0));
  const terms = values.map((curvature, k) => ({
    slope: slopes.reduce((sum, slope, i) => sum + slope * vectors[i]![k]!, 0),
    curvature,
  }));
  const largest = Math.max(
    ...terms.flatMap(({ slope, curvature }) => [Math.abs(slope), Math.abs(curvature)]),
  );
  return {
    level,
    terms: terms.map(({ slope, curvature }) => ({
      slope,
      curvature: Math.abs(curvature) < NEGLIGIBLE * largest ? 0 : curvature,
    })),
  };
}

/** Moments from the cumulants of the terms: k_n = (n-1)!/2 (curvature^n + n slope^2 curvature^(n-2)). */
export function quadraticMoments({ level, terms }: CanonicalPnl): QuadraticMoments {
  const sum = (of: (slope: number, curvature: number) => number): number =>
    terms.reduce((total, { slope, curvature }) => total + of(slope, curvature), 0);
  const variance = sum((slope, curvature) => slope ** 2 + curvature ** 2 / 2);
  const third = sum((slope, curvature) => 3 * slope ** 2 * curvature + curvature ** 3);
  const fourth = sum((slope, curvature) => 12 * slope ** 2 * curvature ** 2 + 3 * curvature ** 4);
  return {
    mean: level + sum((_, curvature) => curvature / 2),
    variance,
    skew: third / variance ** 1.5,
    excessKurtosis: fourth / variance ** 2,
  };
}
