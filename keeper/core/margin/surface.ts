import {
  GRID,
  MAX_LOG_RETURN,
  MAX_LOG_VOL_MULTIPLIER,
  PSI_TENOR_DAYS,
  volNodes,
  type Grid,
} from "../report/grid.ts";
import type { GridShock } from "../report/scenario-set.ts";
import { BPS, SECONDS_PER_DAY, SECONDS_PER_YEAR } from "../units.ts";
import type { MarketBook } from "./market-book.ts";
import { unitValue } from "./option-value.ts";
import type { MarginParams } from "./types.ts";

/** P&L of a book in one market by spot node (row) and vol node (down, flat, up), in USD, with its slope in z. */
export interface PnlSurface {
  readonly pnl: readonly (readonly number[])[];
  /** dPnl / dz, USD per unit of z. */
  readonly slope: readonly (readonly number[])[];
}

type ShockParams = Pick<MarginParams, "horizonSeconds" | "volTermExponentBps" | "volTermFloorSeconds">;

/** Days of the horizon, square-rooted: what scales daily volatilities. */
export function sqrtHorizonDays({ horizonSeconds }: Pick<MarginParams, "horizonSeconds">): number {
  return Math.sqrt(horizonSeconds / SECONDS_PER_DAY);
}

/** Log-return of a spot shock of z units, clamped. */
export function logReturn(z: number, sigma: number, params: ShockParams): number {
  const unclamped = z * sigma * sqrtHorizonDays(params);
  return Math.min(MAX_LOG_RETURN, Math.max(-MAX_LOG_RETURN, unclamped));
}

/** Multiplier of the implied vol of an expiry under a shock of y units of psi, clamped. */
export function volMultiplier(y: number, psi: number, tauYears: number, params: ShockParams): number {
  const tenorSeconds = Math.max(tauYears * SECONDS_PER_YEAR, params.volTermFloorSeconds);
  const term = (PSI_TENOR_DAYS * SECONDS_PER_DAY) / tenorSeconds;
  const exponent = y * psi * sqrtHorizonDays(params) * term ** (params.volTermExponentBps / BPS);
  return Math.exp(Math.min(MAX_LOG_VOL_MULTIPLIER, Math.max(-MAX_LOG_VOL_MULTIPLIER, exponent)));
}

/** P&L of a market's book at a log-return r and a vol shock y, by full revaluation, with its derivative to r. */
export function revalue(
  { state, legs, collateralQuantity }: MarketBook,
  r: number,
  y: number,
  params: ShockParams,
): { readonly pnl: number; readonly slope: number } {
  const growth = Math.exp(r);
  const collateralValue = collateralQuantity * state.spot;
  let pnl = collateralValue * Math.expm1(r);
  let slope = collateralValue * growth;
  for (const { kind, forward, strike, discount, totalVol, tau, size, mark } of legs) {
    const shockedForward = forward * growth;
    const shockedVol = totalVol * volMultiplier(y, state.psi, tau, params);
    const { value, delta } = unitValue(kind, shockedForward, strike, discount, shockedVol);
    pnl += size * (value - mark);
    slope += size * delta * shockedForward;
  }
  return { pnl, slope };
}

/** The book's P&L surface over the nodes of the grid. */
export function pnlSurface(book: MarketBook, params: ShockParams, grid: Grid = GRID): PnlSurface {
  const returnPerZ = book.state.sigma * sqrtHorizonDays(params);
  const nodes = grid.spotNodes.map((z) => {
    const r = logReturn(z, book.state.sigma, params);
    return volNodes(grid).map((y) => revalue(book, r, y, params));
  });
  return {
    pnl: nodes.map((row) => row.map(({ pnl }) => pnl)),
    slope: nodes.map((row) => row.map(({ slope }) => slope * returnPerZ)),
  };
}

/** P&L between the nodes: cubic Hermite over spot, then the quadratic through the three vol nodes. */
export function interpolate(surface: PnlSurface, { cell, t, u }: GridShock, grid: Grid = GRID): number {
  const width = (grid.spotNodes[cell + 1] ?? 0) - (grid.spotNodes[cell] ?? 0);
  const at = (vol: number): number => {
    const p0 = surface.pnl[cell]?.[vol] ?? 0;
    const p1 = surface.pnl[cell + 1]?.[vol] ?? 0;
    const s0 = width * (surface.slope[cell]?.[vol] ?? 0);
    const s1 = width * (surface.slope[cell + 1]?.[vol] ?? 0);
    const c2 = 3 * (p1 - p0) - 2 * s0 - s1;
    const c3 = 2 * (p0 - p1) + s0 + s1;
    return p0 + t * (s0 + t * (c2 + t * c3));
  };
  const flat = at(1);
  const rise = at(2) - flat;
  const fall = at(0) - flat;
  const depth = grid.volDownDepth;
  // The quadratic through (-depth, fall), (0, 0) and (1, rise).
  const square = (rise + fall / depth) / (1 + depth);
  return flat + u * (rise - square + u * square);
}
