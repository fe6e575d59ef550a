import { SECONDS_PER_DAY } from "../core/units.ts";

/** A history whose last day is older than this is late: a day is due every 24 hours. */
export const HISTORY_LATE_DAYS = 1.25;
/** With a last day older than this nothing is observed: the change since would be all that a forecast is made of. */
export const MAX_HISTORY_AGE_DAYS = 3;

/** Days since the last day of the history; infinite when there is none. */
export function historyAgeDays(lastDaySeconds: number | null, nowSeconds: number): number {
  return lastDaySeconds === null ? Infinity : (nowSeconds - lastDaySeconds) / SECONDS_PER_DAY;
}

/** The age in words, beside what is expected. */
export function describeHistoryAge(ageDays: number): string {
  return Number.isFinite(ageDays)
    ? `the last day is ${ageDays.toFixed(1)} days old, at most ${HISTORY_LATE_DAYS} expected`
    : "there is no day yet";
}

/** Forecasts and scenario sets would be made from a history that nobody continues. */
export class StaleHistory extends Error {
  override readonly name = "StaleHistory";
  readonly code = "stale-history";
  readonly ageDays: number;

  constructor(ageDays: number) {
    super(
      `the last day of the history is ${ageDays.toFixed(1)} days old, at most ${MAX_HISTORY_AGE_DAYS} allowed: ` +
        "see why it is not continued (history-not-continued in the log) and run `ballast history update`",
    );
    this.ageDays = ageDays;
  }
}
