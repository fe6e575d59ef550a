import { join } from "node:path";

import type {
  DailyHistory,
  DailyMarketValues,
  DailyObservation,
  ImpliedVolSource,
} from "../../ports/market-data.ts";
import { ABSENT, dailyHistoryHeader, dailyHistoryRecord } from "./file-format.ts";
import { followFile } from "./follow-file.ts";
import { assertRising, readRecords } from "./read-records.ts";
import { ReplayFileError } from "./replay-file-error.ts";

export const DAILY_HISTORY_FILE = join("history", "daily.ndjson");

/** Reads the joint daily history of a data folder. Throws `ReplayFileError`. */
export function loadDailyHistory(dataFolder: string): DailyHistory {
  const file = join(dataFolder, DAILY_HISTORY_FILE);
  const { header, records } = readRecords(file, dailyHistoryHeader, dailyHistoryRecord);
  assertRising(
    file,
    records.map(({ line, record: [time] }) => ({ line, value: time })),
  );
  const values = (closeUsd: number, vol: number, source: ImpliedVolSource): DailyMarketValues => ({
    closeUsd,
    impliedVol: vol === ABSENT ? null : { vol: vol / header.volTicksPerUnit, source },
  });
  const days = records.map(
    ({ line, record: [time, seriesIndex, btcClose, ethClose, btcVol, ethVol] }): DailyObservation => {
      const series = header.series[seriesIndex];
      if (series === undefined)
        throw new ReplayFileError("inconsistent", file, line, `no series ${seriesIndex} in the header`);
      return {
        observedAtSeconds: time,
        priceSource: series.priceSource,
        markets: {
          BTC: values(btcClose / header.closeTicksPerUsd.BTC, btcVol, series.impliedVolSource),
          ETH: values(ethClose / header.closeTicksPerUsd.ETH, ethVol, series.impliedVolSource),
        },
      };
    },
  );
  return { days };
}

/**
 * The history of a data folder as its file stands at each call (`followFile`).
 * @throws ReplayFileError at the first reading
 */
export function followDailyHistory(dataFolder: string, failed: (error: unknown) => void): () => DailyHistory {
  return followFile(join(dataFolder, DAILY_HISTORY_FILE), () => loadDailyHistory(dataFolder), failed);
}
