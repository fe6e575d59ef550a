import type { z } from "zod";
import type { Clock } from "../../../ports/clock.ts";
import { MARKETS, type Market, type MarketSnapshot } from "../../../ports/market-data.ts";
import type { MarketSource } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { groupByExpiry, parseOptionName, premiumUsd, type OptionRow } from "../option-rows.ts";
import { parseAnswer } from "../parse-answer.ts";
import { openJsonRpcSocket, type JsonRpcSocket, type SocketSettings } from "./json-rpc-socket.ts";
import {
  bookSummaries,
  indexNotification,
  indexPriceAnswer,
  perpetualTicker,
  type BookSummary,
} from "./messages.ts";

const NAME = "deribit";
const PERCENT = 100;
const MILLISECONDS_PER_SECOND = 1_000;
/** The venue publishes its index about once a second: after this long it is asked for. */
const MAX_NOTIFIED_AGE_SECONDS = 5;
/** What `underlying_index` says when an expiry has neither a future nor a synthetic one. */
const NO_FUTURE = "index_price";

export interface DeribitSettings extends Pick<
  SocketSettings,
  "url" | "requestTimeoutMs" | "heartbeatSeconds" | "minBackoffMs" | "maxBackoffMs"
> {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface DeribitSource extends MarketSource {
  close(): void;
}

type Index = z.infer<typeof indexNotification>;
type Ticker = z.infer<typeof perpetualTicker>;

interface Spot {
  readonly usd: number;
  readonly atSeconds: number;
}

/** Index, option chain and the perpetual's top of book of Deribit's public interface. */
export function openDeribit(settings: DeribitSettings): DeribitSource {
  const { clock, telemetry } = settings;
  const indices = new Map<string, Index>();
  const tickers = new Map<string, Ticker>();
  const socket = openJsonRpcSocket({
    ...settings,
    venue: NAME,
    channels: MARKETS.flatMap((market) => [indexChannel(market), `ticker.${perpetual(market)}.100ms`]),
    onNotification: (channel, data) => {
      const index = indexNotification.safeParse(data);
      const ticker = perpetualTicker.safeParse(data);
      if (index.success && channel.endsWith(index.data.index_name))
        indices.set(index.data.index_name, index.data);
      else if (ticker.success && channel.includes(ticker.data.instrument_name))
        tickers.set(ticker.data.instrument_name, ticker.data);
      else telemetry.warn("venue-garbage", { venue: NAME, channel });
    },
  });
  const fresh = <T extends { readonly timestamp: number }>(notified: T | undefined): T | null => {
    if (notified === undefined) return null;
    const ageSeconds = clock.nowSeconds() - notified.timestamp / MILLISECONDS_PER_SECOND;
    return ageSeconds <= MAX_NOTIFIED_AGE_SECONDS ? notified : null;
  };
  return {
    name: NAME,
    latest: async (market) => {
      const [spot, ticker, summaries] = await Promise.all([
        spotOf(socket, fresh(indices.get(indexName(market))), market),
        fresh(tickers.get(perpetual(market))) ?? askTicker(socket, market),
        askSummaries(socket, market),
      ]);
      return snapshotOf(market, spot, ticker, summaries);
    },
    close: () => {
      socket.close();
    },
  };
}

const indexName = (market: Market) => `${market.toLowerCase()}_usd`;
const indexChannel = (market: Market) => `deribit_price_index.${indexName(market)}`;
const perpetual = (market: Market) => `${market}-PERPETUAL`;

async function spotOf(socket: JsonRpcSocket, notified: Index | null, market: Market): Promise<Spot> {
  if (notified !== null)
    return {
      usd: notified.price,
      atSeconds: Math.floor(notified.timestamp / MILLISECONDS_PER_SECOND),
    };
  const answer = await socket.request("public/get_index_price", { index_name: indexName(market) });
  const { index_price: usd } = parseAnswer(NAME, indexPriceAnswer, answer.result);
  return { usd, atSeconds: answer.sentAtSeconds };
}

async function askTicker(socket: JsonRpcSocket, market: Market): Promise<Ticker> {
  const { result } = await socket.request("public/ticker", { instrument_name: perpetual(market) });
  return parseAnswer(NAME, perpetualTicker, result);
}

async function askSummaries(socket: JsonRpcSocket, market: Market): Promise<readonly BookSummary[]> {
  const params = { currency: market, kind: "option" };
  const { result } = await socket.request("public/get_book_summary_by_currency", params);
  return parseAnswer(NAME, bookSummaries, result);
}

/** As old as the older of the index and the newest summary. */
function snapshotOf(
  market: Market,
  spot: Spot,
  ticker: Ticker,
  summaries: readonly BookSummary[],
): MarketSnapshot {
  const rows = summaries.flatMap((summary) => rowOf(market, summary, spot.usd));
  const newestMs = Math.max(...summaries.map((summary) => summary.creation_timestamp));
  const quotedAtSeconds =
    summaries.length === 0 ? spot.atSeconds : Math.floor(newestMs / MILLISECONDS_PER_SECOND);
  const observedAtSeconds = Math.min(spot.atSeconds, quotedAtSeconds);
  return {
    market,
    observedAtSeconds,
    spotUsd: spot.usd,
    spotLowUsd: null,
    expiries: groupByExpiry(rows, observedAtSeconds),
    openInterestUsd: rows.reduce((sum, { openInterest }) => sum + openInterest, 0) * spot.usd,
    depthUsd: ticker.best_bid_amount + ticker.best_ask_amount,
  };
}

function rowOf(market: Market, summary: BookSummary, spotUsd: number): readonly OptionRow[] {
  const name = parseOptionName(summary.instrument_name);
  if (name?.market !== market) return [];
  return [
    {
      ...name,
      bidUsd: premiumUsd(summary.bid_price, spotUsd),
      askUsd: premiumUsd(summary.ask_price, spotUsd),
      venueVol: summary.mark_iv === null ? null : summary.mark_iv / PERCENT,
      openInterest: summary.open_interest,
      forwardUsd: summary.underlying_index === NO_FUTURE ? null : summary.underlying_price,
    },
  ];
}
