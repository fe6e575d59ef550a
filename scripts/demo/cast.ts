import type { Market } from "../../keeper/ports/market-data.ts";
import type { ExpiryRole } from "./listing.ts";
import {
  calendar,
  future,
  ironCondor,
  longStraddle,
  shortCall,
  shortPutSpread,
  shortStraddle,
  shortStrangle,
  type Part,
  type Recipe,
  type StrategyName,
} from "./strategies.ts";

/** A trader of the demo: a book and how thinly it is margined. */
export interface Trader {
  readonly name: string;
  readonly strategy: StrategyName;
  readonly parts: readonly Part[];
  /** Equity after opening as a multiple of initial margin; cash beyond it is withdrawn again. */
  readonly marginMultiple: number;
  /** Coins of the underlying deposited as collateral, by market. */
  readonly collateral: Readonly<Partial<Record<Market, number>>>;
  /** Re-hedged with futures once a day. */
  readonly hedged: boolean;
}

const NO_COLLATERAL = {};

function book(
  strategy: StrategyName,
  recipe: Recipe,
  market: Market,
  expiry: ExpiryRole,
  rows: readonly (readonly [size: number, marginMultiple: number])[],
): readonly Omit<Trader, "name">[] {
  return rows.map(([size, marginMultiple]) => ({
    strategy,
    parts: [{ recipe, market, expiry, size }],
    marginMultiple,
    collateral: strategy === "covered call" ? { [market]: size } : NO_COLLATERAL,
    hedged: strategy === "hedged straddle",
  }));
}

function cross(marginMultiple: number, parts: readonly Part[]): Omit<Trader, "name"> {
  return { strategy: "cross-asset hedge", parts, marginMultiple, collateral: NO_COLLATERAL, hedged: false };
}

const NARROW = 0.05;
const WIDE = 0.1;

/** Sizes are BTC (1 to 50) or ETH (10 to 500); the second number of a row is the margin multiple. */
const BOOKS: readonly Omit<Trader, "name">[] = [
  ...book("short strangle", shortStrangle(WIDE), "BTC", "month", [
    [20, 1.2],
    [5, 2],
  ]),
  ...book("short strangle", shortStrangle(WIDE), "BTC", "near", [[8, 1.5]]),
  ...book("short strangle", shortStrangle(WIDE), "ETH", "month", [
    [300, 1.25],
    [80, 1.6],
    [40, 3],
  ]),
  ...book("short straddle", shortStraddle, "BTC", "month", [
    [10, 1.15],
    [3, 2.2],
  ]),
  ...book("short straddle", shortStraddle, "BTC", "first", [[4, 1.3]]),
  ...book("short straddle", shortStraddle, "ETH", "month", [
    [150, 1.3],
    [60, 2.5],
  ]),
  ...book("covered call", shortCall(1 + WIDE), "BTC", "month", [
    [10, 1.5],
    [2, 1.5],
  ]),
  ...book("covered call", shortCall(1 + NARROW), "BTC", "near", [[25, 1.5]]),
  ...book("covered call", shortCall(1 + WIDE), "ETH", "month", [
    [200, 1.5],
    [50, 1.5],
  ]),
  ...book("put spread", shortPutSpread(1 - NARROW, 1 - 2 * WIDE), "BTC", "month", [
    [15, 1.3],
    [6, 1.9],
  ]),
  ...book("put spread", shortPutSpread(1 - NARROW, 1 - 2 * WIDE), "ETH", "month", [
    [250, 1.25],
    [100, 1.8],
  ]),
  ...book("iron condor", ironCondor(WIDE, 2 * WIDE), "BTC", "month", [
    [12, 1.4],
    [30, 1.2],
  ]),
  ...book("iron condor", ironCondor(WIDE, 2 * WIDE), "ETH", "month", [
    [200, 1.4],
    [90, 2],
  ]),
  ...book("calendar", calendar("quarter", "put", 1), "BTC", "near", [[10, 1.5]]),
  ...book("calendar", calendar("quarter", "call", 1), "BTC", "month", [[20, 1.5]]),
  ...book("calendar", calendar("quarter", "put", 1), "ETH", "near", [[150, 1.5]]),
  ...book("long gamma", longStraddle, "BTC", "near", [[5, 1.5]]),
  ...book("long gamma", longStraddle, "BTC", "month", [[12, 1.3]]),
  ...book("long gamma", longStraddle, "ETH", "month", [
    [100, 1.3],
    [30, 1.5],
  ]),
  cross(1.4, [
    { recipe: future(1), market: "BTC", expiry: "month", size: 10 },
    { recipe: future(-1), market: "ETH", expiry: "month", size: 240 },
  ]),
  cross(1.4, [
    { recipe: future(-1), market: "BTC", expiry: "month", size: 15 },
    { recipe: future(1), market: "ETH", expiry: "month", size: 400 },
  ]),
  cross(1.5, [
    { recipe: shortStrangle(WIDE), market: "ETH", expiry: "month", size: 200 },
    { recipe: longStraddle, market: "BTC", expiry: "month", size: 6 },
  ]),
  cross(1.3, [
    { recipe: shortPutSpread(1 - NARROW, 1 - 2 * WIDE), market: "ETH", expiry: "month", size: 180 },
    { recipe: future(-1), market: "BTC", expiry: "month", size: 3 },
  ]),
  ...book("hedged straddle", shortStraddle, "BTC", "month", [
    [8, 1.4],
    [20, 1.8],
  ]),
  ...book("hedged straddle", shortStraddle, "ETH", "month", [
    [120, 1.4],
    [300, 2],
  ]),
  ...book("long future", future(1), "BTC", "month", [
    [50, 1.15],
    [10, 1.6],
    [4, 3],
  ]),
  ...book("long future", future(1), "ETH", "quarter", [
    [500, 1.2],
    [120, 2],
  ]),
  ...book("short future", future(-1), "BTC", "month", [
    [12, 1.3],
    [2, 2],
  ]),
  ...book("short future", future(-1), "ETH", "quarter", [[150, 1.5]]),
];

/** The traders, each with a name of strategy, main market and number. */
export const TRADERS: readonly Trader[] = BOOKS.map((it, index) => ({
  ...it,
  name: `${(index + 1).toString().padStart(2, "0")} ${it.strategy} ${it.parts.map(({ market }) => market).join("/")}`,
}));

/** Market makers: the other side of every trade of their market, taken in turn. */
export const MARKET_MAKERS = [
  { name: "market maker BTC 1", market: "BTC" },
  { name: "market maker BTC 2", market: "BTC" },
  { name: "market maker ETH 1", market: "ETH" },
  { name: "market maker ETH 2", market: "ETH" },
] as const satisfies readonly { readonly name: string; readonly market: Market }[];

/** Liquidators and the least discount at which each bids, in bps of the maintenance margin taken over. */
export const LIQUIDATORS = [
  { name: "liquidator 1", minDiscountBps: 500n },
  { name: "liquidator 2", minDiscountBps: 1_000n },
] as const;

/** Dollars each market maker and each liquidator starts with. */
export const MARKET_MAKER_USD = 150_000_000;
export const LIQUIDATOR_USD = 60_000_000;
/** Dollars the insurance fund starts with. */
export const FUND_USD = 2_000_000;
