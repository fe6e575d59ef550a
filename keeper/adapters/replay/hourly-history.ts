import { existsSync } from "node:fs";
import { join } from "node:path";

import { hourlyHistory, type HourlyHistory } from "../../core/volatility/hourly-history.ts";
import type { Market } from "../../ports/market-data.ts";
import type { JointHour } from "../../ports/market-records.ts";
import {
  ABSENT,
  hourlyHistoryHeader,
  hourlyHistoryRecord,
  type HourlyHistoryHeader,
  type HourlyHistoryRecord,
} from "./file-format.ts";
import { followFile } from "./follow-file.ts";
import { assertRising, readRecords } from "./read-records.ts";

export const HOURLY_HISTORY_FILE = join("history", "hourly.ndjson");

const SECONDS_PER_HOUR = 3_600;

export type HourlyHistories = Readonly<Record<Market, HourlyHistory>>;

/** Reads the hours of a data folder, rising; none when there is no such file. Throws `ReplayFileError`. */
export function loadHours(dataFolder: string): readonly JointHour[] {
  const file = join(dataFolder, HOURLY_HISTORY_FILE);
  if (!existsSync(file)) return [];
  const { header, records } = readRecords(file, hourlyHistoryHeader, hourlyHistoryRecord);
  assertRising(
    file,
    records.map(({ line, record: [time] }) => ({ line, value: time })),
  );
  return records.map(({ record }) => jointHour(header, record));
}

/** The joint hour that a record of the file stands for. */
function jointHour(
  { priceTicksPerUsd, volTicksPerUnit }: Pick<HourlyHistoryHeader, "priceTicksPerUsd" | "volTicksPerUnit">,
  record: HourlyHistoryRecord,
): JointHour {
  const [time, btcOpen, btcHigh, btcLow, btcClose, ethOpen, ethHigh, ethLow, ethClose, btcVol, ethVol] =
    record;
  const values = (open: number, high: number, low: number, close: number, vol: number) => ({
    openUsd: open / priceTicksPerUsd,
    highUsd: high / priceTicksPerUsd,
    lowUsd: low / priceTicksPerUsd,
    closeUsd: close / priceTicksPerUsd,
    impliedVol: vol === ABSENT ? null : vol / volTicksPerUnit,
  });
  return {
    endSeconds: time,
    markets: {
      BTC: values(btcOpen, btcHigh, btcLow, btcClose, btcVol),
      ETH: values(ethOpen, ethHigh, ethLow, ethClose, ethVol),
    },
  };
}

/** Hours of each market as its models take them, gaps as NaN; null when there are none. */
export function hourlyHistories(hours: readonly JointHour[]): HourlyHistories | null {
  return hours.length === 0 ? null : { BTC: seriesOf(hours, "BTC"), ETH: seriesOf(hours, "ETH") };
}

function seriesOf(hours: readonly JointHour[], market: Market): HourlyHistory {
  const hourOf = ({ endSeconds }: JointHour) => endSeconds / SECONDS_PER_HOUR - 1;
  const firstHour = hourOf(hours[0]!);
  const empty = () => new Float64Array(hourOf(hours.at(-1)!) - firstHour + 1).fill(NaN);
  const [open, high, low, close, vol] = [empty(), empty(), empty(), empty(), empty()];
  for (const hour of hours) {
    const at = hourOf(hour) - firstHour;
    const { openUsd, highUsd, lowUsd, closeUsd, impliedVol } = hour.markets[market];
    open[at] = openUsd;
    high[at] = highUsd;
    low[at] = lowUsd;
    close[at] = closeUsd;
    if (impliedVol !== null) vol[at] = impliedVol;
  }
  return hourlyHistory({ firstHour, open, high, low, close }, [{ firstHour, close: vol }]);
}

/** The hours of a data folder as its file stands at each call (`followFile`). @throws ReplayFileError at the first reading */
export function followHourlyHistory(
  dataFolder: string,
  failed: (error: unknown) => void,
): () => HourlyHistories | null {
  const load = () => hourlyHistories(loadHours(dataFolder));
  return followFile(join(dataFolder, HOURLY_HISTORY_FILE), load, failed);
}
