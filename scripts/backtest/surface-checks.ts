// Arbitrage of fitted slices, judged apart from the fit: on uniform grids much denser and wider than the quotes.
import { durrlemanDensity, totalVariance, type SviSlice } from "../../keeper/core/surface/svi.ts";

/** Strikes from 1/20 to 20 times the forward; quotes reach from 0.1 to 6. */
const REACH = 3;
const NODES = 3_001;

/** Log-moneyness of a node of the uniform grid. */
const nodeAt = (node: number): number => REACH * ((2 * node) / (NODES - 1) - 1);

/** Whether the density of the slice is negative anywhere on the grid, or finer around its centre where a narrow slice bends. */
export function hasButterflyArbitrage(slice: SviSlice): boolean {
  for (let node = 0; node < NODES; node++) {
    if (durrlemanDensity(slice, nodeAt(node)) < 0) return true;
    if (durrlemanDensity(slice, slice.m + slice.sigma * nodeAt(node)) < 0) return true;
  }
  return false;
}

/** Whether total variance falls from the shorter to the longer slice anywhere on the grid. */
export function hasCalendarArbitrage(shorter: SviSlice, longer: SviSlice): boolean {
  for (let node = 0; node < NODES; node++) {
    if (totalVariance(longer, nodeAt(node)) < totalVariance(shorter, nodeAt(node))) return true;
  }
  return false;
}
