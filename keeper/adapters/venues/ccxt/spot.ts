import { z } from "zod";
import type { Clock } from "../../../ports/clock.ts";
import type { Market } from "../../../ports/market-data.ts";
import { VenueError, type MarketSource } from "../../../ports/market-source.ts";
import { parseAnswer } from "../parse-answer.ts";
import { asking } from "./asking.ts";
import { loadExchange, type ExchangeSettings } from "./load-exchange.ts";

const MILLISECONDS_PER_SECOND = 1_000;

/** The venue's own names of its markets, and the coin it quotes in. */
const SPOT_VENUES = {
  binance: { quote: "USDT", BTC: "BTCUSDT", ETH: "ETHUSDT" },
  coinbase: { quote: "USD", BTC: "BTC-USD", ETH: "ETH-USD" },
  kraken: { quote: "USD", BTC: "XXBTZUSD", ETH: "XETHZUSD" },
} as const;

export type SpotVenue = keyof typeof SPOT_VENUES;

const optionalNumber = z.number().nonnegative().nullable().default(null);

/** A ticker as ccxt unifies it. */
const ticker = z.object({
  /** Milliseconds; a venue that states no time (Kraken) has none. */
  timestamp: z.number().positive().nullable().default(null),
  bid: optionalNumber,
  ask: optionalNumber,
  last: optionalNumber,
  bidVolume: optionalNumber,
  askVolume: optionalNumber,
});

type Ticker = z.infer<typeof ticker>;

/**
 * Spot of one exchange: the middle of the best bid and offer, or the last trade where one side is missing. A quote in USDT counts as USD;
 * its distance from other venues shows in the dispersion. Only the two markets are told to ccxt: lists of all markets stay unloaded.
 */
export async function openSpotVenue(
  name: SpotVenue,
  settings: ExchangeSettings,
  clock: Clock,
): Promise<MarketSource> {
  const { quote, ...ids } = SPOT_VENUES[name];
  const exchange = await loadExchange(name, settings);
  exchange.setMarkets(
    Object.entries(ids).map(([base, id]) => ({
      id,
      symbol: `${base}/${quote}`,
      base,
      quote,
      baseId: base,
      quoteId: quote,
      type: "spot",
      spot: true,
      active: true,
    })),
  );
  return {
    name,
    latest: async (market: Market) => {
      const answer = await asking(name, () => exchange.fetchTicker(`${market}/${quote}`));
      const shown = parseAnswer(name, ticker, answer);
      return {
        market,
        observedAtSeconds:
          shown.timestamp === null
            ? clock.nowSeconds()
            : Math.floor(shown.timestamp / MILLISECONDS_PER_SECOND),
        spotUsd: priceOf(name, shown),
        spotLowUsd: null,
        expiries: [],
        openInterestUsd: null,
        depthUsd: depthOf(shown),
      };
    },
  };
}

function priceOf(name: SpotVenue, { bid, ask, last }: Ticker): number {
  if (bid && ask && bid <= ask) return (bid + ask) / 2;
  if (last) return last;
  throw new VenueError("malformed", name, "neither a two-sided quote nor a last trade");
}

function depthOf({ bid, ask, bidVolume, askVolume }: Ticker): number | null {
  if (bidVolume === null || askVolume === null || !bid || !ask) return null;
  return bid * bidVolume + ask * askVolume;
}
