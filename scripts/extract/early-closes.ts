import { join } from "node:path";

import { CLOSE_TICKS_PER_USD, EARLY_COLUMNS, EARLY_FORMAT } from "../backtest/early-closes.ts";
import type { EarlyClosesHeader, EarlyClosesRecord } from "../backtest/early-closes.ts";
import { FORMAT_VERSION } from "../../keeper/adapters/replay/file-format.ts";
import { numberOf, readCsvGz, secondsOf } from "./csv.ts";
import { EARLY_SOURCE, LICENCE } from "./sources.ts";
import { toTicks } from "./ticks.ts";

const DAY_SECONDS = 86_400;
const FROM_SECONDS = Date.UTC(2015, 7, 8) / 1000;
/** The last day before the exchange's own closes is left out, so that no return mixes two sources. */
const UNTIL_SECONDS = Date.UTC(2017, 11, 31) / 1000;

/**
 * Prices by the second at which their day ends. Both files date a close by its day in these years; the ETH file dates it by the midnight after it from
 * 30 January 2018 on (daily returns against the exchange's hours: 0.96 with the same day in 2017, 0.99 with the day before from 2019).
 */
function readCloses(from: string, file: string): ReadonlyMap<number, number> {
  const closes = new Map<number, number>();
  for (const row of readCsvGz(join(from, "prices", file))) {
    const endsAt = secondsOf(row("time")) + DAY_SECONDS;
    if (endsAt >= FROM_SECONDS && endsAt < UNTIL_SECONDS) closes.set(endsAt, numberOf(row("close")));
  }
  return closes;
}

/** Cuts daily closes of BTC and ETH before the exchange's: they warm the filters up, nothing is tested on them. */
export function extractEarlyCloses(from: string): readonly [EarlyClosesHeader, ...EarlyClosesRecord[]] {
  const btc = readCloses(from, "btcusd_daily_coincodex.csv.gz");
  const eth = readCloses(from, "ethusd_daily_coingecko.csv.gz");
  const header: EarlyClosesHeader = {
    format: EARLY_FORMAT,
    version: FORMAT_VERSION,
    title: "BTC and ETH daily closes over many venues, August 2015 to December 2017",
    source: [EARLY_SOURCE],
    licence: LICENCE,
    cut: "Every day that both have, by the second at which it ends (UTC); nothing is filled.",
    columns: EARLY_COLUMNS,
    closeTicksPerUsd: CLOSE_TICKS_PER_USD,
  };
  const records = [...btc].flatMap(([time, close]): EarlyClosesRecord[] => {
    const ethClose = eth.get(time);
    if (ethClose === undefined) return [];
    return [[time, toTicks(close, CLOSE_TICKS_PER_USD), toTicks(ethClose, CLOSE_TICKS_PER_USD)]];
  });
  return [header, ...records];
}
