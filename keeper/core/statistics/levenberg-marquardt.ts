/** Receives one residual and its gradient; the gradient's array may be reused by the caller afterwards. */
export type ResidualVisitor = (residual: number, gradient: Float64Array) => void;

/** A least-squares problem: calls `visit` once per residual at the given parameters. */
export type LeastSquaresProblem = (parameters: Float64Array, visit: ResidualVisitor) => void;

export interface LeastSquaresSolution {
  readonly parameters: Float64Array;
  /** Sum of squared residuals. */
  readonly cost: number;
}

interface NormalEquations {
  readonly matrix: Float64Array;
  readonly vector: Float64Array;
  readonly cost: number;
}

const START_DAMPING = 1e-3;
const MIN_DAMPING = 1e-12;
const MAX_DAMPING = 1e12;
const DAMPING_UP = 5;
const DAMPING_DOWN = 0.2;
/** The iteration ends when a step promises to lower the cost by less than this share. */
const COST_TOLERANCE = 1e-10;
/** Keeps the damping scale of a parameter without influence above zero. */
const SMALLEST_DIAGONAL = 1e-30;

/**
 * Minimises a sum of squares (Levenberg 1944; Marquardt 1963, with damping scaled by the diagonal). Deterministic;
 * never leaves the start when it finds nothing better.
 */
export function minimiseLeastSquares(
  problem: LeastSquaresProblem,
  start: Float64Array,
  maxIterations: number,
): LeastSquaresSolution {
  const parameters = Float64Array.from(start);
  const trial = new Float64Array(start.length);
  let equations = normalEquations(problem, parameters);
  let damping = START_DAMPING;
  for (let iteration = 0; iteration < maxIterations && damping < MAX_DAMPING; iteration++) {
    const step = solveDamped(equations, damping);
    if (step === undefined) {
      damping *= DAMPING_UP;
      continue;
    }
    let expectedFall = 0;
    for (let index = 0; index < step.length; index++) {
      trial[index] = parameters[index]! - step[index]!;
      expectedFall += step[index]! * equations.vector[index]!;
    }
    if (expectedFall <= COST_TOLERANCE * equations.cost) break;
    const candidate = normalEquations(problem, trial);
    if (!(candidate.cost < equations.cost)) {
      damping *= DAMPING_UP;
      continue;
    }
    parameters.set(trial);
    equations = candidate;
    damping = Math.max(MIN_DAMPING, damping * DAMPING_DOWN);
  }
  return { parameters, cost: equations.cost };
}

function normalEquations(problem: LeastSquaresProblem, parameters: Float64Array): NormalEquations {
  const size = parameters.length;
  const matrix = new Float64Array(size * size);
  const vector = new Float64Array(size);
  let cost = 0;
  problem(parameters, (residual, gradient) => {
    cost += residual * residual;
    for (let row = 0; row < size; row++) {
      const slope = gradient[row]!;
      vector[row]! += slope * residual;
      for (let column = 0; column <= row; column++) matrix[row * size + column]! += slope * gradient[column]!;
    }
  });
  return { matrix, vector, cost };
}

function solveDamped({ matrix, vector }: NormalEquations, damping: number): Float64Array | undefined {
  const size = vector.length;
  const damped = Float64Array.from(matrix);
  for (let row = 0; row < size; row++) {
    damped[row * size + row]! += damping * Math.max(SMALLEST_DIAGONAL, matrix[row * size + row]!);
  }
  return solveSymmetric(damped, vector);
}

/**
 * Solves a symmetric positive definite system by Cholesky's decomposition.
 * @param matrix row-major; only the lower triangle is read
 * @returns undefined when the matrix is not positive definite
 */
export function solveSymmetric(matrix: Float64Array, vector: Float64Array): Float64Array | undefined {
  const size = vector.length;
  const lower = Float64Array.from(matrix);
  const solution = Float64Array.from(vector);
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = lower[row * size + column]!;
      for (let inner = 0; inner < column; inner++)
        sum -= lower[row * size + inner]! * lower[column * size + inner]!;
      if (row > column) lower[row * size + column] = sum / lower[column * size + column]!;
      else if (sum > 0) lower[row * size + row] = Math.sqrt(sum);
      else return undefined;
    }
  }
  for (let row = 0; row < size; row++) {
    for (let inner = 0; inner < row; inner++) solution[row]! -= lower[row * size + inner]! * solution[inner]!;
    solution[row]! /= lower[row * size + row]!;
  }
  for (let row = size - 1; row >= 0; row--) {
    for (let inner = row + 1; inner < size; inner++)
      solution[row]! -= lower[inner * size + row]! * solution[inner]!;
    solution[row]! /= lower[row * size + row]!;
  }
  return solution;
}
