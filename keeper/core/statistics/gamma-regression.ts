import { CoreError } from "../errors.ts";
import { solveSymmetric } from "./levenberg-marquardt.ts";

/** Observations of a regression. */
export interface GammaObservations {
  /** Regressors, row-major, `columns` a row; column 0 is the constant. */
  readonly rows: Float64Array;
  readonly columns: number;
  /** What is explained, above zero, one a row. */
  readonly responses: Float64Array;
  /** Added to the linear predictor with coefficient one, one a row. */
  readonly offsets: Float64Array;
}

const MAX_ITERATIONS = 50;
const MAX_HALVINGS = 30;
const TOLERANCE = 1e-10;

/**
 * Gamma regression with log link and ridge: minimises mean(y / mu + ln mu) + ridge / 2 |b|^2 without the constant, where
 * ln mu = X b + offset (McCullagh and Nelder 1989, ch. 8). The first term is QLIKE up to what does not depend on b. Convex:
 * Newton's method with step halving.
 * @returns coefficients, one a column
 * @throws CoreError `series-too-short` with no more rows than columns, `argument-out-of-domain` for a mean that is not positive
 */
export function fitGammaRegression(observations: GammaObservations, ridge: number): Float64Array {
  const { columns, responses, offsets } = observations;
  const count = responses.length;
  if (count <= columns) throw new CoreError("series-too-short", { rows: count, columns });
  let coefficients = new Float64Array(columns);
  const level =
    responses.reduce((sum, response, row) => sum + response * Math.exp(-offsets[row]!), 0) / count;
  if (!(level > 0 && level < Infinity))
    throw new CoreError("argument-out-of-domain", { name: "mean response", value: level });
  coefficients[0] = Math.log(level);
  let state = normalEquations(observations, coefficients, ridge);
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const step = solveSymmetric(state.hessian, state.gradient);
    if (step === undefined) return coefficients;
    let share = 1;
    let trial = moved(coefficients, step, share);
    let next = normalEquations(observations, trial, ridge);
    for (let halving = 0; halving < MAX_HALVINGS && !(next.loss <= state.loss); halving++) {
      share /= 2;
      trial = moved(coefficients, step, share);
      next = normalEquations(observations, trial, ridge);
    }
    if (!(next.loss <= state.loss)) return coefficients;
    const done = state.loss - next.loss <= TOLERANCE * Math.abs(next.loss);
    coefficients = trial;
    state = next;
    if (done) break;
  }
  return coefficients;
}

function moved(coefficients: Float64Array, step: Float64Array, share: number): Float64Array<ArrayBuffer> {
  return Float64Array.from(coefficients, (coefficient, index) => coefficient - share * step[index]!);
}

function normalEquations(
  { rows, columns, responses, offsets }: GammaObservations,
  coefficients: Float64Array,
  ridge: number,
): { readonly loss: number; readonly gradient: Float64Array; readonly hessian: Float64Array } {
  const count = responses.length;
  const gradient = new Float64Array(columns);
  const hessian = new Float64Array(columns * columns);
  let loss = 0;
  for (let row = 0; row < count; row++) {
    const first = row * columns;
    let predictor = offsets[row]!;
    for (let column = 0; column < columns; column++)
      predictor += coefficients[column]! * rows[first + column]!;
    const ratio = responses[row]! * Math.exp(-predictor);
    loss += ratio + predictor;
    for (let column = 0; column < columns; column++) {
      const value = rows[first + column]!;
      gradient[column]! += (1 - ratio) * value;
      const weighted = ratio * value;
      for (let other = 0; other <= column; other++)
        hessian[column * columns + other]! += weighted * rows[first + other]!;
    }
  }
  const penalty = ridge * count;
  for (let column = 1; column < columns; column++) {
    const coefficient = coefficients[column]!;
    loss += (penalty / 2) * coefficient * coefficient;
    gradient[column]! += penalty * coefficient;
    hessian[column * columns + column]! += penalty;
  }
  return { loss, gradient, hessian };
}
