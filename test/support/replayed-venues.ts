// Deribit, Kraken and Binance as local servers that show what was recorded of a moment, as if it were now.
import type { MarketSnapshot, Market } from "../../keeper/ports/market-data.ts";
import type { VenueName } from "../../keeper/ports/market-source.ts";
import { serveDeribit } from "./deribit-server.ts";
import { sendJson, serveVenueHttp, type RpcRequest } from "./venue-servers.ts";

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const MS = 1_000;
const PERCENT = 100;
const CENTURY = 100;
/** Both sides of a perpetual's and a spot book. */
const DEPTH_USD = 100_000;
const KRAKEN_NAMES: Readonly<Record<Market, string>> = { BTC: "XXBTZUSD", ETH: "XETHZUSD" };

/** What Kraken says a USDC costs: less than its peg. */
export const SETTLEMENT_COIN_USD = "0.9871";

export interface ReplayedVenues {
  readonly origins: Readonly<Partial<Record<VenueName, string>>>;
  /** Lets Kraken show another price: a multiple of the recorded one. */
  skewKraken(factor: number): void;
  close(): Promise<void>;
}

/** @param nowSeconds the time that the venues say it is */
export async function serveReplayedVenues(
  snapshots: Readonly<Record<Market, MarketSnapshot>>,
  nowSeconds: () => number,
): Promise<ReplayedVenues> {
  const deribit = await serveDeribit({
    result: (request) => deribitResult(request, snapshots, nowSeconds()),
    nowSeconds,
  });
  let krakenFactor = 1;
  const marketIn = (path: string): Market => (/ETH/.test(path) ? "ETH" : "BTC");
  const kraken = await serveVenueHttp((path, response) => {
    if (path.includes("USDCUSD")) {
      const level = [SETTLEMENT_COIN_USD, "1000", Math.floor(nowSeconds())];
      sendJson(response, { error: [], result: { USDCUSD: { bids: [level], asks: [level] } } });
      return;
    }
    const market = marketIn(path);
    const price = (snapshots[market].spotUsd * krakenFactor).toString();
    const level = [price, "1", Math.floor(nowSeconds())];
    sendJson(response, { error: [], result: { [KRAKEN_NAMES[market]]: { bids: [level], asks: [level] } } });
  });
  const binance = await serveVenueHttp((path, response) => {
    const market = marketIn(path);
    const price = snapshots[market].spotUsd.toString();
    const sides = { bidPrice: price, bidQty: "1", askPrice: price, askQty: "1", lastPrice: price };
    const closeTime = Math.round(nowSeconds() * MS);
    sendJson(response, { symbol: `${market}USDT`, ...sides, closeTime });
  });
  return {
    origins: { deribit: deribit.url, kraken: kraken.origin, binance: binance.origin },
    skewKraken: (factor) => {
      krakenFactor = factor;
    },
    close: async () => {
      for (const server of [deribit, kraken, binance]) await server.close();
    },
  };
}

function deribitResult(
  { method, params }: RpcRequest,
  snapshots: Readonly<Record<Market, MarketSnapshot>>,
  nowSeconds: number,
): unknown {
  const text = JSON.stringify(params).toUpperCase();
  const snapshot = snapshots[text.includes("ETH") ? "ETH" : "BTC"];
  const timestamp = Math.round(nowSeconds * MS);
  switch (method) {
    case "public/get_index_price":
      return { index_price: snapshot.spotUsd };
    case "public/ticker":
      return {
        instrument_name: `${snapshot.market}-PERPETUAL`,
        timestamp,
        best_bid_amount: DEPTH_USD,
        best_ask_amount: DEPTH_USD,
      };
    case "public/get_book_summary_by_currency":
      return summariesOf(snapshot, timestamp);
    default:
      return undefined;
  }
}

function summariesOf({ market, spotUsd, expiries }: MarketSnapshot, timestamp: number): readonly object[] {
  return expiries.flatMap(({ expirySeconds, forwardUsd, quotes }) =>
    quotes.map(({ kind, strikeUsd, bidUsd, askUsd, venueVol, openInterest }) => ({
      instrument_name: `${market}-${dayName(expirySeconds)}-${strikeUsd}-${kind === "call" ? "C" : "P"}`,
      bid_price: bidUsd === null ? null : bidUsd / spotUsd,
      ask_price: askUsd === null ? null : askUsd / spotUsd,
      mark_iv: venueVol === null ? null : venueVol * PERCENT,
      open_interest: openInterest,
      underlying_price: forwardUsd ?? spotUsd,
      underlying_index: forwardUsd === null ? "index_price" : `${market}-${dayName(expirySeconds)}`,
      creation_timestamp: timestamp,
    })),
  );
}

function dayName(seconds: number): string {
  const day = new Date(seconds * MS);
  return `${day.getUTCDate()}${MONTHS[day.getUTCMonth()] ?? ""}${day.getUTCFullYear() % CENTURY}`;
}
