import { existsSync } from "node:fs";
import { join } from "node:path";

import type { HourlyBars, HourlyLevels } from "../../keeper/core/volatility/hourly-history.ts";
import type { Market } from "../../keeper/ports/market-data.ts";
import { numberOf, readCsvGz, secondsOf } from "../extract/csv.ts";
import type { CsvRow } from "../extract/csv.ts";

/** Where hourly prices were recorded: the exchange's spot market or its perpetual future. */
export type Venue = "spot" | "perp";

/** Values on consecutive days (UTC); NaN where there is none. */
export interface DailyLevels {
  /** Days since 1 January 1970 (UTC) of day 0. */
  readonly firstDay: number;
  /** Level at the end of each day. */
  readonly close: Float64Array;
}

type DataFolderErrorCode =
  /** The folder lacks a file. */
  | "file-missing"
  /** A cell is not what its column says, or a row is of another width. */
  | "bad-row"
  /** A row's time is not on the hour (or day), or does not rise. */
  | "bad-time"
  /** A bar whose high is not its highest or whose low is not its lowest price, or a level that is not positive. */
  | "bad-level"
  | "no-rows";

/** A folder of recorded history is not what it should be. `row` counts data rows from 1; 0 means the file as a whole. */
export class DataFolderError extends Error {
  override readonly name = "DataFolderError";
  readonly code: DataFolderErrorCode;
  readonly file: string;
  readonly row: number;

  constructor(code: DataFolderErrorCode, file: string, row: number, detail: string, options?: ErrorOptions) {
    super(`${file}: row ${row}: ${code}: ${detail}`, options);
    this.code = code;
    this.file = file;
    this.row = row;
  }
}

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;
const PERCENT = 100;

const COINS: Readonly<Record<Market, string>> = { BTC: "btc", ETH: "eth" };

const HOURLY_VOL_FILES: Readonly<Record<Market, string>> = {
  BTC: "dvol_btc_1h_close.csv.gz",
  ETH: "dvol_eth_1h.csv.gz",
};

interface Table<Column extends string> {
  readonly first: number;
  readonly columns: Readonly<Record<Column, Float64Array>>;
}

/** Reads columns of positive numbers on a grid of `stepSeconds`; steps without a row stay NaN. */
function readTable<Column extends string>(
  file: string,
  timeColumn: string,
  stepSeconds: number,
  columns: readonly Column[],
): Table<Column> {
  if (!existsSync(file)) throw new DataFolderError("file-missing", file, 0, "the data folder lacks it");
  const steps: number[] = [];
  const rows: number[][] = [];
  try {
    for (const row of readCsvGz(file)) {
      const step = readStep(file, row, timeColumn, stepSeconds, steps);
      const values = columns.map((column) => numberOf(row(column)));
      if (values.some((value) => value <= 0))
        throw new DataFolderError("bad-level", file, steps.length + 1, values.join(" "));
      steps.push(step);
      rows.push(values);
    }
  } catch (cause) {
    if (cause instanceof DataFolderError) throw cause;
    throw new DataFolderError("bad-row", file, steps.length + 1, String(cause), { cause });
  }
  const [first, last] = [steps[0], steps.at(-1)];
  if (first === undefined || last === undefined)
    throw new DataFolderError("no-rows", file, 0, "nothing recorded");
  const filled = columns.map((column, index) => {
    const values = new Float64Array(last - first + 1).fill(NaN);
    for (const [row, step] of steps.entries()) values[step - first] = rows[row]![index]!;
    return [column, values] as const;
  });
  return { first, columns: Object.fromEntries(filled) as Record<Column, Float64Array> };
}

function readStep(
  file: string,
  row: CsvRow,
  timeColumn: string,
  stepSeconds: number,
  before: readonly number[],
): number {
  const time = row(timeColumn);
  const step = secondsOf(time) / stepSeconds;
  if (!Number.isInteger(step) || step <= (before.at(-1) ?? -Infinity))
    throw new DataFolderError("bad-time", file, before.length + 1, time);
  return step;
}

/**
 * Hourly bars of a market, from the first recorded hour to the last; hours without a bar are NaN.
 * @param dataFolder folder of recorded history with the subfolder `prices`
 * @throws DataFolderError
 */
export function readHourlyBars(dataFolder: string, market: Market, venue: Venue): HourlyBars {
  const file = join(dataFolder, "prices", `${COINS[market]}usdt_binance_${venue}_1h.csv.gz`);
  const { first, columns } = readTable(file, "time", HOUR_SECONDS, ["open", "high", "low", "close"]);
  const { open, high, low, close } = columns;
  for (let hour = 0; hour < close.length; hour++) {
    const [top, bottom] = [Math.max(open[hour]!, close[hour]!), Math.min(open[hour]!, close[hour]!)];
    if (high[hour]! < top || low[hour]! > bottom)
      throw new DataFolderError("bad-level", file, 0, `bar of hour ${first + hour}`);
  }
  return { firstHour: first, open, high, low, close };
}

/**
 * Hourly close of the 30-day implied-vol index (DVOL), annualised fraction; hours without a value are NaN.
 * @param dataFolder folder of recorded history with the subfolder `deribit`
 * @throws DataFolderError
 */
export function readHourlyImpliedVol(dataFolder: string, market: Market): HourlyLevels {
  const file = join(dataFolder, "deribit", HOURLY_VOL_FILES[market]);
  const { first, columns } = readTable(file, "time", HOUR_SECONDS, ["close"]);
  return { firstHour: first, close: columns.close.map((percent) => percent / PERCENT) };
}

/**
 * Daily close of the 30-day implied-vol index (DVOL), annualised fraction; it begins before the hourly one of ETH.
 * @throws DataFolderError
 */
export function readDailyImpliedVol(dataFolder: string, market: Market): DailyLevels {
  const file = join(dataFolder, "deribit", `dvol_${COINS[market]}_daily.csv.gz`);
  const { first, columns } = readTable(file, "date", DAY_SECONDS, ["close"]);
  return { firstDay: first, close: columns.close.map((percent) => percent / PERCENT) };
}
