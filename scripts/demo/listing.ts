import { packInstrumentId } from "../../keeper/core/report/instrument-id.ts";
import { BPS } from "../../keeper/core/units.ts";
import type { Market, MarketSnapshot, OptionKind } from "../../keeper/ports/market-data.ts";

/** Expiries by their place in the first snapshot. */
const EXPIRY_ROLES = ["first", "near", "fortnight", "month", "quarter", "far"] as const;

export type ExpiryRole = (typeof EXPIRY_ROLES)[number];

export interface ListedInstrument {
  readonly instrumentId: bigint;
  readonly market: Market;
  readonly expirySeconds: number;
  /** Zero for a future. */
  readonly strikeUsd: number;
  readonly kind: OptionKind | "future";
}

/** The instruments to choose from when the books are opened. */
export interface Listing {
  /** The listed option of a kind whose strike is nearest to `moneyness` x spot. */
  option(market: Market, expiry: ExpiryRole, kind: OptionKind, moneyness: number): ListedInstrument;
  future(market: Market, expiry: ExpiryRole): ListedInstrument;
}

/** The house's number of each market. */
export type MarketNumbers = Readonly<Record<Market, number>>;

const PRICE_UNITS = 1e8;
/** The registry's bounds of a strike against spot, in bps. */
const MIN_STRIKE_BPS = BPS / 20;
const MAX_STRIKE_BPS = BPS * 20;

/** Every instrument of a snapshot: a future for each expiry, a call and a put for each strike in the registry's bounds. */
export function instrumentsOf(snapshot: MarketSnapshot, numbers: MarketNumbers): readonly ListedInstrument[] {
  const { market, spotUsd } = snapshot;
  const build = (
    expirySeconds: number,
    strikeUsd: number,
    kind: ListedInstrument["kind"],
  ): ListedInstrument => ({
    instrumentId: packInstrumentId({
      market: numbers[market],
      expiry: expirySeconds,
      strikeE8: BigInt(Math.round(strikeUsd * PRICE_UNITS)),
      kind,
    }),
    market,
    expirySeconds,
    strikeUsd,
    kind,
  });
  return snapshot.expiries.flatMap(({ expirySeconds, quotes }) => {
    const strikes = [...new Set(quotes.map(({ strikeUsd }) => strikeUsd))].filter((strike) => {
      const shareBps = (strike / spotUsd) * BPS;
      return shareBps >= MIN_STRIKE_BPS && shareBps <= MAX_STRIKE_BPS;
    });
    return [
      build(expirySeconds, 0, "future"),
      ...strikes.flatMap((strike) => [
        build(expirySeconds, strike, "call"),
        build(expirySeconds, strike, "put"),
      ]),
    ];
  });
}

/** Looks instruments up by role and moneyness as of the first snapshots, one for each market. */
export function createListing(first: readonly MarketSnapshot[], numbers: MarketNumbers): Listing {
  const markets = new Map(
    first.map((snapshot) => [snapshot.market, { snapshot, instruments: instrumentsOf(snapshot, numbers) }]),
  );
  const inExpiry = (market: Market, role: ExpiryRole) => {
    const entry = markets.get(market);
    const expiry = entry?.snapshot.expiries[EXPIRY_ROLES.indexOf(role)];
    if (entry === undefined || expiry === undefined)
      throw new RangeError(`the first snapshot has no ${role} expiry of ${market}`);
    const instruments = entry.instruments.filter((it) => it.expirySeconds === expiry.expirySeconds);
    return { spotUsd: entry.snapshot.spotUsd, instruments };
  };
  const nearest = (candidates: readonly ListedInstrument[], strikeUsd: number): ListedInstrument => {
    const [best] = [...candidates].sort(
      (a, b) => Math.abs(a.strikeUsd - strikeUsd) - Math.abs(b.strikeUsd - strikeUsd),
    );
    if (best === undefined) throw new RangeError(`no instrument near ${strikeUsd}`);
    return best;
  };
  return {
    option: (market, role, kind, moneyness) => {
      const { spotUsd, instruments } = inExpiry(market, role);
      return nearest(
        instruments.filter((it) => it.kind === kind),
        spotUsd * moneyness,
      );
    },
    future: (market, role) =>
      nearest(
        inExpiry(market, role).instruments.filter((it) => it.kind === "future"),
        0,
      ),
  };
}
