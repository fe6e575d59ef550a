import type { Market, MarketSnapshot } from "./market-data.ts";

/** All venues that a keeper can ask, the deepest option book first. */
export const VENUES = ["deribit", "okx", "bybit", "binance", "coinbase", "kraken", "chainlink"] as const;

export type VenueName = (typeof VENUES)[number];

/** What a source shows of a coin. */
export interface CoinPrice {
  readonly usd: number;
  readonly observedAtSeconds: number;
}

/** One venue, feed or recording that shows markets. */
export interface MarketSource {
  /** Unique among the sources of a keeper; errors and metrics name it. */
  readonly name: string;
  /** What the source shows now, with the source's own time where it states one. @throws VenueError */
  latest(market: Market): Promise<MarketSnapshot>;
  /** The coin that accounts settle in (USDC) in US dollars; absent where the source does not show it. @throws VenueError */
  readonly settlementCoin?: () => Promise<CoinPrice>;
}

export type VenueErrorCode =
  /** No connection, or it broke before the answer came. */
  | "disconnected"
  /** No answer in time. */
  | "timeout"
  /** The venue asks for fewer requests. */
  | "rate-limited"
  /** The venue answered with an error. */
  | "refused"
  /** The answer is not what the venue documents. */
  | "malformed"
  /** The venue shows no price: no two-sided market, or one too wide. */
  | "no-quote";

/** A venue did not give what was asked. */
export class VenueError extends Error {
  override readonly name = "VenueError";
  readonly code: VenueErrorCode;
  readonly venue: string;

  constructor(code: VenueErrorCode, venue: string, detail: string, options?: ErrorOptions) {
    super(`${venue}: ${code}: ${detail}`, options);
    this.code = code;
    this.venue = venue;
  }
}
