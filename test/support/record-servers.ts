// Binance and Deribit as local servers that show hours.
import type { Market } from "../../keeper/ports/market-data.ts";
import { serveDeribit, type DeribitServer, type DeribitServerSettings } from "./deribit-server.ts";
import { barOf, HOUR, indexOf } from "./venue-hours.ts";
import { sendJson, serveVenueHttp, type HttpVenue } from "./venue-servers.ts";

const MS = 1_000;

export interface RecordServers {
  readonly origins: { readonly binance: string; readonly deribit: string };
  readonly binance: HttpVenue;
  readonly deribit: DeribitServer;
  close(): Promise<void>;
}

/** Rows of at most `rowsOfIndex` hours of the index in one answer, the newest first asked for, as the venue pages. */
export async function serveRecords(
  rowsOfIndex = 1_000,
  instead?: DeribitServerSettings["instead"],
): Promise<RecordServers> {
  const binance = await serveVenueHttp((path, response) => {
    const query = new URL(path, "http://localhost").searchParams;
    const market = query.get("symbol") === "ETHUSDT" ? "ETH" : "BTC";
    sendJson(response, klines(market, Number(query.get("startTime")), Number(query.get("endTime"))));
  });
  const deribit = await serveDeribit({
    result: ({ method, params }) =>
      method === "public/get_volatility_index_data" ? indexAnswer(params, rowsOfIndex) : undefined,
    nowSeconds: () => 1_780_000_000,
    ...(instead === undefined ? {} : { instead }),
  });
  return {
    origins: { binance: binance.origin, deribit: deribit.url },
    binance,
    deribit,
    close: async () => {
      await binance.close();
      await deribit.close();
    },
  };
}

/** Hours that begin within the bounds, both included. */
function beginnings(startMs: number, endMs: number): readonly number[] {
  const first = Math.ceil(startMs / (HOUR * MS)) * HOUR;
  const count = Math.max(0, Math.floor((endMs / MS - first) / HOUR) + 1);
  return Array.from({ length: count }, (_, index) => first + index * HOUR);
}

/** As api/v3/klines writes them. */
function klines(market: Market, startMs: number, endMs: number): readonly unknown[] {
  return beginnings(startMs, endMs).map((began) => {
    const { openUsd, highUsd, lowUsd, closeUsd } = barOf(market, began + HOUR);
    const prices = [openUsd, highUsd, lowUsd, closeUsd].map((usd) => usd.toFixed(8));
    return [began * MS, ...prices, "12.5", (began + HOUR) * MS - 1, "1.0", 7, "1.0", "1.0", "0"];
  });
}

function indexAnswer(params: Readonly<Record<string, unknown>>, rows: number): object {
  const market = params["currency"] === "ETH" ? "ETH" : "BTC";
  const startMs = Number(params["start_timestamp"]);
  const all = beginnings(startMs, Number(params["end_timestamp"]));
  const shown = all.slice(-rows);
  const isWhole = shown.length === all.length;
  return {
    data: shown.map((began) => {
      const value = indexOf(market, began + HOUR);
      return [began * MS, value, value + 1, value - 1, value];
    }),
    continuation: isWhole ? null : shown[0]! * MS - 1,
  };
}
