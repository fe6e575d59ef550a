import { CoreError } from "../errors.ts";

/** A square matrix by rows. */
export type SquareMatrix = readonly (readonly number[])[];

/** A pivot below this share of its diagonal counts as zero: the matrix is semidefinite up to rounding. */
const PIVOT_TOLERANCE = 1e-12;
const MAX_SWEEPS = 60;
const OFF_DIAGONAL_TOLERANCE = 1e-30;

/**
 * Lower triangular L with L L' = matrix; a semidefinite matrix gives zero columns.
 * @throws CoreError `argument-out-of-domain` for a matrix that is not positive semidefinite
 */
export function choleskyFactor(matrix: SquareMatrix): number[][] {
  const size = matrix.length;
  const factor = matrix.map(() => new Array<number>(size).fill(0));
  for (let column = 0; column < size; column++) {
    const diagonal = matrix[column]![column]!;
    let pivot = diagonal;
    for (let k = 0; k < column; k++) pivot -= factor[column]![k]! ** 2;
    if (pivot < -PIVOT_TOLERANCE * Math.abs(diagonal) || Number.isNaN(pivot)) {
      throw new CoreError("argument-out-of-domain", { name: "covariance", column, pivot });
    }
    if (pivot <= PIVOT_TOLERANCE * Math.abs(diagonal)) continue;
    factor[column]![column] = Math.sqrt(pivot);
    for (let row = column + 1; row < size; row++) {
      let sum = matrix[row]![column]!;
      for (let k = 0; k < column; k++) sum -= factor[row]![k]! * factor[column]![k]!;
      factor[row]![column] = sum / factor[column]![column]!;
    }
  }
  return factor;
}

/** Eigenvalues with their vectors: `vectors[i][k]` is element i of the k-th vector. */
export interface Eigensystem {
  readonly values: readonly number[];
  readonly vectors: SquareMatrix;
}

/** Eigensystem of a symmetric matrix by cyclic Jacobi rotations (Golub and Van Loan 2013, section 8.5). */
export function symmetricEigensystem(matrix: SquareMatrix): Eigensystem {
  const size = matrix.length;
  const a = matrix.map((row) => [...row]);
  const vectors = matrix.map((_, row) => Array.from({ length: size }, (_, column) => Number(row === column)));
  const total = a.reduce((sum, row) => sum + row.reduce((rowSum, value) => rowSum + value * value, 0), 0);
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        off += a[p]![q]! ** 2;
        rotate(a, vectors, p, q);
      }
    }
    if (off <= OFF_DIAGONAL_TOLERANCE * total) break;
  }
  return { values: a.map((row, index) => row[index]!), vectors };
}

/** Makes a[p][q] zero by a rotation of the plane (p, q). */
function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const apq = a[p]![q]!;
  if (apq === 0) return;
  const ratio = (a[q]![q]! - a[p]![p]!) / (2 * apq);
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = tangent * cosine;
  const turn = (rows: number[][], byRow: boolean): void => {
    for (let k = 0; k < rows.length; k++) {
      const x = byRow ? rows[p]![k]! : rows[k]![p]!;
      const y = byRow ? rows[q]![k]! : rows[k]![q]!;
      if (byRow) {
        rows[p]![k] = cosine * x - sine * y;
        rows[q]![k] = sine * x + cosine * y;
      } else {
        rows[k]![p] = cosine * x - sine * y;
        rows[k]![q] = sine * x + cosine * y;
      }
    }
  };
  turn(a, true);
  turn(a, false);
  turn(vectors, false);
}
