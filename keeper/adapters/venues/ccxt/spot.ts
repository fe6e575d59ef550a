import { z } from "zod";
import type { Market, MarketSnapshot } from "../../../ports/market-data.ts";
import { VenueError, type MarketSource } from "../../../ports/market-source.ts";
import { MAX_VENUE_NUMBER, parseAnswer } from "../parse-answer.ts";
import { asking } from "./asking.ts";
import { loadExchange, type ExchangeSettings } from "./load-exchange.ts";
import { decimal, positiveDecimal } from "./text-numbers.ts";

const MILLISECONDS_PER_SECOND = 1_000;
/** Offer above bid, per cent of their middle, beyond which the middle is no price. */
const MAX_SPREAD_PERCENT = 2;
const PERCENT = 100;
/** Levels of Kraken's book that are asked for: the newest dates it. */
const KRAKEN_LEVELS = 10;

/** The venue's own names of its markets, and the coin it quotes in. */
const SPOT_VENUES = {
  binance: { quote: "USDT", BTC: "BTCUSDT", ETH: "ETHUSDT" },
  coinbase: { quote: "USD", BTC: "BTC-USD", ETH: "ETH-USD" },
  kraken: { quote: "USD", BTC: "XXBTZUSD", ETH: "XETHZUSD" },
} as const;

/** USDC in US dollars. */
const KRAKEN_SETTLEMENT_COIN = "USDCUSD";

export type SpotVenue = keyof typeof SPOT_VENUES;

const optionalNumber = z.number().nonnegative().max(MAX_VENUE_NUMBER).nullable().default(null);

/** Top of a book as ccxt unifies it; a side is null or zero where nobody quotes. */
const topOfBook = z.object({
  /** Milliseconds. */
  timestamp: z.number().positive().max(MAX_VENUE_NUMBER),
  bid: optionalNumber,
  ask: optionalNumber,
  /** Coin; null where the venue does not publish sizes. */
  bidVolume: optionalNumber,
  askVolume: optionalNumber,
});

type TopOfBook = z.infer<typeof topOfBook>;

/** Price, size, and the second of the last change; the best first. */
const level = z
  .tuple([positiveDecimal, decimal, z.number().positive().max(MAX_VENUE_NUMBER)])
  .rest(z.unknown());
const krakenBook = z.object({ bids: z.array(level), asks: z.array(level) });

/**
 * Spot of one exchange: the middle of the best bid and offer. A quote in USDT counts as USD; its distance from other venues shows in the
 * dispersion.
 */
export async function openSpotVenue(name: SpotVenue, settings: ExchangeSettings): Promise<MarketSource> {
  if (name === "kraken") return openKraken(settings);
  const askTop = await openTickers(name, settings);
  return { name, latest: async (market) => spotSnapshot(name, market, await askTop(market)) };
}

/**
 * @param top as `topOfBook` describes it
 * @throws VenueError `malformed`, or `no-quote` when nobody makes a price
 */
export function spotSnapshot(name: SpotVenue, market: Market, top: unknown): MarketSnapshot {
  const book = parseAnswer(name, topOfBook, top);
  return {
    market,
    observedAtSeconds: Math.floor(book.timestamp / MILLISECONDS_PER_SECOND),
    spotUsd: middleOf(name, book),
    spotLowUsd: null,
    expiries: [],
    openInterestUsd: null,
    depthUsd: depthOf(book),
  };
}

type AskTop = (market: Market) => Promise<unknown>;

/** Only the two markets are told to ccxt: lists of all markets stay unloaded. */
async function openTickers(name: Exclude<SpotVenue, "kraken">, settings: ExchangeSettings): Promise<AskTop> {
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
  return (market) => asking(name, () => exchange.fetchTicker(`${market}/${quote}`));
}

/** Kraken's ticker has no time. Its book has one for each level: the newest says when the book last moved. It trades the settlement coin for US dollars. */
async function openKraken(settings: ExchangeSettings): Promise<MarketSource> {
  const exchange = await loadExchange("kraken", settings);
  const askTop = async (pair: string) =>
    krakenTop(pair, await asking("kraken", () => exchange.publicGetDepth({ pair, count: KRAKEN_LEVELS })));
  return {
    name: "kraken",
    latest: async (market) => spotSnapshot("kraken", market, await askTop(SPOT_VENUES.kraken[market])),
    settlementCoin: async () => {
      const top = await askTop(KRAKEN_SETTLEMENT_COIN);
      return {
        usd: middleOf("kraken", top),
        observedAtSeconds: Math.floor(top.timestamp / MILLISECONDS_PER_SECOND),
      };
    },
  };
}

/**
 * @param pair as Kraken names it in its answer
 * @throws VenueError `malformed`, or `no-quote` for an empty book
 */
export function krakenTop(pair: string, answer: unknown): TopOfBook {
  const schema = z.object({ result: z.object({ [pair]: krakenBook }) });
  const { bids, asks } = parseAnswer("kraken", schema, answer).result[pair]!;
  const changes = [...bids, ...asks].map(([, , atSeconds]) => atSeconds);
  if (changes.length === 0) throw new VenueError("no-quote", "kraken", "the book is empty");
  const [[bid, bidVolume], [ask, askVolume]] = [bids[0] ?? [null, null], asks[0] ?? [null, null]];
  return { timestamp: Math.max(...changes) * MILLISECONDS_PER_SECOND, bid, ask, bidVolume, askVolume };
}

/** @throws VenueError `no-quote` when a side is missing, the sides cross or lie too far apart */
function middleOf(name: SpotVenue, { bid, ask }: TopOfBook): number {
  if (!bid || !ask) throw new VenueError("no-quote", name, "nobody bids, or nobody offers");
  if (bid > ask) throw new VenueError("no-quote", name, `the book is crossed: bid ${bid}, offer ${ask}`);
  const middle = (bid + ask) / 2;
  if ((ask - bid) * PERCENT > MAX_SPREAD_PERCENT * middle)
    throw new VenueError(
      "no-quote",
      name,
      `bid ${bid} and offer ${ask} lie more than ${MAX_SPREAD_PERCENT} % apart`,
    );
  return middle;
}

function depthOf({ bid, ask, bidVolume, askVolume }: TopOfBook): number | null {
  if (bidVolume === null || askVolume === null || !bid || !ask) return null;
  return bid * bidVolume + ask * askVolume;
}
