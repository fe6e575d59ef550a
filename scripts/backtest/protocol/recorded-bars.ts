import { existsSync } from "node:fs";
import { join } from "node:path";
import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import { MARKETS, type Market } from "../../../keeper/ports/market-data.ts";
import { numberOf, readCsvGz, secondsOf } from "../../extract/csv.ts";
import { readDailyImpliedVol, readHourlyBars, readHourlyImpliedVol } from "../hourly-series.ts";
import type { Bar, JointBar } from "./crash-bars.ts";
import type { CrashEpisode } from "./episodes.ts";

const HOUR_SECONDS = 3_600;
const MINUTE_SECONDS = 60;
const COINS: Readonly<Record<Market, string>> = { BTC: "btcusdt", ETH: "ethusdt" };

/** Hourly data of both markets, read once for all episodes. */
interface HourlyFolder {
  readonly bars: Readonly<Record<Market, ReturnType<typeof readHourlyBars>>>;
  readonly vols: Readonly<Record<Market, ReturnType<typeof readHourlyImpliedVol>>>;
  readonly dailyVols: Readonly<Record<Market, ReturnType<typeof readDailyImpliedVol>>>;
}

/** Bars of crashes out of a folder of recorded history. */
export interface RecordedBars {
  /** Both markets' bars of an episode at the finest span both have, at least `leastSeconds`; hours where nothing finer is recorded. */
  of(episode: CrashEpisode, leastSeconds: number): readonly JointBar[];
}

/** @throws DataFolderError */
export function openRecordedBars(dataFolder: string): RecordedBars {
  const both = <T>(read: (market: Market) => T): Readonly<Record<Market, T>> => ({
    BTC: read("BTC"),
    ETH: read("ETH"),
  });
  const folder: HourlyFolder = {
    bars: both((market) => readHourlyBars(dataFolder, market, "spot")),
    vols: both((market) => readHourlyImpliedVol(dataFolder, market)),
    dailyVols: both((market) => readDailyImpliedVol(dataFolder, market)),
  };
  return { of: (episode, leastSeconds) => episodeBars(dataFolder, folder, episode, leastSeconds) };
}

type BarsByEnd = ReadonlyMap<number, Bar>;

function episodeBars(
  dataFolder: string,
  folder: HourlyFolder,
  episode: CrashEpisode,
  leastSeconds: number,
): readonly JointBar[] {
  const fine = MARKETS.map((market) => fineBars(dataFolder, episode, market, leastSeconds));
  const seconds = Math.max(leastSeconds, (episode.fine?.minutes ?? 0) * MINUTE_SECONDS);
  const joint: JointBar[] = [];
  for (let hour = episode.startSeconds; hour < episode.endSeconds; hour += HOUR_SECONDS) {
    const ends = Array.from({ length: HOUR_SECONDS / seconds }, (_, index) => hour + (index + 1) * seconds);
    const complete = episode.fine !== undefined && ends.every((end) => fine.every((bars) => bars.has(end)));
    for (const end of complete ? ends : [hour + HOUR_SECONDS]) {
      const bars = complete
        ? fine.map((byEnd) => byEnd.get(end)!)
        : MARKETS.map((market) => hourBar(folder, market, hour));
      const [btc, eth] = bars;
      if (btc === undefined || eth === undefined) continue;
      joint.push({
        endSeconds: end,
        seconds: complete ? seconds : HOUR_SECONDS,
        bars: [btc, eth],
        indexVols: [indexVol(folder, "BTC", end), indexVol(folder, "ETH", end)],
      });
    }
  }
  return joint;
}

function hourBar({ bars }: HourlyFolder, market: Market, startSeconds: number): Bar | undefined {
  const { firstHour, open, high, low, close } = bars[market];
  const at = startSeconds / HOUR_SECONDS - firstHour;
  const bar = { open: open[at]!, high: high[at]!, low: low[at]!, close: close[at]! };
  return Number.isFinite(bar.close) ? bar : undefined;
}

/** Bars of a stress file, put together to at least `leastSeconds`; only complete ones. */
function fineBars(
  dataFolder: string,
  { fine }: CrashEpisode,
  market: Market,
  leastSeconds: number,
): BarsByEnd {
  const joined = new Map<number, Bar>();
  if (fine === undefined) return joined;
  const file = join(dataFolder, "stress", `${fine.prefix}_${COINS[market]}_spot_${fine.minutes}m.csv.gz`);
  if (!existsSync(file)) return joined;
  const native = fine.minutes * MINUTE_SECONDS;
  const span = Math.max(native, leastSeconds);
  const counts = new Map<number, number>();
  for (const row of readCsvGz(file)) {
    const end = (Math.floor(secondsOf(row("time")) / span) + 1) * span;
    const [open, high, low, close] = ["open", "high", "low", "close"].map((column) => numberOf(row(column)));
    const bar = { open: open!, high: high!, low: low!, close: close! };
    const before = joined.get(end);
    joined.set(
      end,
      before === undefined
        ? bar
        : {
            open: before.open,
            high: Math.max(before.high, bar.high),
            low: Math.min(before.low, bar.low),
            close: bar.close,
          },
    );
    counts.set(end, (counts.get(end) ?? 0) + 1);
  }
  for (const [end, count] of counts) if (count < span / native) joined.delete(end);
  return joined;
}

/**
 * The index as known at a moment: its last hourly close; where only the daily close is recorded (ETH before June 2022), that of the evening
 * before moved in proportion to BTC's index since.
 */
function indexVol(folder: HourlyFolder, market: Market, seconds: number): number | null {
  const hourly = hourlyVol(folder, market, seconds);
  if (hourly !== null) return hourly;
  const { firstDay, close } = folder.dailyVols[market];
  const today = Math.floor(seconds / SECONDS_PER_DAY);
  const evening = close[today - 1 - firstDay];
  if (evening === undefined || Number.isNaN(evening)) return null;
  const now = hourlyVol(folder, "BTC", seconds);
  const then = hourlyVol(folder, "BTC", today * SECONDS_PER_DAY);
  return now === null || then === null ? evening : (evening * now) / then;
}

function hourlyVol({ vols }: HourlyFolder, market: Market, seconds: number): number | null {
  const { firstHour, close } = vols[market];
  const value = close[Math.floor(seconds / HOUR_SECONDS) - 1 - firstHour];
  return value === undefined || Number.isNaN(value) ? null : value;
}
