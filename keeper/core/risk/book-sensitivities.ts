import type { MarketBook } from "../margin/market-book.ts";
import { logReturn, revalue } from "../margin/surface.ts";
import type { MarginParams } from "../margin/types.ts";
import type { JointScenarios } from "../scenarios/filtered-historical.ts";
import type { QuadraticPnl } from "./quadratic-form.ts";

/** Step of the differences in standardised units; the error of the second ones is of its square. */
const STEP = 0.05;

/**
 * Delta, gamma, vega, vanna and volga of a book in the standardised shocks z and y of each market (in this order), by central
 * differences of the margin's own revaluation, with the covariance of the residuals.
 * @param books every market of the book; each must be among the residuals
 */
export function bookSensitivities(
  books: readonly MarketBook[],
  params: Pick<MarginParams, "horizonSeconds" | "volTermExponentBps" | "volTermFloorSeconds">,
  residuals: JointScenarios,
): QuadraticPnl {
  const size = 2 * books.length;
  const delta = new Array<number>(size).fill(0);
  const gamma = delta.map(() => new Array<number>(size).fill(0));
  for (const [index, book] of books.entries()) {
    const at = (z: number, y: number): number =>
      revalue(book, logReturn(z, book.state.sigma, params), y, params).pnl;
    const [spot, vol] = [2 * index, 2 * index + 1];
    const [up, down, rise, fall] = [at(STEP, 0), at(-STEP, 0), at(0, STEP), at(0, -STEP)];
    const cross = at(STEP, STEP) - at(STEP, -STEP) - at(-STEP, STEP) + at(-STEP, -STEP);
    delta[spot] = (up - down) / (2 * STEP);
    delta[vol] = (rise - fall) / (2 * STEP);
    gamma[spot]![spot] = (up + down) / STEP ** 2;
    gamma[vol]![vol] = (rise + fall) / STEP ** 2;
    gamma[spot]![vol] = gamma[vol]![spot] = cross / (4 * STEP ** 2);
  }
  const columns = books.flatMap(({ state }) => {
    const found = residuals.markets.find(({ market }) => market === state.market);
    return found === undefined ? [] : [found.z, found.y];
  });
  return {
    level: 0,
    delta,
    gamma,
    covariance: columns.map((left) => columns.map((right) => meanProduct(left, right))),
  };
}

/** Residuals have a mean of about zero, which they are taken to have. */
function meanProduct(left: Float64Array, right: Float64Array): number {
  return left.reduce((sum, value, scenario) => sum + value * right[scenario]!, 0) / left.length;
}
