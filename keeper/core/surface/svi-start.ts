import { solveSymmetric } from "../statistics/levenberg-marquardt.ts";
import type { SmilePoint } from "./quotes.ts";
import { LEE_WING_SLOPE, type SviSlice } from "./svi.ts";

const CENTRE_STEPS = 8;
const WIDTH_STEPS = 7;
const NARROWEST_WIDTH = 0.02;
const WIDEST_WIDTH = 1.5;
const SMALLEST_WING = 1e-4;

/** A start for the fit and its weighted squared error in total variance. */
interface Start {
  readonly slice: SviSlice;
  readonly cost: number;
}

/**
 * Starting slices, best first, by the quasi-explicit method (Zeliade Systems 2009): on a grid of centres and widths the
 * other three parameters are a linear least-squares problem in (1, y, sqrt(y^2 + 1)), y = (k - m) / sigma.
 * @param points at least three, sorted by log-moneyness
 */
export function quasiExplicitStarts(
  points: readonly SmilePoint[],
  tauYears: number,
  count: number,
): SviSlice[] {
  const first = points.at(0)?.logMoneyness ?? 0;
  const targets = targetsOf(points, tauYears);
  const span = (points.at(-1)?.logMoneyness ?? 0) - first;
  const starts: Start[] = [];
  for (let centreStep = 0; centreStep < CENTRE_STEPS; centreStep++) {
    const centre = first + (span * (centreStep + 0.5)) / CENTRE_STEPS;
    for (let widthStep = 0; widthStep < WIDTH_STEPS; widthStep++) {
      const share = widthStep / (WIDTH_STEPS - 1);
      const width = span * NARROWEST_WIDTH * (WIDEST_WIDTH / NARROWEST_WIDTH) ** share;
      const start = linearStart(targets, centre, width);
      if (start !== undefined) starts.push(start);
    }
  }
  starts.sort((left, right) => left.cost - right.cost);
  return starts.slice(0, count).map((start) => start.slice);
}

/** Total variance targets and weights of a smile: one half spread of vol is `2 midVol tauYears halfSpreadVol` of total variance. */
interface Targets {
  readonly logMoneyness: Float64Array;
  readonly variance: Float64Array;
  readonly weight: Float64Array;
}

function targetsOf(points: readonly SmilePoint[], tauYears: number): Targets {
  const logMoneyness = new Float64Array(points.length);
  const variance = new Float64Array(points.length);
  const weight = new Float64Array(points.length);
  for (const [index, point] of points.entries()) {
    logMoneyness[index] = point.logMoneyness;
    variance[index] = point.midVol * point.midVol * tauYears;
    weight[index] = 1 / (2 * point.midVol * tauYears * point.halfSpreadVol) ** 2;
  }
  return { logMoneyness, variance, weight };
}

function linearStart(targets: Targets, centre: number, width: number): Start | undefined {
  const { logMoneyness, variance, weight } = targets;
  let [one, y1, y2, r1, yr, r2, v0, vy, vr] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let index = 0; index < weight.length; index++) {
    const y = (logMoneyness[index]! - centre) / width;
    const radius = Math.sqrt(y * y + 1);
    const scale = weight[index]!;
    const target = scale * variance[index]!;
    one += scale;
    y1 += scale * y;
    y2 += scale * y * y;
    r1 += scale * radius;
    yr += scale * y * radius;
    r2 += scale * radius * radius;
    v0 += target;
    vy += target * y;
    vr += target * radius;
  }
  const matrix = Float64Array.of(one, 0, 0, y1, y2, 0, r1, yr, r2);
  const solution = solveSymmetric(matrix, Float64Array.of(v0, vy, vr));
  if (solution === undefined) return undefined;
  const [level = 0, tilt = 0, curve = 0] = solution;
  const b = Math.min(LEE_WING_SLOPE / 2, Math.max(SMALLEST_WING, curve / width));
  const maxRho = Math.min(1, LEE_WING_SLOPE / b - 1) * (1 - SMALLEST_WING);
  const rho = Math.min(maxRho, Math.max(-maxRho, tilt / (b * width)));
  const slice = { a: level, b, rho, m: centre, sigma: width };
  let cost = 0;
  for (let index = 0; index < weight.length; index++) {
    const y = (logMoneyness[index]! - centre) / width;
    const error = level + b * width * (rho * y + Math.sqrt(y * y + 1)) - variance[index]!;
    cost += weight[index]! * error * error;
  }
  return { slice, cost };
}
