import type { z } from "zod";
import type { Clock } from "../../../ports/clock.ts";
import { MARKETS, type Market } from "../../../ports/market-data.ts";
import type { MarketSource } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { createFirstSeen } from "../first-seen.ts";
import { createNotices } from "../notices.ts";
import { parseAnswer } from "../parse-answer.ts";
import { openJsonRpcSocket, type JsonRpcSocket, type SocketSettings } from "./json-rpc-socket.ts";
import { indexNotification, indexPriceAnswer, perpetualTicker } from "./messages.ts";
import { readSnapshot, type Spot } from "./snapshot.ts";

const NAME = "deribit";
const MILLISECONDS_PER_SECOND = 1_000;
/** The venue publishes its index about once a second: after this long it is asked for. */
const MAX_NOTIFIED_AGE_SECONDS = 5;

export interface DeribitSettings extends Omit<SocketSettings, "venue" | "channels" | "onNotification"> {
  readonly clock: Clock;
}

export interface DeribitSource extends MarketSource {
  close(): void;
}

type Index = z.infer<typeof indexNotification>;
type Ticker = z.infer<typeof perpetualTicker>;

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
        socket.request("public/get_book_summary_by_currency", { currency: market, kind: "option" }),
      ]);
      return readSnapshot(market, { spot, depthUsd, summaries: summaries.result }, notices);
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
