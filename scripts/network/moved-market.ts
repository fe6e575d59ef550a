// Recorded option chains as the market of now: a data folder in which some recorded snapshots follow each other from a moment on.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DAILY_HISTORY_FILE } from "../../keeper/adapters/replay/daily-history.ts";
import { EPISODES, type EpisodeId } from "../../keeper/adapters/replay/episodes.ts";
import {
  dailyHistoryHeader,
  dailyHistoryRecord,
  optionEpisodeHeader,
  optionEpisodeRecord,
  type OptionEpisodeHeader,
  type OptionEpisodeRecord,
} from "../../keeper/adapters/replay/file-format.ts";
import { readRecords } from "../../keeper/adapters/replay/read-records.ts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";

/** Which recorded snapshots are shown, and when. */
export interface MovedMarket {
  /** Where the recording is. */
  readonly dataFolder: string;
  readonly episode: EpisodeId;
  /** Numbers of recorded snapshots, shown in turn from the first on, and again when the last was shown. */
  readonly snapshots: readonly number[];
  /** When the first is shown. */
  readonly startSeconds: number;
  /** Time between two of them. */
  readonly stepSeconds: number;
  /** Nothing is shown after this time. */
  readonly endSeconds: number;
}

/** How one keeper sees the market. */
export interface MarketView {
  /** It sees each snapshot so much later than the first keeper does. */
  readonly lagSeconds: number;
  /** All its prices are so many times the recorded ones: 1 for an honest keeper. */
  readonly priceFactor: number;
}

const HONEST_VIEW: MarketView = { lagSeconds: 0, priceFactor: 1 };

/**
 * Writes a data folder that the replay adapter reads. Quotes are as recorded. Expiries and the daily history keep their distance from each
 * other and from the first snapshot's day: all are moved by the same whole number of days, to now.
 */
export function writeMovedMarket(folder: string, market: MovedMarket, view: MarketView = HONEST_VIEW): void {
  const file = EPISODES.find(({ id }) => id === market.episode)?.file ?? "";
  const recorded = readRecords(join(market.dataFolder, file), optionEpisodeHeader, optionEpisodeRecord);
  const records = recorded.records.map(({ record }) => record);
  const times = [...new Set(records.map(({ time }) => time))].sort((a, b) => a - b);
  const first = times[market.snapshots[0] ?? 0] ?? 0;
  const shift = Math.floor((market.startSeconds - first) / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  writeLines(join(folder, file), [
    movedHeader(recorded.header, shift),
    ...framesOf(market, times).flatMap(({ recordedSeconds, shownSeconds }) =>
      records
        .filter(({ time }) => time === recordedSeconds)
        .map((record) => seenBy(view, { ...record, time: shownSeconds })),
    ),
  ]);
  const history = readRecords(
    join(market.dataFolder, DAILY_HISTORY_FILE),
    dailyHistoryHeader,
    dailyHistoryRecord,
  );
  writeLines(join(folder, DAILY_HISTORY_FILE), [
    history.header,
    ...history.records.map(({ record: [time, ...values] }) => [time + shift, ...values]),
  ]);
}

/** Moments at which the market shows another snapshot, rising. */
export function framesOf(
  { snapshots, startSeconds, stepSeconds, endSeconds }: Omit<MovedMarket, "dataFolder" | "episode">,
  recordedTimes: readonly number[],
): readonly { readonly recordedSeconds: number; readonly shownSeconds: number }[] {
  const count = Math.max(1, Math.ceil((endSeconds - startSeconds) / stepSeconds));
  return Array.from({ length: count }, (_, frame) => {
    const snapshot = snapshots[frame % snapshots.length] ?? -1;
    const recordedSeconds = recordedTimes[snapshot];
    if (recordedSeconds === undefined)
      throw new RangeError(`there is no snapshot ${snapshot}, the last is ${recordedTimes.length - 1}`);
    return { recordedSeconds, shownSeconds: startSeconds + frame * stepSeconds };
  });
}

function movedHeader(header: OptionEpisodeHeader, shift: number): OptionEpisodeHeader {
  const moved = (listing: OptionEpisodeHeader["markets"]["BTC"]) => ({
    ...listing,
    expiries: listing.expiries.map((each) => ({ ...each, expirySeconds: each.expirySeconds + shift })),
  });
  return { ...header, markets: { BTC: moved(header.markets.BTC), ETH: moved(header.markets.ETH) } };
}

function seenBy({ lagSeconds, priceFactor }: MarketView, record: OptionEpisodeRecord): OptionEpisodeRecord {
  return {
    ...record,
    time: record.time + lagSeconds,
    spot: Math.round(record.spot * priceFactor),
    chains: record.chains.map(([index, forward, quotes]) => [
      index,
      Math.round(forward * priceFactor),
      quotes,
    ]),
  };
}

function writeLines(file: string, values: readonly unknown[]): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${values.map((value) => JSON.stringify(value)).join("\n")}\n`);
}
