import type { z } from "zod";
import type { Clock } from "../../../ports/clock.ts";
import { MARKETS, type Market, type MarketSnapshot } from "../../../ports/market-data.ts";
import type { MarketSource } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { createFirstSeen } from "../first-seen.ts";
import { createNotices, type Notices } from "../notices.ts";
import { groupByExpiry, parseOptionName, premiumUsd, type OptionRow } from "../option-rows.ts";
import { parseAnswer, parseRows } from "../parse-answer.ts";
import { openJsonRpcSocket, type JsonRpcSocket, type SocketSettings } from "./json-rpc-socket.ts";
import {
  bookSummaries,
  bookSummary,
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

export interface DeribitSettings extends Omit<SocketSettings, "venue" | "channels" | "onNotification"> {
  readonly clock: Clock;
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

/** What the venue notified last of each market. */
interface Notified {
  readonly indices: ReadonlyMap<Market, Index>;
  readonly tickers: ReadonlyMap<Market, Ticker>;
  take(channel: string, data: unknown): void;
}

/** Index, option chain and the perpetual's top of book of Deribit's public interface. */
export function openDeribit(settings: DeribitSettings): DeribitSource {
  const { clock, telemetry } = settings;
  const notices = createNotices(NAME, telemetry);
  const firstSeen = createFirstSeen();
  const notified = createNotified(telemetry);
  const socket = openJsonRpcSocket({
    ...settings,
    venue: NAME,
    channels: MARKETS.flatMap((market) => [indexChannel(market), tickerChannel(market)]),
    onNotification: (channel, data) => {
      notified.take(channel, data);
    },
  });
  const fresh = <T extends { readonly timestamp: number }>(data: T | undefined): T | null => {
    if (data === undefined) return null;
    const ageSeconds = clock.nowSeconds() - data.timestamp / MILLISECONDS_PER_SECOND;
    return ageSeconds <= MAX_NOTIFIED_AGE_SECONDS ? data : null;
  };
  /** The answer has no time of its own. */
  const askIndex = async (market: Market): Promise<Spot> => {
    const answer = await socket.request("public/get_index_price", { index_name: indexName(market) });
    const { index_price: usd } = parseAnswer(NAME, indexPriceAnswer, answer.result);
    return { usd, atSeconds: firstSeen(market, usd, answer.sentAtSeconds) };
  };
  /** Null when it cannot be had: the chain and its index are worth more than a depth. */
  const depthOf = async (market: Market): Promise<number | null> => {
    try {
      const ticker = fresh(notified.tickers.get(market)) ?? (await askTicker(socket, market));
      notices.say("venue-depth-missing", market, null);
      return ticker.best_bid_amount + ticker.best_ask_amount;
    } catch (error) {
      notices.say("venue-depth-missing", market, String(error));
      return null;
    }
  };
  return {
    name: NAME,
    latest: async (market) => {
      const index = fresh(notified.indices.get(market));
      const [spot, depthUsd, summaries] = await Promise.all([
        index === null ? askIndex(market) : spotOf(index),
        depthOf(market),
        askSummaries(socket, notices, market),
      ]);
      return snapshotOf(market, spot, depthUsd, summaries);
    },
    close: () => {
      socket.close();
    },
  };
}

/** Keeps the newest data of the channels that were asked for, and nothing of any other. */
function createNotified(telemetry: Telemetry): Notified {
  const indices = new Map<Market, Index>();
  const tickers = new Map<Market, Ticker>();
  return {
    indices,
    tickers,
    take: (channel, data) => {
      for (const market of MARKETS) {
        const index = channel === indexChannel(market) ? indexNotification.safeParse(data) : null;
        const ticker = channel === tickerChannel(market) ? perpetualTicker.safeParse(data) : null;
        if (index?.success === true && index.data.index_name === indexName(market)) {
          indices.set(market, index.data);
          return;
        }
        if (ticker?.success === true && ticker.data.instrument_name === perpetual(market)) {
          tickers.set(market, ticker.data);
          return;
        }
      }
      telemetry.warn("venue-garbage", { venue: NAME, channel });
    },
  };
}

const indexName = (market: Market) => `${market.toLowerCase()}_usd`;
const indexChannel = (market: Market) => `deribit_price_index.${indexName(market)}`;
const perpetual = (market: Market) => `${market}-PERPETUAL`;

const tickerChannel = (market: Market) => `ticker.${perpetual(market)}.100ms`;

function spotOf({ price, timestamp }: Index): Spot {
  return { usd: price, atSeconds: Math.floor(timestamp / MILLISECONDS_PER_SECOND) };
}

async function askTicker(socket: JsonRpcSocket, market: Market): Promise<Ticker> {
  const { result } = await socket.request("public/ticker", { instrument_name: perpetual(market) });
  return parseAnswer(NAME, perpetualTicker, result);
}

async function askSummaries(
  socket: JsonRpcSocket,
  notices: Notices,
  market: Market,
): Promise<readonly BookSummary[]> {
  const params = { currency: market, kind: "option" };
  const { result } = await socket.request("public/get_book_summary_by_currency", params);
  return parseRows(notices, `${market} summaries`, bookSummary, parseAnswer(NAME, bookSummaries, result));
}

/** As old as the older of the index and the newest summary. */
function snapshotOf(
  market: Market,
  spot: Spot,
  depthUsd: number | null,
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
    depthUsd,
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
