import { interpolate } from "../../../keeper/core/margin/surface.ts";
import { GRID } from "../../../keeper/core/report/grid.ts";
import type { GridScenarioSet } from "../../../keeper/core/report/scenario-set.ts";

/** Values of a surface that a scenario's P&L is made of: two nodes, three vols, P&L and slope. */
const TERMS = 12;
const VOLS = 3;

/**
 * Interpolated P&L is linear in a surface's values: which values each scenario takes in each market, and with what weight. Found once a set by
 * interpolating surfaces that are one at a single value, so that the twin's own interpolation decides.
 */
export interface SurfaceWeights {
  /** Integer weight of each scenario. */
  readonly weights: readonly number[];
  readonly totalWeight: number;
  /** By market: `TERMS` indices into a flat surface for each scenario, and their factors. */
  readonly indices: readonly Int32Array[];
  readonly factors: readonly Float64Array[];
}

export function surfaceWeights(set: GridScenarioSet): SurfaceWeights {
  const nodes = GRID.spotNodes.length;
  const count = set.scenarios.length;
  const indices = set.markets.map(() => new Int32Array(count * TERMS));
  const factors = set.markets.map(() => new Float64Array(count * TERMS));
  for (const [scenario, { shocks }] of set.scenarios.entries()) {
    for (const [market, shock] of shocks.entries()) {
      let term = scenario * TERMS;
      for (const part of ["pnl", "slope"] as const) {
        for (const node of [shock.cell, shock.cell + 1]) {
          for (let vol = 0; vol < VOLS; vol++) {
            indices[market]![term] = (part === "pnl" ? 0 : nodes * VOLS) + node * VOLS + vol;
            factors[market]![term] = interpolate(unitSurface(part, node, vol), shock);
            term++;
          }
        }
      }
    }
  }
  const weights = set.scenarios.map(({ weight }) => weight);
  return { weights, totalWeight: weights.reduce((sum, weight) => sum + weight, 0), indices, factors };
}

function unitSurface(part: "pnl" | "slope", node: number, vol: number) {
  const zeros = () => GRID.spotNodes.map(() => new Array<number>(VOLS).fill(0));
  const surface = { pnl: zeros(), slope: zeros() };
  surface[part][node]![vol] = 1;
  return surface;
}

/** P&L in every scenario of a flat surface (P&L by node and vol, then slopes) of one market. */
export function scenarioPnl(
  { weights, indices, factors }: SurfaceWeights,
  market: number,
  surface: Float64Array,
): Float64Array {
  const [index, factor] = [indices[market]!, factors[market]!];
  const pnl = new Float64Array(weights.length);
  for (let scenario = 0, term = 0; scenario < pnl.length; scenario++) {
    let sum = 0;
    for (const end = term + TERMS; term < end; term++) sum += factor[term]! * surface[index[term]!]!;
    pnl[scenario] = sum;
  }
  return pnl;
}
