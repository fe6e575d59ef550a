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
  const span = (points.at(-1)?.logMoneyness ?? 0) - first;
  const starts: Start[] = [];
  for (let centreStep = 0; centreStep < CENTRE_STEPS; centreStep++) {
    const centre = first + (span * (centreStep + 0.5)) / CENTRE_STEPS;
    for (let widthStep = 0; widthStep < WIDTH_STEPS; widthStep++) {
      const share = widthStep / (WIDTH_STEPS - 1);
      const width = span * NARROWEST_WIDTH * (WIDEST_WIDTH / NARROWEST_WIDTH) ** share;
      const start = linearStart(points, tauYears, centre, width);
      if (start !== undefined) starts.push(start);
    }
  }
  starts.sort((left, right) => left.cost - right.cost);
  return starts.slice(0, count).map((start) => start.slice);
}

function linearStart(
  points: readonly SmilePoint[],
  tauYears: number,
  centre: number,
  width: number,
): Start | undefined {
  const size = 3;
  const matrix = new Float64Array(size * size);
  const vector = new Float64Array(size);
  for (const point of points) {
    const { basis, target, weight } = linearRow(point, tauYears, centre, width);
    for (let row = 0; row < size; row++) {
      vector[row]! += weight * basis[row]! * target;
      for (let column = 0; column <= row; column++)
        matrix[row * size + column]! += weight * basis[row]! * basis[column]!;
    }
  }
  const solution = solveSymmetric(matrix, vector);
  if (solution === undefined) return undefined;
  const [level = 0, tilt = 0, curve = 0] = solution;
  const b = Math.min(LEE_WING_SLOPE / 2, Math.max(SMALLEST_WING, curve / width));
  const maxRho = Math.min(1, LEE_WING_SLOPE / b - 1) * (1 - SMALLEST_WING);
  const rho = Math.min(maxRho, Math.max(-maxRho, tilt / (b * width)));
  const slice = { a: level, b, rho, m: centre, sigma: width };
  let cost = 0;
  for (const point of points) {
    const { basis, target, weight } = linearRow(point, tauYears, centre, width);
    const error = level + b * width * (rho * basis[1] + basis[2]) - target;
    cost += weight * error * error;
  }
  return { slice, cost };
}

function linearRow(
  point: SmilePoint,
  tauYears: number,
  centre: number,
  width: number,
): { basis: readonly [number, number, number]; target: number; weight: number } {
  const y = (point.logMoneyness - centre) / width;
  // One half spread of vol is this much of total variance.
  const unit = 2 * point.midVol * tauYears * point.halfSpreadVol;
  return {
    basis: [1, y, Math.sqrt(y * y + 1)],
    target: point.midVol * point.midVol * tauYears,
    weight: 1 / (unit * unit),
  };
}
