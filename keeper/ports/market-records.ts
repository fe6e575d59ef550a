import type { DailyHistory, DailyObservation, Market } from "./market-data.ts";

/** One hour of trading at an exchange, USD. */
export interface HourBar {
  /** Unix seconds at which the hour ends. */
  readonly endSeconds: number;
  readonly openUsd: number;
  readonly highUsd: number;
  readonly lowUsd: number;
  readonly closeUsd: number;
}

/** The 30-day implied-vol index at the end of an hour. */
export interface HourVol {
  readonly endSeconds: number;
  /** Annualised fraction. */
  readonly vol: number;
}

/** Where the history is continued from. */
export interface RecordSource {
  /** Hours that end after `afterSeconds` and by `untilSeconds`, rising; an hour without a trade is missing. @throws VenueError */
  bars(market: Market, afterSeconds: number, untilSeconds: number): Promise<readonly HourBar[]>;
  /** The index at the ends of these hours, rising. @throws VenueError */
  impliedVols(market: Market, afterSeconds: number, untilSeconds: number): Promise<readonly HourVol[]>;
}

/** One hour of all markets together. */
export interface JointHour {
  readonly endSeconds: number;
  readonly markets: Readonly<
    Record<Market, Omit<HourBar, "endSeconds"> & { readonly impliedVol: number | null }>
  >;
}

/** What a keeper has on file. */
export interface StoredHistory {
  readonly days: DailyHistory;
  /** Ends of the first and the last hour; null when there are none. */
  readonly firstHourSeconds: number | null;
  readonly lastHour: JointHour | null;
}

/** The files that days and hours are kept in. */
export interface HistoryStore {
  read(): StoredHistory;
  /** Hours on file that end after this. */
  hoursAfter(endSeconds: number): readonly JointHour[];
  /** Adds hours, then days: each file is whole at any moment, whatever happens. Days are of the exchange's close and the index. */
  append(hours: readonly JointHour[], days: readonly DailyObservation[]): void;
}

export type HistoryRefusalCode =
  /** The venues leave out more than they ever did: their answer is not the history. */
  | "gap"
  /** The venues show other figures for what is on file. */
  | "restated"
  /** A change within an hour that no market made. */
  | "implausible"
  /** Days and hours on file do not meet. */
  | "detached";

/** The history was not continued; nothing was written. */
export class HistoryRefused extends Error {
  override readonly name = "HistoryRefused";
  readonly code: HistoryRefusalCode;
  readonly advice: string;

  constructor(code: HistoryRefusalCode, message: string, advice: string) {
    super(message);
    this.code = code;
    this.advice = advice;
  }
}
