import { HOURS_PER_DAY, hourlyHistory } from "../../../keeper/core/volatility/hourly-history.ts";
import type { HourlyHistory, HourlyLevels } from "../../../keeper/core/volatility/hourly-history.ts";
import type { Market } from "../../../keeper/ports/market-data.ts";
import { readDailyImpliedVol, readHourlyBars, readHourlyImpliedVol } from "../hourly-series.ts";
import type { DailyLevels } from "../hourly-series.ts";

/**
 * Hours of a market's spot with its implied-vol index: the hourly one where it exists, before that the daily close at the last hour of
 * its day.
 * @throws DataFolderError
 */
export function readHourlyHistory(dataFolder: string, market: Market): HourlyHistory {
  const daily = atLastHours(readDailyImpliedVol(dataFolder, market));
  return hourlyHistory(readHourlyBars(dataFolder, market, "spot"), [
    daily,
    readHourlyImpliedVol(dataFolder, market),
  ]);
}

/** Daily closes on a grid of hours: known at the end of the day's last hour, NaN at the others. */
export function atLastHours({ firstDay, close }: DailyLevels): HourlyLevels {
  const hourly = new Float64Array(close.length * HOURS_PER_DAY).fill(NaN);
  for (const [day, level] of close.entries()) hourly[(day + 1) * HOURS_PER_DAY - 1] = level;
  return { firstHour: firstDay * HOURS_PER_DAY, close: hourly };
}
