import { statSync } from "node:fs";
import { join } from "node:path";

import type {
  DailyHistory,
  DailyMarketValues,
  DailyObservation,
  ImpliedVolSource,
} from "../../ports/market-data.ts";
import { ABSENT, dailyHistoryHeader, dailyHistoryRecord } from "./file-format.ts";
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
 * The history of a data folder as its file stands at each call: a file that was replaced is read again. One that cannot be read leaves the days
 * known before.
 * @param failed is told why, once for each state of the file
 * @throws ReplayFileError at the first reading
 */
export function followDailyHistory(dataFolder: string, failed: (error: unknown) => void): () => DailyHistory {
  const file = join(dataFolder, DAILY_HISTORY_FILE);
  let state = stateOf(file);
  let history = loadDailyHistory(dataFolder);
  return () => {
    const now = stateOf(file);
    if (now === state) return history;
    state = now;
    try {
      history = loadDailyHistory(dataFolder);
    } catch (error) {
      failed(error);
    }
    return history;
  };
}

/** What changes when a file is written or replaced. */
function stateOf(file: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(file);
    return `${ino}/${size}/${mtimeMs}`;
  } catch (error) {
    return String(error);
  }
}
