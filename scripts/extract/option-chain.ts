import { join } from "node:path";

import type { Market } from "../../keeper/ports/market-data.ts";
import { numberOf, numberOrNull, readCsvGz, secondsOf } from "./csv.ts";
import type { CsvRow } from "./csv.ts";
import { groupBy } from "./group-by.ts";

/** One side of a strike as recorded; premiums in coin, open interest in coin. */
interface RecordedOption {
  readonly bid: number | null;
  readonly ask: number | null;
  readonly markVol: number;
  readonly openInterest: number;
}

export interface RecordedStrike {
  readonly strikeUsd: number;
  readonly call: RecordedOption | undefined;
  readonly put: RecordedOption | undefined;
}

export interface RecordedExpiry {
  readonly expirySeconds: number;
  /** The venue's forward, or its index where it stated no forward. */
  readonly forwardUsd: number;
  readonly forwardIsIndex: boolean;
  /** By strike. */
  readonly strikes: readonly RecordedStrike[];
}

/** A whole chain of one market at one time. */
export interface RecordedChain {
  readonly market: Market;
  readonly timeSeconds: number;
  readonly indexUsd: number;
  /** Coin, over every listed option. */
  readonly openInterest: number;
  /** By expiry, none expired. */
  readonly expiries: readonly RecordedExpiry[];
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const EXPIRY_HOUR_UTC = 8;
const CENTURY = 2000;

interface RecordedRow {
  readonly expirySeconds: number;
  readonly strikeUsd: number;
  readonly isCall: boolean;
  readonly indexUsd: number;
  readonly forwardUsd: number;
  readonly forwardIsIndex: boolean;
  readonly option: RecordedOption;
}

function parseExpiry(label: string): number {
  const match = /^(\d{1,2})([A-Z]{3})(\d{2})$/.exec(label);
  const month = MONTHS.indexOf(match?.[2] ?? "");
  if (match === null || month < 0) throw new Error(`not an expiry: ${label}`);
  return Date.UTC(CENTURY + Number(match[3]), month, Number(match[1]), EXPIRY_HOUR_UTC) / 1000;
}

function parseRow(row: CsvRow): { readonly market: Market; readonly parsed: RecordedRow } {
  const [coin, expiry = "", strike = "", side] = row("instrument").split("-");
  if (coin !== "BTC" && coin !== "ETH") throw new Error(`unknown coin in ${row("instrument")}`);
  if (side !== "C" && side !== "P") throw new Error(`neither call nor put: ${row("instrument")}`);
  const parsed = {
    expirySeconds: parseExpiry(expiry),
    strikeUsd: numberOf(strike),
    isCall: side === "C",
    indexUsd: numberOf(row("index_price")),
    forwardUsd: numberOf(row("forward_price")),
    forwardIsIndex: row("fwd_is_index") !== "0",
    option: {
      bid: numberOrNull(row("bid")),
      ask: numberOrNull(row("ask")),
      markVol: numberOf(row("mark_iv")),
      openInterest: numberOf(row("open_interest")),
    },
  };
  return { market: coin, parsed };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.floor((sorted.length - 1) / 2)];
  if (value === undefined) throw new Error("median of nothing");
  return value;
}

function nearestTo(target: number, values: readonly number[]): number {
  return values.reduce((best, value) => (Math.abs(value - target) < Math.abs(best - target) ? value : best));
}

function toExpiry(expirySeconds: number, rows: readonly RecordedRow[]): RecordedExpiry {
  const strikes = groupBy(rows, (row) => row.strikeUsd);
  return {
    expirySeconds,
    forwardUsd: median(rows.map((row) => row.forwardUsd)),
    forwardIsIndex: rows.some((row) => row.forwardIsIndex),
    strikes: [...strikes]
      .map(([strikeUsd, sides]) => ({
        strikeUsd,
        call: sides.find((row) => row.isCall)?.option,
        put: sides.find((row) => !row.isCall)?.option,
      }))
      .sort((a, b) => a.strikeUsd - b.strikeUsd),
  };
}

/**
 * The venue's index was recorded with every instrument over several minutes, its book in one call. Of the recorded index values the one
 * nearest to the first expiry's forward is the one of the book's moment: hours before expiry the two differ by a few basis points.
 */
function toChain(market: Market, timeSeconds: number, rows: readonly RecordedRow[]): RecordedChain {
  const expiries = [...groupBy(rows, (row) => row.expirySeconds)]
    .filter(([expirySeconds]) => expirySeconds > timeSeconds)
    .map(([expirySeconds, ofExpiry]) => toExpiry(expirySeconds, ofExpiry))
    .sort((a, b) => a.expirySeconds - b.expirySeconds);
  const [first] = expiries;
  if (first === undefined) throw new Error(`no live expiry at ${timeSeconds}`);
  return {
    market,
    timeSeconds,
    indexUsd: nearestTo(
      first.forwardUsd,
      rows.map((row) => row.indexUsd),
    ),
    openInterest: rows.reduce((sum, row) => sum + row.option.openInterest, 0),
    expiries,
  };
}

/** Every chain of the given months (`2026-01`) recorded at a time that `keep` accepts, by time, then market. */
export function readChains(
  from: string,
  months: readonly string[],
  keep: (timeSeconds: number) => boolean,
): readonly RecordedChain[] {
  const groups = new Map<string, { market: Market; timeSeconds: number; rows: RecordedRow[] }>();
  for (const month of months) {
    for (const row of readCsvGz(join(from, "deribit", `deribit_option_chain_${month}.csv.gz`))) {
      const timeSeconds = secondsOf(row("time"));
      if (!keep(timeSeconds)) continue;
      const { market, parsed } = parseRow(row);
      const key = `${timeSeconds}-${market}`;
      const group = groups.get(key) ?? { market, timeSeconds, rows: [] };
      group.rows.push(parsed);
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .map(({ market, timeSeconds, rows }) => toChain(market, timeSeconds, rows))
    .sort((a, b) => a.timeSeconds - b.timeSeconds || a.market.localeCompare(b.market));
}
