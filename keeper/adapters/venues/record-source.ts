import { z } from "zod";
import type { Market } from "../../ports/market-data.ts";
import type { HourBar, HourVol, RecordSource } from "../../ports/market-records.ts";
import { VenueError } from "../../ports/market-source.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { asking } from "./ccxt/asking.ts";
import { loadExchange } from "./ccxt/load-exchange.ts";
import { milliseconds, positiveDecimal } from "./ccxt/text-numbers.ts";
import { DERIBIT_CONNECTION, DERIBIT_URL } from "./deribit/connection.ts";
import { openJsonRpcSocket, type JsonRpcSocket } from "./deribit/json-rpc-socket.ts";
import { MAX_VENUE_NUMBER, parseAnswer } from "./parse-answer.ts";

// Binance spot, api/v3/klines: https://developers.binance.com/docs/binance-spot-api-docs
// Deribit, public/get_volatility_index_data: https://docs.deribit.com

const HOUR_MS = 3_600_000;
const MILLISECONDS = 1_000;
const PERCENT = 100;
/** Rows of one answer, of either venue. */
const MAX_ROWS = 1_000;
/** Answers that one question may take: more is no paging that ends. */
const MAX_PAGES = 10;

const SYMBOLS: Readonly<Record<Market, string>> = { BTC: "BTCUSDT", ETH: "ETHUSDT" };

/** Beginning of the hour, open, high, low and close as text, then what is not used. */
const bar = z
  .tuple([
    z.union([z.int(), milliseconds]),
    positiveDecimal,
    positiveDecimal,
    positiveDecimal,
    positiveDecimal,
  ])
  .rest(z.unknown())
  .refine(([, open, high, low, close]) => high >= Math.max(open, close) && low <= Math.min(open, close), {
    error: "the high is not the highest price, or the low not the lowest",
  });
const bars = z.array(bar).max(MAX_ROWS);

const percent = z.number().positive().max(MAX_VENUE_NUMBER);
/** Beginning of the hour, then open, high, low and close of the index in percent. */
const indexHour = z.tuple([z.int().positive(), percent, percent, percent, percent]);
const indexAnswer = z.object({
  data: z.array(indexHour).max(MAX_ROWS),
  /** Where the answer was cut short: the end of what is still to be asked. */
  continuation: z.int().nullable().default(null),
});

export interface RecordSourceSettings {
  readonly timeoutMs: number;
  readonly origins: { readonly binance?: string | undefined; readonly deribit?: string | undefined };
  readonly telemetry: Telemetry;
}

export interface OpenRecordSource extends RecordSource {
  close(): void;
}

/** Hours of Binance's spot market and of Deribit's volatility index, as these publish them: no figure is rounded or filled. */
export async function openRecordSource(settings: RecordSourceSettings): Promise<OpenRecordSource> {
  const { timeoutMs, origins, telemetry } = settings;
  const origin = origins.binance;
  const binance = await loadExchange("binance", { timeoutMs, ...(origin === undefined ? {} : { origin }) });
  const deribit = openJsonRpcSocket({
    ...DERIBIT_CONNECTION,
    venue: "deribit",
    url: origins.deribit ?? DERIBIT_URL,
    requestTimeoutMs: timeoutMs,
    channels: [],
    onNotification: () => undefined,
    telemetry,
  });
  return {
    bars: async (market, afterSeconds, untilSeconds) => {
      const answer = await asking("binance", () =>
        binance.publicGetKlines({
          symbol: SYMBOLS[market],
          interval: "1h",
          startTime: afterSeconds * MILLISECONDS,
          endTime: untilSeconds * MILLISECONDS - 1,
          limit: MAX_ROWS,
        }),
      );
      return readBars(answer);
    },
    impliedVols: (market, afterSeconds, untilSeconds) =>
      askIndex(deribit, market, afterSeconds * MILLISECONDS, untilSeconds * MILLISECONDS),
    close: () => {
      deribit.close();
    },
  };
}

/** Answer to api/v3/klines. @throws VenueError `malformed` */
export function readBars(answer: unknown): readonly HourBar[] {
  return parseAnswer("binance", bars, answer).map(barOf);
}

function barOf([startMs, openUsd, highUsd, lowUsd, closeUsd]: z.infer<typeof bar>): HourBar {
  return { endSeconds: endOfHour("binance", startMs), openUsd, highUsd, lowUsd, closeUsd };
}

/** Page after page, from the newest hour back, as the venue gives them. */
async function askIndex(
  deribit: JsonRpcSocket,
  market: Market,
  startMs: number,
  endMs: number,
): Promise<readonly HourVol[]> {
  const vols = new Map<number, HourVol>();
  let until = endMs - 1;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { result } = await deribit.request("public/get_volatility_index_data", {
      currency: market,
      start_timestamp: startMs,
      end_timestamp: until,
      resolution: "3600",
    });
    const { hours, continuation } = readIndexPage(result);
    for (const hour of hours) {
      const beganMs = hour.endSeconds * MILLISECONDS - HOUR_MS;
      if (beganMs >= startMs && beganMs < endMs) vols.set(hour.endSeconds, hour);
    }
    if (continuation === null || continuation < startMs)
      return [...vols.values()].sort((a, b) => a.endSeconds - b.endSeconds);
    until = continuation;
  }
  throw new VenueError("malformed", "deribit", `the volatility index goes on after ${MAX_PAGES} pages`);
}

/** A page of the answer to public/get_volatility_index_data, and where the next one ends. @throws VenueError `malformed` */
export function readIndexPage(answer: unknown): {
  readonly hours: readonly HourVol[];
  readonly continuation: number | null;
} {
  const { data, continuation } = parseAnswer("deribit", indexAnswer, answer);
  const hours = data.map(([beganMs, , , , close]) => ({
    endSeconds: endOfHour("deribit", beganMs),
    vol: close / PERCENT,
  }));
  return { hours, continuation };
}

/** @throws VenueError `malformed` when the hour does not begin on the hour */
function endOfHour(venue: string, beganMs: number): number {
  if (beganMs % HOUR_MS !== 0) throw new VenueError("malformed", venue, `an hour that begins at ${beganMs}`);
  return (beganMs + HOUR_MS) / MILLISECONDS;
}
