import type { Market } from "../../keeper/ports/market-data.ts";
import type { ExpiryRole, Listing } from "./listing.ts";

/** One line of a book: an instrument and a signed size in units of the underlying. */
export interface Leg {
  readonly instrumentId: bigint;
  readonly market: Market;
  readonly expirySeconds: number;
  readonly size: number;
}

/** What an account does, as the tables name it. */
export type StrategyName =
  | "short strangle"
  | "short straddle"
  | "covered call"
  | "put spread"
  | "iron condor"
  | "calendar"
  | "long gamma"
  | "cross-asset hedge"
  | "hedged straddle"
  | "long future"
  | "short future";

/** A strategy's legs for one unit of the underlying, on a market and an expiry. */
export type Recipe = (listing: Listing, market: Market, expiry: ExpiryRole) => readonly Leg[];

const AT_THE_MONEY = 1;

function leg(
  listing: Listing,
  market: Market,
  expiry: ExpiryRole,
  kind: "call" | "put",
  moneyness: number,
  size: number,
): Leg {
  const { instrumentId, expirySeconds } = listing.option(market, expiry, kind, moneyness);
  return { instrumentId, market, expirySeconds, size };
}

export function futureLeg(listing: Listing, market: Market, expiry: ExpiryRole, size: number): Leg {
  const { instrumentId, expirySeconds } = listing.future(market, expiry);
  return { instrumentId, market, expirySeconds, size };
}

/** Short put below and short call above, `width` away from spot. */
export const shortStrangle =
  (width: number): Recipe =>
  (listing, market, expiry) => [
    leg(listing, market, expiry, "put", AT_THE_MONEY - width, -1),
    leg(listing, market, expiry, "call", AT_THE_MONEY + width, -1),
  ];

export const shortStraddle: Recipe = (listing, market, expiry) => [
  leg(listing, market, expiry, "put", AT_THE_MONEY, -1),
  leg(listing, market, expiry, "call", AT_THE_MONEY, -1),
];

export const longStraddle: Recipe = (listing, market, expiry) =>
  shortStraddle(listing, market, expiry).map((it) => ({ ...it, size: -it.size }));

/** A short call; the coin that covers it is the account's collateral. */
export const shortCall =
  (moneyness: number): Recipe =>
  (listing, market, expiry) => [leg(listing, market, expiry, "call", moneyness, -1)];

/** Short the higher put, long the lower one. */
export const shortPutSpread =
  (higher: number, lower: number): Recipe =>
  (listing, market, expiry) => [
    leg(listing, market, expiry, "put", lower, 1),
    leg(listing, market, expiry, "put", higher, -1),
  ];

/** A short strangle with its wings bought. */
export const ironCondor =
  (body: number, wing: number): Recipe =>
  (listing, market, expiry) => [
    leg(listing, market, expiry, "put", AT_THE_MONEY - wing, 1),
    leg(listing, market, expiry, "call", AT_THE_MONEY + wing, 1),
    leg(listing, market, expiry, "put", AT_THE_MONEY - body, -1),
    leg(listing, market, expiry, "call", AT_THE_MONEY + body, -1),
  ];

/** Short an expiry, long a later one, the same kind and moneyness. */
export const calendar =
  (later: ExpiryRole, kind: "call" | "put", moneyness: number): Recipe =>
  (listing, market, expiry) => [
    leg(listing, market, later, kind, moneyness, 1),
    leg(listing, market, expiry, kind, moneyness, -1),
  ];

export const future =
  (direction: 1 | -1): Recipe =>
  (listing, market, expiry) => [futureLeg(listing, market, expiry, direction)];

/** Several recipes in other markets or ratios as one: cross-asset books. */
export interface Part {
  readonly recipe: Recipe;
  readonly market: Market;
  readonly expiry: ExpiryRole;
  /** Units of the part's underlying; negative turns the recipe round. */
  readonly size: number;
}

/** Legs of parts together; equal instruments are added up, empty ones dropped. Long legs come first: they need no margin of the short ones. */
export function legsOf(listing: Listing, parts: readonly Part[]): readonly Leg[] {
  const byId = new Map<bigint, Leg>();
  for (const { recipe, market, expiry, size } of parts) {
    for (const it of recipe(listing, market, expiry)) {
      const before = byId.get(it.instrumentId)?.size ?? 0;
      byId.set(it.instrumentId, { ...it, size: before + it.size * size });
    }
  }
  return [...byId.values()].filter((it) => it.size !== 0).sort((a, b) => b.size - a.size);
}
