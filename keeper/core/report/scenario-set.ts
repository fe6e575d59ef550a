import { CoreError, requireWithin } from "../errors.ts";
import {
  CELL_STEPS,
  GRID,
  MAX_VOL_CODE,
  VOL_CODE_UNIT,
  VOL_CODE_ZERO,
  volCoordinate,
  volShock,
  type Grid,
} from "./grid.ts";

// The layout of contracts/interfaces/IScenarioStore.sol.

/** Standardised residuals of one market in one joint scenario. */
export interface MarketShock {
  /** Log-return over the horizon in units of the volatility forecast. */
  readonly z: number;
  /** Log change of implied vol in units of the vol-of-vol forecast. */
  readonly y: number;
}

/** One joint scenario: a shock per market of the set, in the set's order. */
export interface JointScenario {
  /** Integer, 1 to 65,535; only its share of the total counts. */
  readonly weight: number;
  readonly shocks: readonly MarketShock[];
}

export interface ScenarioSet {
  /** Market ids, rising. */
  readonly markets: readonly number[];
  readonly scenarios: readonly JointScenario[];
}

/** A market's shock as it is stored: a place in the grid. */
export interface GridShock {
  /** Cell between spot nodes `cell` and `cell + 1`. */
  readonly cell: number;
  /** Place in the cell, 0 to below 1. */
  readonly t: number;
  /** Vol coordinate of the grid. */
  readonly u: number;
}

interface GridScenario {
  readonly weight: number;
  readonly shocks: readonly GridShock[];
}

export interface GridScenarioSet {
  readonly markets: readonly number[];
  readonly scenarios: readonly GridScenario[];
}

const HEADER_BYTES = 3;
const MARKET_BYTES = 2;
const WEIGHT_BYTES = 2;
const SHOCK_BYTES = 4;
const MAX_UINT8 = 255;
const MAX_UINT16 = 65_535;

/** A spot shock's code, cell * 256 + t * 256; rounded to the nearest step and clamped to the grid. */
export function encodeSpotShock(z: number, grid: Grid = GRID): number {
  const { spotNodes } = grid;
  const lastCode = (spotNodes.length - 1) * CELL_STEPS - 1;
  const upper = spotNodes.findIndex((node) => z < node);
  if (upper === 0) return 0;
  if (upper < 0) return lastCode;
  const low = spotNodes[upper - 1] ?? 0;
  const width = (spotNodes[upper] ?? 0) - low;
  const step = Math.round(((z - low) / width) * CELL_STEPS);
  return Math.min(lastCode, (upper - 1) * CELL_STEPS + step);
}

/** A vol shock's code; rounded to the nearest step and clamped to the code's range. */
function encodeVolShock(y: number, grid: Grid = GRID): number {
  const code = Math.round(volCoordinate(y, grid) * VOL_CODE_UNIT) + VOL_CODE_ZERO;
  return Math.min(MAX_VOL_CODE, Math.max(0, code));
}

/** The shock that two codes stand for. */
function decodeShock(spotCode: number, volCode: number): GridShock {
  return {
    cell: Math.floor(spotCode / CELL_STEPS),
    t: (spotCode % CELL_STEPS) / CELL_STEPS,
    u: (volCode - VOL_CODE_ZERO) / VOL_CODE_UNIT,
  };
}

/** The residuals that a place in the grid stands for. */
export function shockAt({ cell, t, u }: GridShock, grid: Grid = GRID): MarketShock {
  const low = grid.spotNodes[cell] ?? Number.NaN;
  const high = grid.spotNodes[cell + 1] ?? Number.NaN;
  return { z: low + t * (high - low), y: volShock(u, grid) };
}

/** Bytes of a set of the given size. */
export function scenarioSetLength(scenarioCount: number, marketCount: number): number {
  return (
    HEADER_BYTES + MARKET_BYTES * marketCount + scenarioCount * (WEIGHT_BYTES + SHOCK_BYTES * marketCount)
  );
}

/**
 * Encodes a set; shocks are rounded and clamped, nothing else is.
 * @throws CoreError `argument-out-of-domain` for counts, ids or weights that the layout cannot hold or ids that do not rise
 */
export function encodeScenarioSet({ markets, scenarios }: ScenarioSet, grid: Grid = GRID): Uint8Array {
  requireWithin("scenarios", scenarios.length, 1, MAX_UINT16);
  requireWithin("markets", markets.length, 1, MAX_UINT8);
  const bytes = new Uint8Array(scenarioSetLength(scenarios.length, markets.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, scenarios.length);
  view.setUint8(WEIGHT_BYTES, markets.length);
  let offset = HEADER_BYTES;
  let leastNext = 0;
  for (const market of markets) {
    requireWithin("market", market, leastNext, MAX_UINT16);
    view.setUint16(offset, market);
    offset += MARKET_BYTES;
    leastNext = market + 1;
  }
  for (const { weight, shocks } of scenarios) {
    requireWithin("weight", weight, 1, MAX_UINT16);
    requireWithin("shocks", shocks.length, markets.length, markets.length);
    view.setUint16(offset, weight);
    offset += WEIGHT_BYTES;
    for (const { z, y } of shocks) {
      if (Number.isNaN(z) || Number.isNaN(y))
        throw new CoreError("argument-out-of-domain", { name: "shock", z, y });
      view.setUint16(offset, encodeSpotShock(z, grid));
      view.setUint16(offset + MARKET_BYTES, encodeVolShock(y, grid));
      offset += SHOCK_BYTES;
    }
  }
  return bytes;
}

/**
 * Decodes a set.
 * @throws CoreError `argument-out-of-domain` when the length does not follow from the counts
 */
export function decodeScenarioSet(bytes: Uint8Array): GridScenarioSet {
  requireWithin("length", bytes.length, HEADER_BYTES, Number.MAX_SAFE_INTEGER);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint16(0);
  const marketCount = view.getUint8(WEIGHT_BYTES);
  const expected = scenarioSetLength(count, marketCount);
  requireWithin("length", bytes.length, expected, expected);
  let offset = HEADER_BYTES;
  const readUint16 = (): number => {
    const value = view.getUint16(offset);
    offset += MARKET_BYTES;
    return value;
  };
  const markets = Array.from({ length: marketCount }, readUint16);
  const scenarios = Array.from({ length: count }, () => ({
    weight: readUint16(),
    shocks: markets.map(() => decodeShock(readUint16(), readUint16())),
  }));
  return { markets, scenarios };
}
