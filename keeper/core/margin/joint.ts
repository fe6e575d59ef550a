import { GRID, type Grid } from "../report/grid.ts";
import type { GridScenarioSet } from "../report/scenario-set.ts";
import { tailRisk } from "../risk/tail.ts";
import { BPS } from "../units.ts";
import type { MarketBook } from "./market-book.ts";
import { interpolate, pnlSurface } from "./surface.ts";
import type { MarginParams } from "./types.ts";

/** P&L of a market's book in every scenario of the set, in the set's order. */
type MarketPnls = readonly number[];

/** How a market's P&L in each scenario is found; `marketIndex` is the market's place in the set. */
export type ScenarioPnl = (book: MarketBook, marketIndex: number) => MarketPnls;

/** The contract's way: one surface per market, interpolated. */
export function interpolatedPnls(set: GridScenarioSet, params: MarginParams, grid: Grid = GRID): ScenarioPnl {
  return (book, marketIndex) => {
    const surface = pnlSurface(book, params, grid);
    return set.scenarios.map(({ shocks }) => {
      const shock = shocks[marketIndex];
      return shock === undefined ? 0 : interpolate(surface, shock, grid);
    });
  };
}

type TailParams = Pick<MarginParams, "varConfidenceBps" | "esConfidenceBps" | "tailMeasure">;

/** Loss of the tail by the measure that governance chose, at least 0. */
function tailLoss(pnls: MarketPnls, weights: readonly number[], params: TailParams): number {
  const valueAtRisk = (): number => tailRisk(pnls, weights, params.varConfidenceBps).valueAtRisk;
  const expectedShortfall = (): number => tailRisk(pnls, weights, params.esConfidenceBps).expectedShortfall;
  switch (params.tailMeasure) {
    case "valueAtRisk":
      return Math.max(0, valueAtRisk());
    case "expectedShortfall":
      return Math.max(0, expectedShortfall());
    case "worseOfBoth":
      return Math.max(0, valueAtRisk(), expectedShortfall());
  }
}

/** The tail of a group of markets. */
export interface JointTail {
  /** Loss of the markets together. */
  readonly joint: number;
  /** kappa * joint + (1 - kappa) * sum of the markets alone. */
  readonly guarded: number;
  readonly worstScenario: number;
}

/** Tail loss of several markets with the offset guard; every market must be in the set. */
export function jointTail(
  books: readonly MarketBook[],
  set: GridScenarioSet,
  params: MarginParams,
  scenarioPnl: ScenarioPnl = interpolatedPnls(set, params),
): JointTail {
  const weights = set.scenarios.map(({ weight }) => weight);
  const perMarket = books.map((book) => scenarioPnl(book, set.markets.indexOf(book.state.market)));
  const sums = weights.map((_, scenario) => perMarket.reduce((sum, pnls) => sum + (pnls[scenario] ?? 0), 0));
  const joint = tailLoss(sums, weights, params);
  const alone = perMarket.reduce((sum, pnls) => sum + tailLoss(pnls, weights, params), 0);
  const trust = params.offsetTrustBps / BPS;
  const worstScenario = sums.reduce((worst, pnl, index) => (pnl < (sums[worst] ?? 0) ? index : worst), 0);
  return { joint, guarded: books.length === 1 ? joint : trust * joint + (1 - trust) * alone, worstScenario };
}
