import { lnGamma } from "../statistics/gamma-function.ts";
import { studentQuantile } from "../statistics/student-quantile.ts";

/** Bounds of the degrees of freedom: below one a copula has no use, above a hundred it cannot be told from the normal one. */
export const LEAST_DEGREES = 1;
export const MOST_DEGREES = 100;

/** Points of the first look, evenly spaced in ln degrees; the best and its neighbours bracket the maximum. */
const LOOKS = 9;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Width of the last bracket in ln degrees. */
const TOLERANCE = 1e-5;

/** Ranks over count + 1 of columns of one length: for each row its ranks, counted from 1. */
function ranksOf(columns: readonly ArrayLike<number>[]): readonly Int32Array[] {
  return columns.map((column) => {
    const order = Array.from(column, (_, row) => row);
    order.sort((left, right) => column[left]! - column[right]! || left - right);
    const ranks = new Int32Array(order.length);
    for (const [place, row] of order.entries()) ranks[row] = place + 1;
    return ranks;
  });
}

/**
 * Log-likelihood of a Student-t copula for the ranks of columns as pseudo-observations, rank / (count + 1) (Genest, Ghoudi and Rivest 1995; density:
 * Demarta and McNeil 2005, eq. 7).
 * @param factor Cholesky factor of the correlations
 * @param degrees of freedom
 */
export function copulaLogLikelihood(
  columns: readonly ArrayLike<number>[],
  factor: readonly (readonly number[])[],
  degrees: number,
): number {
  return likelihoodOf(ranksOf(columns), factor, degrees);
}

function likelihoodOf(
  ranks: readonly Int32Array[],
  factor: readonly (readonly number[])[],
  degrees: number,
): number {
  const count = ranks[0]?.length ?? 0;
  const size = ranks.length;
  const scores = Float64Array.from({ length: count + 1 }, (_, rank) =>
    rank === 0 ? 0 : studentQuantile(rank / (count + 1), degrees),
  );
  const logDeterminant = factor.reduce((sum, row, axis) => sum + 2 * Math.log(row[axis]!), 0);
  const constant =
    lnGamma((degrees + size) / 2) +
    (size - 1) * lnGamma(degrees / 2) -
    size * lnGamma((degrees + 1) / 2) -
    logDeterminant / 2;
  const solved = new Float64Array(size);
  let sum = count * constant;
  for (let row = 0; row < count; row++) {
    let square = 0;
    for (let axis = 0; axis < size; axis++) {
      const score = scores[ranks[axis]![row]!]!;
      let rest = score;
      for (let other = 0; other < axis; other++) rest -= factor[axis]![other]! * solved[other]!;
      solved[axis] = rest / factor[axis]![axis]!;
      square += solved[axis]! ** 2;
      sum += ((degrees + 1) / 2) * Math.log1p((score * score) / degrees);
    }
    sum -= ((degrees + size) / 2) * Math.log1p(square / degrees);
  }
  return sum;
}

/**
 * Degrees of freedom that maximise the likelihood of the ranks with the correlations held (Mashal and Zeevi 2002; McNeil, Frey and Embrechts 2015,
 * section 7.6): the best of a few points evenly spaced in their logarithm, then golden section between its neighbours.
 * @returns between `LEAST_DEGREES` and `MOST_DEGREES`
 */
export function fitDegrees(
  columns: readonly ArrayLike<number>[],
  factor: readonly (readonly number[])[],
): number {
  const ranks = ranksOf(columns);
  const at = (logDegrees: number): number => likelihoodOf(ranks, factor, Math.exp(logDegrees));
  const [from, to] = [Math.log(LEAST_DEGREES), Math.log(MOST_DEGREES)];
  const spacing = (to - from) / (LOOKS - 1);
  const looks = Array.from({ length: LOOKS }, (_, look) => at(Math.min(to, from + look * spacing)));
  const best = looks.indexOf(Math.max(...looks));
  let low = from + Math.max(0, best - 1) * spacing;
  let high = Math.min(to, from + (best + 1) * spacing);
  let [left, right] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [atLeft, atRight] = [at(left), at(right)];
  while (high - low > TOLERANCE) {
    if (atLeft > atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - GOLDEN * (high - low);
      atLeft = at(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + GOLDEN * (high - low);
      atRight = at(right);
    }
  }
  return Math.min(MOST_DEGREES, Math.exp((low + high) / 2));
}
