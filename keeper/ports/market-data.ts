import type { HourlyHistory } from "../core/volatility/hourly-history.ts";

/** The markets of the house, in the order in which joint data list them. */
export const MARKETS = ["BTC", "ETH"] as const;

export type Market = (typeof MARKETS)[number];

export type OptionKind = "call" | "put";

/**
 * One listed option. Premiums are present values in USD for one unit of the underlying: what a buyer pays today, discounted.
 * Venues that quote in coin are converted at spot, so put-call parity reads C - P = D (F - K) with D = spot / forward there.
 */
export interface OptionQuote {
  readonly kind: OptionKind;
  readonly strikeUsd: number;
  /** Null when nobody bids. */
  readonly bidUsd: number | null;
  /** Null when nobody offers. */
  readonly askUsd: number | null;
  /** The venue's own mark volatility, annualised fraction: for comparison only, never an input of a report. */
  readonly venueVol: number | null;
  /** Units of the underlying. */
  readonly openInterest: number;
}

export interface ExpiryQuotes {
  readonly expirySeconds: number;
  /** The venue's forward of this expiry; null when it states none. */
  readonly forwardUsd: number | null;
  /** By strike, then call before put. */
  readonly quotes: readonly OptionQuote[];
}

/** What one venue shows of one market at one moment. */
export interface MarketSnapshot {
  readonly market: Market;
  readonly observedAtSeconds: number;
  readonly spotUsd: number;
  /** Lowest trade since the snapshot before; null when the venue does not say. */
  readonly spotLowUsd: number | null;
  /** Largest distance of a source's spot from their median, as a fraction; absent where one source speaks alone. */
  readonly dispersion?: number;
  /** By expiry, none expired. Empty where the source has spot prices only: a smile is then for the keeper to model. */
  readonly expiries: readonly ExpiryQuotes[];
  /** Open interest of all listed options, also those left out of `expiries`; null when unknown. */
  readonly openInterestUsd: number | null;
  /** Size at the top of the book over all quotes; null when the venue does not publish sizes. */
  readonly depthUsd: number | null;
}

/** Where a day's prices come from. A return across two price sources mixes two closing hours. */
export type PriceSource = "exchange-close" | "index-snapshot";

/** `thirty-day-index` is a published index (DVOL); `thirty-day-at-the-money` is interpolated from marks and lacks its wings. */
export type ImpliedVolSource = "thirty-day-index" | "thirty-day-at-the-money";

interface ImpliedVol {
  /** Annualised fraction. */
  readonly vol: number;
  readonly source: ImpliedVolSource;
}

export interface DailyMarketValues {
  readonly closeUsd: number;
  /** Null before the index began. */
  readonly impliedVol: ImpliedVol | null;
}

/** One day of all markets together, known from `observedAtSeconds` on. */
export interface DailyObservation {
  readonly observedAtSeconds: number;
  readonly priceSource: PriceSource;
  readonly markets: Readonly<Record<Market, DailyMarketValues>>;
}

/** Days in rising order. A day missing at the source is missing here: compare times before taking a return. */
export interface DailyHistory {
  readonly days: readonly DailyObservation[];
}

/** Where a keeper asks for market data: a replay of recorded days or live venues. */
export interface MarketData {
  /** The newest snapshot known now. Throws `MarketDataUnavailable` when there is none. */
  latest(market: Market): Promise<MarketSnapshot>;
  /** What `latest` would show now, without asking anybody and without effect on what is shown later: for status pages. Throws alike. */
  lastKnown(market: Market): MarketSnapshot;
  /** Time of the newest day known now; null when there is none. For status pages, like `lastKnown`. */
  lastDaySeconds(): number | null;
  /** All daily observations known now. */
  history(): Promise<DailyHistory>;
  /** Price of the coin that accounts settle in, USD; 1 where no source shows it. Throws `SettlementCoinUnknown` when all that show it are silent or old. */
  settlementCoinUsd(): Promise<number>;
  /** Hours of a market that ended before now; null where the source keeps none. */
  hours(market: Market): Promise<HourlyHistory | null>;
}

/** The source has nothing to show for this market at this moment. */
export class MarketDataUnavailable extends Error {
  readonly code = "market-data-unavailable";
  readonly market: Market;
  readonly nowSeconds: number;

  constructor(market: Market, nowSeconds: number, options?: ErrorOptions) {
    super(`no ${market} market data known at ${nowSeconds}`, options);
    this.name = "MarketDataUnavailable";
    this.market = market;
    this.nowSeconds = nowSeconds;
  }
}

/** No source shows the coin that accounts settle in, though some should. */
export class SettlementCoinUnknown extends Error {
  override readonly name = "SettlementCoinUnknown";
  readonly code = "settlement-coin-unknown";

  constructor(sources: readonly string[]) {
    super(`no price of the settlement coin is young enough: see why ${sources.join(" and ")} give none`);
  }
}
