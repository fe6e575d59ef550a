import { CoreError } from "../errors.ts";

/** One market's close of one day (UTC). */
export interface DailyRecord {
  /** Days since 1 January 1970. */
  readonly day: number;
  /** Spot at the end of the day, USD. */
  readonly close: number;
  /** 30-day at-the-money implied vol index at the end of the day, any unit; null where there is none. */
  readonly volIndex: number | null;
}

/** One market's daily records in any order, one per day at most. */
export interface MarketRecords {
  /** Market id, as in the report. */
  readonly market: number;
  readonly records: readonly DailyRecord[];
}

/** Several markets on the same calendar of consecutive days; gaps are null. */
export interface JointHistory {
  readonly days: readonly number[];
  readonly markets: readonly {
    readonly market: number;
    readonly closes: readonly (number | null)[];
    readonly volIndex: readonly (number | null)[];
  }[];
}

/**
 * Puts markets on one calendar, from the first day that all have reached to the last that all still have.
 * Nothing is filled: a day missing in a market stays null.
 * @throws CoreError `series-too-short` when the markets share no two days
 */
export function alignHistories(histories: readonly MarketRecords[]): JointHistory {
  const ranges = histories.map(({ records }) => records.map(({ day }) => day));
  const from = Math.max(...ranges.map((days) => days.reduce((first, day) => Math.min(first, day), Infinity)));
  const to = Math.min(...ranges.map((days) => days.reduce((last, day) => Math.max(last, day), -Infinity)));
  if (!(to > from)) throw new CoreError("series-too-short", { from, to, markets: histories.length });
  const days = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const markets = histories.map(({ market, records }) => {
    const byDay = new Map(records.map((record) => [record.day, record]));
    return {
      market,
      closes: days.map((day) => byDay.get(day)?.close ?? null),
      volIndex: days.map((day) => byDay.get(day)?.volIndex ?? null),
    };
  });
  return { days, markets };
}
