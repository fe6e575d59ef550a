/** A function to minimise: fills `gradient` and returns the value; a value that is not finite counts as infinitely bad. */
export type DifferentiableFunction = (point: Float64Array, gradient: Float64Array) => number;

export interface Minimum {
  readonly point: Float64Array;
  readonly value: number;
  /** Largest component of the gradient there. */
  readonly steepness: number;
}

/** Armijo's condition: share of the fall promised by the slope that a step must bring. */
const SUFFICIENT_FALL = 1e-4;
/** Relative change of the value that is rounding: then the gradient decides. */
const ROUNDING = 1e-15;
const STEP_SHRINK = 0.5;
const MAX_SHRINKS = 40;
/** Length of the first step, along the steepest descent. */
const FIRST_STEP = 0.1;
/** Smallest relative curvature along a step that updates the inverse Hessian. */
const LEAST_CURVATURE = 1e-10;

/**
 * Minimises a smooth function by the BFGS method (Nocedal and Wright 2006, algorithm 6.1) with backtracking.
 * @param gradientTolerance largest component of the gradient at the end
 * @returns the best point found, whose steepness is above the tolerance when rounding or `maxIterations` ended the search
 */
export function minimiseBfgs(
  evaluate: DifferentiableFunction,
  start: Float64Array,
  gradientTolerance: number,
  maxIterations: number,
): Minimum {
  const size = start.length;
  let point = Float64Array.from(start);
  let gradient = new Float64Array(size);
  let value = evaluate(point, gradient);
  let inverseHessian = scaledIdentity(size, FIRST_STEP / Math.max(largest(gradient), FIRST_STEP));
  let fresh = true;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (largest(gradient) <= gradientTolerance) break;
    const direction = product(inverseHessian, gradient).map((component) => -component);
    const step = lineSearch(evaluate, point, value, gradient, direction);
    if (step === undefined) {
      if (fresh) break;
      inverseHessian = scaledIdentity(size, FIRST_STEP / Math.max(largest(gradient), FIRST_STEP));
      fresh = true;
      continue;
    }
    const moved = step.point.map((component, index) => component - point[index]!);
    const turned = step.gradient.map((component, index) => component - gradient[index]!);
    updateInverseHessian(inverseHessian, moved, turned, fresh);
    fresh = false;
    ({ point, gradient, value } = step);
  }
  return { point, value, steepness: largest(gradient) };
}

interface Evaluated {
  readonly point: Float64Array<ArrayBuffer>;
  readonly gradient: Float64Array<ArrayBuffer>;
  readonly value: number;
}

function lineSearch(
  evaluate: DifferentiableFunction,
  from: Float64Array,
  value: number,
  gradient: Float64Array,
  direction: Float64Array,
): Evaluated | undefined {
  const slope = dot(gradient, direction);
  if (!(slope < 0)) return undefined;
  let length = 1;
  for (let shrink = 0; shrink < MAX_SHRINKS; shrink++, length *= STEP_SHRINK) {
    const point = Float64Array.from(from, (component, index) => component + length * direction[index]!);
    const trialGradient = new Float64Array(from.length);
    const trial = evaluate(point, trialGradient);
    const falls = trial < value && trial <= value + SUFFICIENT_FALL * length * slope;
    const flattens =
      Math.abs(trial - value) <= ROUNDING * Math.abs(value) && largest(trialGradient) < largest(gradient);
    if (falls || flattens) return { point, gradient: trialGradient, value: trial };
  }
  return undefined;
}

/** Nocedal and Wright (2006) eq. 6.17; the first update scales the start by eq. 6.20. */
function updateInverseHessian(
  inverse: Float64Array,
  moved: Float64Array,
  turned: Float64Array,
  first: boolean,
): void {
  const size = moved.length;
  const curvature = dot(moved, turned);
  if (!(curvature > LEAST_CURVATURE * Math.sqrt(dot(moved, moved) * dot(turned, turned)))) return;
  if (first) inverse.set(scaledIdentity(size, curvature / dot(turned, turned)));
  const bent = product(inverse, turned);
  const factor = (1 + dot(turned, bent) / curvature) / curvature;
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      inverse[row * size + column]! +=
        factor * moved[row]! * moved[column]! -
        (bent[row]! * moved[column]! + moved[row]! * bent[column]!) / curvature;
}

function scaledIdentity(size: number, scale: number): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let row = 0; row < size; row++) matrix[row * size + row] = scale;
  return matrix;
}

function product(matrix: Float64Array, vector: Float64Array): Float64Array<ArrayBuffer> {
  const size = vector.length;
  return Float64Array.from({ length: size }, (_, row) =>
    dot(matrix.subarray(row * size, (row + 1) * size), vector),
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}

function largest(vector: Float64Array): number {
  return vector.reduce((most, component) => Math.max(most, Math.abs(component)), 0);
}
