import { LEE_WING_SLOPE, minimumVariance, type SviSlice } from "./svi.ts";

/**
 * Free parameters of a fit: ln(minimum variance), logits of left and right wing slope as shares of Lee's bound, centre,
 * ln(width). Any values give a slice that keeps every condition but the butterfly one; in these terms
 * w = vmin - sigma sqrt(L R) + R (r + x) / 2 + L (r - x) / 2, x = k - m, r = sqrt(x^2 + sigma^2), L and R the wing slopes.
 */
export const FREE_PARAMETERS = 5;

/** Bounds which keep a slice representable in a report's fixed-point fields. */
const MIN_VARIANCE = 1e-8;
const MAX_VARIANCE = 20;
const MIN_WIDTH = 1e-4;
const MAX_WIDTH = 4;
const MAX_CENTRE = 2;
const MAX_LOGIT = 11;

const VARIANCE = 0;
const LEFT = 1;
const RIGHT = 2;
const CENTRE = 3;
const WIDTH = 4;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));
const logit = (share: number): number => clamp(Math.log(share / (1 - share)), -MAX_LOGIT, MAX_LOGIT);

function slopeOf(logitOfShare: number): number {
  return LEE_WING_SLOPE / (1 + Math.exp(-clamp(logitOfShare, -MAX_LOGIT, MAX_LOGIT)));
}

/** Wing slopes and bounded shape behind a vector of free parameters. */
interface Shape {
  readonly leastVariance: number;
  readonly left: number;
  readonly right: number;
  readonly centre: number;
  readonly width: number;
}

function shapeOf(free: Float64Array): Shape {
  return {
    leastVariance: Math.exp(clamp(free[VARIANCE]!, Math.log(MIN_VARIANCE), Math.log(MAX_VARIANCE))),
    left: slopeOf(free[LEFT]!),
    right: slopeOf(free[RIGHT]!),
    centre: clamp(free[CENTRE]!, -MAX_CENTRE, MAX_CENTRE),
    width: Math.exp(clamp(free[WIDTH]!, Math.log(MIN_WIDTH), Math.log(MAX_WIDTH))),
  };
}

/** Free parameters of a slice, moved into their bounds. */
export function toFreeParameters(slice: SviSlice): Float64Array {
  const { b, rho, m, sigma } = slice;
  const free = new Float64Array(FREE_PARAMETERS);
  free[VARIANCE] = Math.log(Math.max(MIN_VARIANCE, minimumVariance(slice)));
  free[LEFT] = logit(clamp((b * (1 - rho)) / LEE_WING_SLOPE, Number.MIN_VALUE, 1 - Number.EPSILON));
  free[RIGHT] = logit(clamp((b * (1 + rho)) / LEE_WING_SLOPE, Number.MIN_VALUE, 1 - Number.EPSILON));
  free[CENTRE] = clamp(m, -MAX_CENTRE, MAX_CENTRE);
  free[WIDTH] = Math.log(clamp(sigma, MIN_WIDTH, MAX_WIDTH));
  return free;
}

/** Raw slice of free parameters. */
export function fromFreeParameters(free: Float64Array): SviSlice {
  const { leastVariance, left, right, centre, width } = shapeOf(free);
  return {
    a: leastVariance - width * Math.sqrt(left * right),
    b: (left + right) / 2,
    rho: (right - left) / (right + left),
    m: centre,
    sigma: width,
  };
}

/** Calculates total variance and writes its gradient to the free parameters; made once per parameter vector. */
export function varianceWithGradient(free: Float64Array): (k: number, gradient: Float64Array) => number {
  const { leastVariance, left, right, centre, width } = shapeOf(free);
  const mean = Math.sqrt(left * right);
  const leftScale = left * (1 - left / LEE_WING_SLOPE);
  const rightScale = right * (1 - right / LEE_WING_SLOPE);
  const slopeRatio = Math.sqrt(left / right);
  return (k, gradient) => {
    const x = k - centre;
    const radius = Math.sqrt(x * x + width * width);
    gradient[VARIANCE] = leastVariance;
    gradient[LEFT] = leftScale * ((radius - x) / 2 - width / (2 * slopeRatio));
    gradient[RIGHT] = rightScale * ((radius + x) / 2 - (width * slopeRatio) / 2);
    gradient[CENTRE] = -(right * (1 + x / radius) + left * (x / radius - 1)) / 2;
    gradient[WIDTH] = width * (((left + right) * width) / (2 * radius) - mean);
    return leastVariance - width * mean + (right * (radius + x) + left * (radius - x)) / 2;
  };
}
