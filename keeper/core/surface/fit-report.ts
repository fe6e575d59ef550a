import { VOL_POINT } from "../units.ts";
import type { SmilePoint } from "./quotes.ts";
import { sliceVol, type SviSlice } from "./svi.ts";

/** How the no-butterfly condition was reached: by the plain fit, a penalised fit, the closed-form repair, or surface SVI. */
export type ButterflyRepair = "none" | "penalised" | "repaired" | "ssvi";

/** How well a slice meets its quotes. Vol errors are slice less mid, in vol points (0.01 of annual vol). */
export interface FitReport {
  readonly points: number;
  readonly rmseVolPoints: number;
  /** Each point weighed by the inverse square of its half spread. */
  readonly weightedRmseVolPoints: number;
  readonly maxErrorVolPoints: number;
  /** Share of points where the slice lies between bid and ask. */
  readonly insideSpreadShare: number;
  readonly butterflyRepair: ButterflyRepair;
}

export interface SviFit {
  readonly svi: SviSlice;
  readonly report: FitReport;
}

/** Errors of a slice against the points of its smile. */
export function fitReport(
  slice: SviSlice,
  points: readonly SmilePoint[],
  tauYears: number,
  butterflyRepair: ButterflyRepair,
): FitReport {
  let squares = 0;
  let weightedSquares = 0;
  let weights = 0;
  let largest = 0;
  let inside = 0;
  for (const { logMoneyness, midVol, halfSpreadVol } of points) {
    const error = sliceVol(slice, logMoneyness, tauYears) - midVol;
    const weight = 1 / (halfSpreadVol * halfSpreadVol);
    squares += error * error;
    weightedSquares += weight * error * error;
    weights += weight;
    largest = Math.max(largest, Math.abs(error));
    if (Math.abs(error) <= halfSpreadVol) inside++;
  }
  return {
    points: points.length,
    rmseVolPoints: Math.sqrt(squares / points.length) / VOL_POINT,
    weightedRmseVolPoints: Math.sqrt(weightedSquares / weights) / VOL_POINT,
    maxErrorVolPoints: largest / VOL_POINT,
    insideSpreadShare: inside / points.length,
    butterflyRepair,
  };
}

/** Sum over the points of the squared vol error in units of each point's half spread. */
export function squaredErrorInHalfSpreads(
  slice: SviSlice,
  points: readonly SmilePoint[],
  tauYears: number,
): number {
  let sum = 0;
  for (const { logMoneyness, midVol, halfSpreadVol } of points) {
    sum += ((sliceVol(slice, logMoneyness, tauYears) - midVol) / halfSpreadVol) ** 2;
  }
  return sum;
}
