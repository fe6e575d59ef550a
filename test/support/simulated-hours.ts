import { seededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import { hourlyHistory } from "../../keeper/core/volatility/hourly-history.ts";
import type { HourlyHistory } from "../../keeper/core/volatility/hourly-history.ts";

/** Monday, 6 January 2020, 00:00 UTC, in hours since 1970. */
export const MONDAY_HOUR = Date.UTC(2020, 0, 6) / 3_600_000;

const TICKS_PER_HOUR = 12;
const MEAN_HOURLY_VARIANCE = 4e-5;
const PERSISTENCE = 0.985;
const VOL_OF_VOL = 0.15;

export interface SimulatedHours {
  readonly history: HourlyHistory;
  /** True variance of each hour. */
  readonly variance: Float64Array;
}

/** Nights and weekends are calm: the pattern by hour of week, mean not one. */
export function calmAtNight(hour: number): number {
  const sinceMonday = (hour - MONDAY_HOUR) % 168;
  const weekend = sinceMonday >= 120;
  return (sinceMonday % 24 < 8 ? 0.6 : 1.4) * (weekend ? 0.5 : 1);
}

/**
 * A market whose log variance is an hourly AR(1) times an hour-of-week pattern; the implied vol index shows the mean-reverting level.
 * @param seed 32-bit integer
 */
export function simulateHours(seed: number, hours: number, pattern = calmAtNight): SimulatedHours {
  const random = seededRandom(seed);
  const open = new Float64Array(hours);
  const high = new Float64Array(hours);
  const low = new Float64Array(hours);
  const close = new Float64Array(hours);
  const variance = new Float64Array(hours);
  const impliedVol = new Float64Array(hours);
  let logState = 0;
  let price = 10_000;
  for (let hour = 0; hour < hours; hour++) {
    logState = PERSISTENCE * logState + VOL_OF_VOL * random.normal();
    variance[hour] = MEAN_HOURLY_VARIANCE * Math.exp(logState) * pattern(MONDAY_HOUR + hour);
    open[hour] = price;
    let [top, bottom] = [price, price];
    for (let tick = 0; tick < TICKS_PER_HOUR; tick++) {
      price *= Math.exp(Math.sqrt(variance[hour]! / TICKS_PER_HOUR) * random.normal());
      top = Math.max(top, price);
      bottom = Math.min(bottom, price);
    }
    high[hour] = top;
    low[hour] = bottom;
    close[hour] = price;
    impliedVol[hour] = Math.sqrt(MEAN_HOURLY_VARIANCE * Math.exp(logState / 2) * 8_760);
  }
  const bars = { firstHour: MONDAY_HOUR, open, high, low, close };
  return {
    history: hourlyHistory(bars, [{ firstHour: MONDAY_HOUR, close: impliedVol }]),
    variance,
  };
}
