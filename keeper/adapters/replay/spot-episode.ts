import type { Market, MarketSnapshot } from "../../ports/market-data.ts";
import { spotEpisodeHeader, spotEpisodeRecord } from "./file-format.ts";
import { assertRising, readRecords } from "./read-records.ts";
import { ReplayFileError } from "./replay-file-error.ts";

/** Reads recorded spot prices as snapshots without quotes, in rising order of time. Throws `ReplayFileError`. */
export function readSpotEpisode(file: string): {
  readonly title: string;
  readonly snapshots: readonly MarketSnapshot[];
} {
  const { header, records } = readRecords(file, spotEpisodeHeader, spotEpisodeRecord);
  assertRising(
    file,
    records.map(({ line, record: [time] }) => ({ line, value: time })),
  );
  const snapshots = records.flatMap(({ line, record: [time, btcClose, btcLow, ethClose, ethLow] }) => {
    const snapshot = (market: Market, close: number, low: number): MarketSnapshot => {
      if (low > close)
        throw new ReplayFileError(
          "inconsistent",
          file,
          line,
          `${market} low ${low} above close ${close} ticks`,
        );
      return {
        market,
        observedAtSeconds: time,
        spotUsd: close / header.spotTicksPerUsd,
        spotLowUsd: low / header.spotTicksPerUsd,
        expiries: [],
        openInterestUsd: null,
        depthUsd: null,
      };
    };
    return [snapshot("BTC", btcClose, btcLow), snapshot("ETH", ethClose, ethLow)];
  });
  return { title: header.title, snapshots };
}
