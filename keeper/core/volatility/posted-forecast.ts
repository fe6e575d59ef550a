import { CoreError, requireWithin } from "../errors.ts";

/** Share of the filter and of the stressed period in the posted forecast: EMIR RTS 153/2013, art. 28(1)(b). */
const FILTER_SHARE = 0.75;
const STRESSED_SHARE = 0.25;
/** Largest fall of the posted forecast in a day, as a share of itself. */
const MAX_DAILY_FALL = 0.05;
/** Length of the stressed period, days. */
export const STRESSED_PERIOD_DAYS = 90;

/** What long history says of a market's volatility; all per square root of a day. */
export interface HistoricalVolatility {
  /** Root mean square change of the worst window of `STRESSED_PERIOD_DAYS` days. */
  readonly stressedDailyVol: number;
  /** Root mean square change over the whole history: the floor, EMIR RTS 153/2013, art. 28(1)(c). */
  readonly floorDailyVol: number;
}

/** The forecast posted before, and how long ago. */
export interface PreviousForecast {
  readonly dailyVol: number;
  readonly elapsedDays: number;
}

/**
 * Stressed-period and whole-history volatility of a series of daily log changes; NaN days are left out.
 * @throws CoreError `series-too-short` with fewer days than one stressed period
 */
export function historicalVolatility(series: ArrayLike<number>): HistoricalVolatility {
  const squares = Array.from(series, (change) => change * change).filter((square) => !Number.isNaN(square));
  if (squares.length < STRESSED_PERIOD_DAYS) {
    throw new CoreError("series-too-short", { days: squares.length, needed: STRESSED_PERIOD_DAYS });
  }
  let total = 0;
  let window = 0;
  let worst = 0;
  for (const [day, square] of squares.entries()) {
    total += square;
    window += square - (squares[day - STRESSED_PERIOD_DAYS] ?? 0);
    if (day >= STRESSED_PERIOD_DAYS - 1) worst = Math.max(worst, window);
  }
  return {
    stressedDailyVol: Math.sqrt(worst / STRESSED_PERIOD_DAYS),
    floorDailyVol: Math.sqrt(total / squares.length),
  };
}

/**
 * The daily volatility to post: max(0.75 filter + 0.25 stressed, floor). It rises at once and falls by at most 5 % a
 * day, compounded over the (possibly fractional) days since the previous post.
 * @returns daily volatility, per square root of a day
 * @throws CoreError `argument-out-of-domain`
 */
export function postedDailyVol(
  filterDailyVol: number,
  history: HistoricalVolatility,
  previous?: PreviousForecast,
): number {
  requireWithin("filterDailyVol", filterDailyVol, 0, Number.MAX_VALUE);
  const blend = FILTER_SHARE * filterDailyVol + STRESSED_SHARE * history.stressedDailyVol;
  const target = Math.max(blend, history.floorDailyVol);
  if (previous === undefined) return target;
  requireWithin("elapsedDays", previous.elapsedDays, 0, Number.MAX_VALUE);
  return Math.max(target, previous.dailyVol * (1 - MAX_DAILY_FALL) ** previous.elapsedDays);
}
