import { CoreError, requireWithin } from "../errors.ts";
import { normalInverseCdf } from "../pricing/normal.ts";
import { chiSquareQuantile } from "../statistics/chi-square.ts";
import { scrambledHalton } from "../statistics/scrambled-halton.ts";
import { studentCdf } from "../statistics/student-quantile.ts";
import { choleskyFactor } from "../statistics/symmetric-matrix.ts";
import { fitDegrees, LEAST_DEGREES, MOST_DEGREES } from "./copula-degrees.ts";
import type { JointScenarios } from "./filtered-historical.ts";

export interface CopulaSettings {
  /** Scenarios to draw; even when antithetic. */
  readonly count: number;
  readonly seed: number;
  /** Degrees of freedom of the copula, those fitted by default: the fewer, the more tails come together. */
  readonly degrees?: number;
  /** Each draw beside its mirror image: halves the error of nearly linear books, does little for gamma. */
  readonly antithetic?: boolean;
}

/** What the draws are made from: the ties between the columns (z and y of each market in turn) and their distributions. */
export interface CopulaModel {
  readonly markets: readonly number[];
  /** Cholesky factor of the correlations. */
  readonly factor: readonly (readonly number[])[];
  /** Sorted residuals of each column. */
  readonly margins: readonly Float64Array[];
  /** Degrees of freedom, 1 to 100; 100 stands for no dependence of tails that the data show. */
  readonly degrees: number;
}

/**
 * Fits the copula: correlation is sin(pi tau / 2) of Kendall's tau between the columns (McNeil, Frey and Embrechts 2015, eq. 7.40), the degrees of freedom
 * follow by maximum likelihood of the ranks given it (Mashal and Zeevi 2002; `fitDegrees`).
 */
export function fitCopula({ markets }: JointScenarios): CopulaModel {
  const columns = markets.flatMap(({ z, y }) => [z, y]);
  const factor = choleskyFactor(kendallCorrelations(columns));
  return {
    markets: markets.map(({ market }) => market),
    factor,
    margins: columns.map((column) => column.toSorted()),
    degrees: fitDegrees(columns, factor),
  };
}

/**
 * Monte Carlo scenarios: a Student-t copula (Demarta and McNeil 2005) over the residuals' own distributions, linear between sorted
 * residuals. Points are a scrambled Halton sequence, one axis a column and one for the chi-square mixing variable.
 * @returns scenarios numbered from 0 in place of days
 * @throws CoreError `argument-out-of-domain`
 */
export function copulaScenarios(model: CopulaModel, settings: CopulaSettings): JointScenarios {
  const { factor, margins, markets } = model;
  const { count, seed, degrees = model.degrees, antithetic = false } = settings;
  requireWithin("degrees", degrees, LEAST_DEGREES, MOST_DEGREES);
  if (antithetic && count % 2 !== 0) throw new CoreError("argument-out-of-domain", { name: "count", count });
  const draws = antithetic ? count / 2 : count;
  const points = scrambledHalton(draws, margins.length + 1, seed);
  const drawn = margins.map(() => new Float64Array(count));
  for (let draw = 0; draw < draws; draw++) {
    const normals = margins.map((_, axis) => normalInverseCdf(points[axis]![draw]!));
    const stretch = Math.sqrt(degrees / chiSquareQuantile(points[margins.length]![draw]!, degrees));
    for (const [axis, row] of factor.entries()) {
      const student = stretch * row.reduce((sum, loading, other) => sum + loading * normals[other]!, 0);
      const level = studentCdf(student, degrees);
      drawn[axis]![draw] = quantileOf(margins[axis]!, level);
      if (antithetic) drawn[axis]![draw + draws] = quantileOf(margins[axis]!, 1 - level);
    }
  }
  return {
    days: Array.from({ length: count }, (_, scenario) => scenario),
    markets: markets.map((market, index) => ({
      market,
      z: drawn[2 * index]!,
      y: drawn[2 * index + 1]!,
      imputed: new Uint8Array(count).fill(1),
    })),
  };
}

/** Linear between sorted values, the ends being the least and the greatest. */
function quantileOf(sorted: Float64Array, level: number): number {
  const place = Math.min(sorted.length - 1, Math.max(0, level * sorted.length - 0.5));
  const below = Math.min(sorted.length - 2, Math.floor(place));
  return sorted[below]! + (place - below) * (sorted[below + 1]! - sorted[below]!);
}

/** Share by which a matrix that is not positive semidefinite is drawn towards the identity, at a time. */
const SHRINKAGE = 0.02;

function kendallCorrelations(columns: readonly Float64Array[]): readonly (readonly number[])[] {
  const matrix = columns.map((left, row) =>
    columns.map((right, column) => (row === column ? 1 : Math.sin((Math.PI / 2) * kendallTau(left, right)))),
  );
  for (let kept = 1; kept > 0; kept -= SHRINKAGE) {
    const shrunk = matrix.map((line, row) =>
      line.map((value, column) => (row === column ? 1 : kept * value)),
    );
    if (isSemidefinite(shrunk)) return shrunk;
  }
  return matrix.map((line, row) => line.map((_, column) => Number(row === column)));
}

function isSemidefinite(matrix: readonly (readonly number[])[]): boolean {
  try {
    choleskyFactor(matrix);
    return true;
  } catch {
    return false;
  }
}

/** Pairs in order less pairs out of order, over all pairs. */
function kendallTau(left: Float64Array, right: Float64Array): number {
  let balance = 0;
  for (let i = 1; i < left.length; i++) {
    for (let j = 0; j < i; j++) balance += Math.sign((left[i]! - left[j]!) * (right[i]! - right[j]!));
  }
  return (2 * balance) / (left.length * (left.length - 1));
}
