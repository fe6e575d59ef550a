/**
 * Where the P&L surface of a market is priced. Between the nodes P&L is a cubic in the spot shock and a quadratic in the vol
 * coordinate u = (exp(volWarp y) - 1) / (exp(volWarp volUp) - 1): values of options are far closer to a quadratic in it than in
 * the vol shock y itself. u is 0 at the flat node, 1 at the upper and -volDownDepth at the lower.
 */
export interface Grid {
  /** Spot nodes in units of the daily-volatility forecast over the horizon, rising. */
  readonly spotNodes: readonly number[];
  /** Upper vol node in units of the vol-of-vol forecast over the horizon. */
  readonly volUp: number;
  /** Distance of the lower vol node from the flat one in the vol coordinate. */
  readonly volDownDepth: number;
  /** Curvature of the vol coordinate; 0 makes it proportional to the vol shock. */
  readonly volWarp: number;
}

/** The grid of the contract: changing it changes the meaning of every stored scenario set. */
export const GRID: Grid = {
  spotNodes: [-10, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 10],
  volUp: 2.25,
  volDownDepth: 2 / 3,
  volWarp: 0.08,
};

/** The vol coordinate of a vol shock. */
export function volCoordinate(y: number, { volUp, volWarp }: Grid): number {
  return volWarp === 0 ? y / volUp : Math.expm1(volWarp * y) / Math.expm1(volWarp * volUp);
}

/** The vol shock at a vol coordinate: the inverse of `volCoordinate`; minus infinity below its range. */
export function volShock(u: number, { volUp, volWarp }: Grid): number {
  if (volWarp === 0) return u * volUp;
  return Math.log1p(Math.max(-1, u * Math.expm1(volWarp * volUp))) / volWarp;
}

/** Vol shocks of the nodes: down, flat, up. */
export function volNodes(grid: Grid): readonly [down: number, flat: number, up: number] {
  return [volShock(-grid.volDownDepth, grid), 0, grid.volUp];
}

/** Largest log-return of a node. */
export const MAX_LOG_RETURN = 3;

/** Largest log vol multiplier of a node. */
export const MAX_LOG_VOL_MULTIPLIER = 2;

/** Tenor whose log implied vol has the volatility psi. */
export const PSI_TENOR_DAYS = 30;

/** Least total standard deviation with which an option is priced. */
export const MIN_TOTAL_VOL = 1e-9;

/** Steps of a position inside a cell, and thus the width of its code. */
export const CELL_STEPS = 256;

/** A vol shock's code: u = (code - VOL_CODE_ZERO) / VOL_CODE_UNIT in units of the vol node. */
export const VOL_CODE_ZERO = 24_576;
export const VOL_CODE_UNIT = 8_192;
export const MAX_VOL_CODE = 65_535;
