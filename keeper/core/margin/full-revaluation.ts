import { GRID, type Grid } from "../report/grid.ts";
import { shockAt, type GridScenarioSet } from "../report/scenario-set.ts";
import type { ScenarioPnl } from "./joint.ts";
import { logReturn, revalue } from "./surface.ts";
import type { MarginParams } from "./types.ts";

/**
 * The reference for the interpolated P&L: every position repriced at the exact return and vol multiplier of every scenario
 * of the stored set.
 */
export function fullyRevaluedPnls(
  set: GridScenarioSet,
  params: MarginParams,
  grid: Grid = GRID,
): ScenarioPnl {
  return (book, marketIndex) =>
    set.scenarios.map(({ shocks }) => {
      const shock = shocks[marketIndex];
      if (shock === undefined) return 0;
      const { z, y } = shockAt(shock, grid);
      return revalue(book, logReturn(z, book.state.sigma, params), y, params).pnl;
    });
}
