import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { DailyObservation, Market } from "../../ports/market-data.ts";
import type { HistoryStore, JointHour } from "../../ports/market-records.ts";
import { DAILY_HISTORY_FILE, loadDailyHistory } from "./daily-history.ts";
import {
  ABSENT,
  dailyHistoryHeader,
  FORMAT_VERSION,
  HOURLY_COLUMNS,
  type DailyHistoryHeader,
  type DailyHistoryRecord,
  type HourlyHistoryHeader,
  type HourlyHistoryRecord,
} from "./file-format.ts";
import { HOURLY_HISTORY_FILE, loadHours } from "./hourly-history.ts";
import { replaceFile } from "./replace-file.ts";
import { ReplayFileError } from "./replay-file-error.ts";

/** Both exchange and index publish so many decimals: nothing is rounded. */
const PRICE_TICKS_PER_USD = 100;
const VOL_TICKS_PER_UNIT = 10_000;

const HOURLY_HEADER: HourlyHistoryHeader = {
  format: "ballast-hourly-history",
  version: FORMAT_VERSION,
  title: "BTC and ETH hour by hour: bars and thirty-day implied volatility",
  source: [
    "Binance spot BTCUSDT and ETHUSDT, bars of one hour (api/v3/klines)",
    "Deribit DVOL of BTC and ETH, closing values of one hour (public/get_volatility_index_data)",
  ],
  licence: "Figures published by the exchanges' public interfaces, which are facts.",
  cut:
    "Each hour by its end (UTC), once all four series show it or a later one. An hour without a trade in either market is left out, zero in a vol column " +
    "means that none was published. Appended by `ballast history update` and by running keepers.",
  columns: HOURLY_COLUMNS,
  priceTicksPerUsd: PRICE_TICKS_PER_USD,
  volTicksPerUnit: VOL_TICKS_PER_UNIT,
};

/** The days and hours of a data folder. Each file is replaced whole. Throws `ReplayFileError`. */
export function createHistoryStore(dataFolder: string): HistoryStore {
  const dailyFile = join(dataFolder, DAILY_HISTORY_FILE);
  const hourlyFile = join(dataFolder, HOURLY_HISTORY_FILE);
  return {
    read: () => {
      const hours = loadHours(dataFolder);
      return {
        days: loadDailyHistory(dataFolder),
        firstHourSeconds: hours[0]?.endSeconds ?? null,
        lastHour: hours.at(-1) ?? null,
      };
    },
    hoursAfter: (endSeconds) => loadHours(dataFolder).filter((hour) => hour.endSeconds > endSeconds),
    append: (hours, days) => {
      // Hours first: days that are missing after a crash between the two are made from hours on file.
      if (hours.length > 0)
        continueFile(
          hourlyFile,
          existsSync(hourlyFile) ? readFileSync(hourlyFile, "utf8") : linesOf([HOURLY_HEADER]),
          hours.map(hourRecord),
        );
      if (days.length === 0) return;
      const before = readFileSync(dailyFile, "utf8");
      const header = dailyHistoryHeader.parse(JSON.parse(before.slice(0, before.indexOf("\n"))));
      continueFile(
        dailyFile,
        before,
        days.map((day) => dayRecord(dailyFile, header, day)),
      );
    },
  };
}

/** Adds what is later than the last record: another process may have added the same meanwhile. */
function continueFile(
  file: string,
  before: string,
  records: readonly (readonly [number, ...unknown[]])[],
): void {
  const text = before.endsWith("\n") ? before : `${before}\n`;
  const last: unknown = JSON.parse(text.slice(text.lastIndexOf("\n", text.length - 2) + 1));
  const lastSeconds = Array.isArray(last) ? Number(last[0]) : Number.NEGATIVE_INFINITY;
  const later = records.filter(([seconds]) => seconds > lastSeconds);
  if (later.length > 0) replaceFile(file, text + linesOf(later));
}

function linesOf(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}

function hourRecord({ endSeconds, markets }: JointHour): HourlyHistoryRecord {
  const ticks = (usd: number) => Math.round(usd * PRICE_TICKS_PER_USD);
  const vol = (market: Market) => volTicks(markets[market].impliedVol, VOL_TICKS_PER_UNIT);
  const { BTC: btc, ETH: eth } = markets;
  return [
    endSeconds,
    ticks(btc.openUsd),
    ticks(btc.highUsd),
    ticks(btc.lowUsd),
    ticks(btc.closeUsd),
    ticks(eth.openUsd),
    ticks(eth.highUsd),
    ticks(eth.lowUsd),
    ticks(eth.closeUsd),
    vol("BTC"),
    vol("ETH"),
  ];
}

function dayRecord(file: string, header: DailyHistoryHeader, day: DailyObservation): DailyHistoryRecord {
  const series = header.series.findIndex(
    ({ priceSource, impliedVolSource }) =>
      priceSource === day.priceSource && impliedVolSource === "thirty-day-index",
  );
  if (series < 0)
    throw new ReplayFileError("inconsistent", file, 1, `no series of ${day.priceSource} in the header`);
  const close = (market: Market) =>
    Math.round(day.markets[market].closeUsd * header.closeTicksPerUsd[market]);
  const vol = (market: Market) =>
    volTicks(day.markets[market].impliedVol?.vol ?? null, header.volTicksPerUnit);
  return [day.observedAtSeconds, series, close("BTC"), close("ETH"), vol("BTC"), vol("ETH")];
}

function volTicks(vol: number | null, ticksPerUnit: number): number {
  return vol === null ? ABSENT : Math.round(vol * ticksPerUnit);
}
