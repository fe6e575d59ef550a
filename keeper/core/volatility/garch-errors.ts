import { solveSymmetric } from "../statistics/levenberg-marquardt.ts";
import { freeParameters } from "./garch.ts";
import type { GarchFit } from "./garch.ts";
import { GARCH_ORDER, garchLogLikelihood } from "./garch-likelihood.ts";
import type { GarchParameters } from "./garch-likelihood.ts";

type ParameterName = (typeof GARCH_ORDER)[number];

/** Standard errors of the free parameters, by name, in the units of the parameters; NaN where a matrix cannot be inverted. */
export interface GarchStandardErrors {
  /** From the inverse Hessian. */
  readonly hessian: Readonly<Partial<Record<ParameterName, number>>>;
  /** From the outer product of the gradients (Berndt, Hall, Hall and Hausman 1974). */
  readonly outerProduct: Readonly<Partial<Record<ParameterName, number>>>;
  /** Robust to innovations of another distribution (Bollerslev and Wooldridge 1992). */
  readonly robust: Readonly<Partial<Record<ParameterName, number>>>;
}

/** Relative step of the central differences of the analytic gradient. */
const RELATIVE_STEP = 1e-5;
const LEAST_STEP = 1e-8;

/** Three kinds of standard errors of a fit to `series`; the Hessian is the central difference of the analytic gradient. */
export function garchStandardErrors(series: ArrayLike<number>, fit: GarchFit): GarchStandardErrors {
  const free = freeParameters(fit.specification);
  const hessian = negativeHessian(series, fit.parameters, free);
  const outer = outerProductOfScores(series, fit.parameters, free);
  const inverse = invert(hessian, free.length);
  const byName = (variances: Float64Array) =>
    Object.fromEntries(free.map((parameter, row) => [GARCH_ORDER[parameter]!, Math.sqrt(variances[row]!)]));
  const sandwich = multiply(multiply(inverse, outer, free.length), inverse, free.length);
  return {
    hessian: byName(diagonal(inverse, free.length)),
    outerProduct: byName(diagonal(invert(outer, free.length), free.length)),
    robust: byName(diagonal(sandwich, free.length)),
  };
}

function negativeHessian(
  series: ArrayLike<number>,
  parameters: GarchParameters,
  free: readonly number[],
): Float64Array {
  const size = free.length;
  const matrix = new Float64Array(size * size);
  const gradient = new Float64Array(GARCH_ORDER.length);
  for (const [column, parameter] of free.entries()) {
    const name = GARCH_ORDER[parameter]!;
    const at = parameters[name] ?? NaN;
    const step = Math.max(LEAST_STEP, Math.abs(at) * RELATIVE_STEP);
    for (const side of [1, -1]) {
      garchLogLikelihood(series, { ...parameters, [name]: at + side * step }, gradient);
      for (const [row, other] of free.entries())
        matrix[row * size + column]! -= (side * gradient[other]!) / (2 * step);
    }
  }
  return matrix.map((value, index) => {
    const [row, column] = [Math.floor(index / size), index % size];
    return (value + matrix[column * size + row]!) / 2;
  });
}

function outerProductOfScores(
  series: ArrayLike<number>,
  parameters: GarchParameters,
  free: readonly number[],
): Float64Array {
  const size = free.length;
  const matrix = new Float64Array(size * size);
  garchLogLikelihood(series, parameters, new Float64Array(GARCH_ORDER.length), (score) => {
    for (const [row, one] of free.entries())
      for (const [column, other] of free.entries())
        matrix[row * size + column]! += score[one]! * score[other]!;
  });
  return matrix;
}

function invert(matrix: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    const unit = new Float64Array(size);
    unit[column] = 1;
    const solution = solveSymmetric(matrix, unit);
    for (let row = 0; row < size; row++) inverse[row * size + column] = solution?.[row] ?? NaN;
  }
  return inverse;
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size);
  for (let row = 0; row < size; row++)
    for (let inner = 0; inner < size; inner++)
      for (let column = 0; column < size; column++)
        product[row * size + column]! += a[row * size + inner]! * b[inner * size + column]!;
  return product;
}

function diagonal(matrix: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: size }, (_, row) => matrix[row * size + row]!);
}
