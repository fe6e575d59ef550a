import { FORMAT_VERSION, SPOT_COLUMNS } from "../../keeper/adapters/replay/file-format.ts";
import type { SpotEpisodeHeader, SpotEpisodeRecord } from "../../keeper/adapters/replay/file-format.ts";
import { LICENCE, SPOT_SOURCE } from "./sources.ts";
import { readSpotBars } from "./spot-bars.ts";
import { toTicksExact } from "./ticks.ts";

const FROM_SECONDS = Date.UTC(2020, 2, 8) / 1000;
const UNTIL_SECONDS = Date.UTC(2020, 2, 17) / 1000;
const SPOT_TICKS_PER_USD = 100;

/** Cuts the hours of 8 to 16 March 2020: header, then one record for each hour that both markets traded. */
export function extractSpotEpisode(from: string): readonly [SpotEpisodeHeader, ...SpotEpisodeRecord[]] {
  const inSpan = (closedAt: number): boolean => closedAt > FROM_SECONDS && closedAt <= UNTIL_SECONDS;
  const btc = readSpotBars(from, "BTC", inSpan);
  const eth = readSpotBars(from, "ETH", inSpan);
  const header: SpotEpisodeHeader = {
    format: "ballast-spot-episode",
    version: FORMAT_VERSION,
    title: "BTC and ETH spot on Binance, hourly, 8 to 16 March 2020",
    source: [SPOT_SOURCE],
    licence: LICENCE,
    cut: "Every hour of the span; time is the hour's close, low the lowest trade of that hour. No option chain of that month exists.",
    columns: SPOT_COLUMNS,
    spotTicksPerUsd: SPOT_TICKS_PER_USD,
  };
  const records = [...btc.keys()].flatMap((time): SpotEpisodeRecord[] => {
    const [ofBtc, ofEth] = [btc.get(time), eth.get(time)];
    if (ofBtc === undefined || ofEth === undefined) return [];
    const [btcClose, btcLow, ethClose, ethLow] = [
      ofBtc.closeUsd,
      ofBtc.lowUsd,
      ofEth.closeUsd,
      ofEth.lowUsd,
    ].map((usd) => toTicksExact(usd, SPOT_TICKS_PER_USD)) as [number, number, number, number];
    return [[time, btcClose, btcLow, ethClose, ethLow]];
  });
  return [header, ...records];
}
