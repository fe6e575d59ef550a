import { SECONDS_PER_DAY } from "../core/units.ts";
import type { Clock } from "../ports/clock.ts";
import { MARKETS, type DailyObservation, type Market } from "../ports/market-data.ts";
import {
  HistoryRefused,
  type HistoryStore,
  type HourBar,
  type HourVol,
  type JointHour,
  type RecordSource,
  type StoredHistory,
} from "../ports/market-records.ts";

const SECONDS_PER_HOUR = 3_600;
/** An hour's figures are final so long after its end. */
const SETTLING_SECONDS = 120;
/** What a first update asks for: the hourly model learns from 730 days, is fitted anew every 30 and looks 30 back. */
const FIRST_HOURS = 800 * 24;
/** Hours asked for at once; venues answer at most a thousand. */
const HOURS_PER_REQUEST = 720;
/** The longest time that the exchange has stood still is 33 hours (2018-02-08). */
const MAX_HOLE_HOURS = 36;
/** No hour of either market has moved by so much, log units: the worst of March 2020 was 0.19. */
const MAX_HOURLY_CHANGE = 0.5;
/** Two readings of one figure. */
const SAME = 1e-9;

export interface HistoryUpdateParts {
  readonly source: RecordSource;
  readonly store: HistoryStore;
  readonly clock: Clock;
  /** Called as the venues answer. */
  readonly progress?: (hoursDone: number, hoursInAll: number) => void;
}

/** What an update added. */
export interface HistoryUpdate {
  readonly hours: number;
  readonly days: number;
  /** End of the last hour on file; null when there is none. */
  readonly lastHourSeconds: number | null;
  readonly lastDaySeconds: number;
  /** Whether every hour that is final by now is on file. */
  readonly isComplete: boolean;
}

/**
 * Continues hours and days on file from the venues, up to the last hour that is final. An hour counts once every series shows it, or shows later
 * ones: what is appended never depends on when one asks, so all keepers append the same. A day is its last hour, and is left out where that is.
 * @throws HistoryRefused, VenueError, and what the store throws
 */
export async function updateHistory(parts: HistoryUpdateParts): Promise<HistoryUpdate> {
  const { store, clock } = parts;
  const stored = store.read();
  const dueSeconds = floorTo(clock.nowSeconds() - SETTLING_SECONDS, SECONDS_PER_HOUR);
  const lastDaySeconds = stored.days.days.at(-1)?.observedAtSeconds ?? 0;
  const afterSeconds = startOf(stored, lastDaySeconds, dueSeconds);
  const lastHourSeconds = stored.lastHour?.endSeconds ?? null;
  if (dueSeconds <= (lastHourSeconds ?? afterSeconds))
    return { hours: 0, days: 0, lastHourSeconds, lastDaySeconds, isComplete: true };
  const hours = joinHours(await askAll(parts, afterSeconds, dueSeconds), afterSeconds);
  requireSame(stored, hours);
  const fresh = hours.filter(({ endSeconds }) => endSeconds > (lastHourSeconds ?? afterSeconds));
  requirePlausible([...(stored.lastHour === null ? [] : [stored.lastHour]), ...fresh]);
  const days = [...store.hoursAfter(lastDaySeconds), ...fresh]
    .filter(({ endSeconds }) => endSeconds % SECONDS_PER_DAY === 0 && endSeconds > lastDaySeconds)
    .map(dayOf);
  store.append(fresh, days);
  const newest = fresh.at(-1)?.endSeconds ?? lastHourSeconds;
  return {
    hours: fresh.length,
    days: days.length,
    lastHourSeconds: newest,
    lastDaySeconds: days.at(-1)?.observedAtSeconds ?? lastDaySeconds,
    isComplete: newest === dueSeconds,
  };
}

/** The next moment at which one more hour is final. */
export function nextHourDueSeconds(nowSeconds: number): number {
  return floorTo(nowSeconds - SETTLING_SECONDS, SECONDS_PER_HOUR) + SECONDS_PER_HOUR + SETTLING_SECONDS;
}

const floorTo = (seconds: number, step: number): number => Math.floor(seconds / step) * step;

/** Hours after this are asked for; the last one on file is asked for again, to be compared. */
function startOf(stored: StoredHistory, lastDaySeconds: number, dueSeconds: number): number {
  if (stored.lastHour === null || stored.firstHourSeconds === null) {
    const first = floorTo(dueSeconds, SECONDS_PER_DAY) - FIRST_HOURS * SECONDS_PER_HOUR;
    return Math.min(first, floorTo(lastDaySeconds, SECONDS_PER_HOUR));
  }
  if (lastDaySeconds < stored.firstHourSeconds - SECONDS_PER_DAY)
    throw new HistoryRefused(
      "detached",
      `the days on file end ${shown(lastDaySeconds)}, the hours begin ${shown(stored.firstHourSeconds)}: nothing lies between`,
      "move history/hours.ndjson away and update again, or copy both files from another keeper",
    );
  return stored.lastHour.endSeconds - SECONDS_PER_HOUR;
}

/** The venues' series of one market. */
interface Series {
  readonly bars: ReadonlyMap<number, HourBar>;
  readonly vols: ReadonlyMap<number, HourVol>;
}

async function askAll(
  { source, progress }: HistoryUpdateParts,
  afterSeconds: number,
  untilSeconds: number,
): Promise<ReadonlyMap<Market, Series>> {
  const series = new Map(
    MARKETS.map((market) => [market, { bars: new Map<number, HourBar>(), vols: new Map<number, HourVol>() }]),
  );
  const step = HOURS_PER_REQUEST * SECONDS_PER_HOUR;
  for (let from = afterSeconds; from < untilSeconds; from += step) {
    const to = Math.min(from + step, untilSeconds);
    await Promise.all(
      MARKETS.map(async (market) => {
        const [bars, vols] = await Promise.all([
          source.bars(market, from, to),
          source.impliedVols(market, from, to),
        ]);
        for (const bar of bars) series.get(market)?.bars.set(bar.endSeconds, bar);
        for (const vol of vols) series.get(market)?.vols.set(vol.endSeconds, vol);
      }),
    );
    progress?.((to - afterSeconds) / SECONDS_PER_HOUR, (untilSeconds - afterSeconds) / SECONDS_PER_HOUR);
  }
  return series;
}

/** Hours that are settled and that both markets have. @throws HistoryRefused `gap` */
function joinHours(series: ReadonlyMap<Market, Series>, afterSeconds: number): readonly JointHour[] {
  const all = [...series.values()];
  const newest = (entries: ReadonlyMap<number, unknown>) =>
    [...entries.keys()].reduce((latest, end) => Math.max(latest, end), -Infinity);
  const settled = Math.min(...all.flatMap(({ bars, vols }) => [newest(bars), newest(vols)]));
  const joint: JointHour[] = [];
  const last = { bar: afterSeconds, vol: afterSeconds };
  for (let end = afterSeconds + SECONDS_PER_HOUR; end <= settled; end += SECONDS_PER_HOUR) {
    const [btc, eth] = [hourOf(series.get("BTC"), end), hourOf(series.get("ETH"), end)];
    if (btc !== null && eth !== null) {
      joint.push({ endSeconds: end, markets: { BTC: btc, ETH: eth } });
      last.bar = end;
    }
    if (all.every(({ vols }) => vols.has(end))) last.vol = end;
    for (const [what, seconds] of [
      ["a price", last.bar],
      ["an implied vol", last.vol],
    ] as const)
      if (end - seconds > MAX_HOLE_HOURS * SECONDS_PER_HOUR)
        throw new HistoryRefused(
          "gap",
          `the venues show no hour of both markets with ${what} from ${shown(seconds)} to ${shown(end)}, and at most ${MAX_HOLE_HOURS} hours may be missing`,
          "ask again later or name a mirror in marketData.origins; when the exchange really stood still so long, agree with the other keepers on one file",
        );
  }
  return joint;
}

function hourOf(series: Series | undefined, endSeconds: number): JointHour["markets"][Market] | null {
  const bar = series?.bars.get(endSeconds);
  if (bar === undefined) return null;
  const { openUsd, highUsd, lowUsd, closeUsd } = bar;
  return { openUsd, highUsd, lowUsd, closeUsd, impliedVol: series?.vols.get(endSeconds)?.vol ?? null };
}

/** What is on file must be what the venues show: the last hour, and each day of the same source that lies among the hours. */
function requireSame({ days, lastHour }: StoredHistory, hours: readonly JointHour[]): void {
  const shownHours = new Map(hours.map((hour) => [hour.endSeconds, hour]));
  const compare = (
    what: string,
    seconds: number,
    market: Market,
    kept: number,
    seen: number,
    unit: number,
  ) => {
    if (Math.abs(kept - seen) > unit / 2 + SAME * kept)
      throw new HistoryRefused(
        "restated",
        `${what} ${shown(seconds)} of ${market} is ${kept} on file and ${seen} at the venue`,
        "compare the file with another keeper's and the venue; whoever is wrong, take the file that the others have",
      );
  };
  const again = lastHour === null ? undefined : shownHours.get(lastHour.endSeconds);
  for (const market of MARKETS) {
    if (lastHour !== null && again !== undefined)
      for (const field of ["openUsd", "highUsd", "lowUsd", "closeUsd"] as const)
        compare(
          "the hour",
          again.endSeconds,
          market,
          lastHour.markets[market][field],
          again.markets[market][field],
          0,
        );
    for (const day of days.days) {
      const hour = day.priceSource === "exchange-close" ? shownHours.get(day.observedAtSeconds) : undefined;
      if (hour === undefined) continue;
      compare(
        "the day",
        day.observedAtSeconds,
        market,
        day.markets[market].closeUsd,
        hour.markets[market].closeUsd,
        DAY_TICK_USD[market],
      );
    }
  }
}

/** Days are kept in these steps. */
const DAY_TICK_USD: Readonly<Record<Market, number>> = { BTC: 0.1, ETH: 0.01 };

function requirePlausible(hours: readonly JointHour[]): void {
  for (const [index, { endSeconds, markets }] of hours.entries())
    for (const market of MARKETS) {
      const { openUsd, highUsd, lowUsd, closeUsd } = markets[market];
      const before = hours[index - 1]?.markets[market].closeUsd ?? openUsd;
      const change = Math.max(Math.abs(Math.log(closeUsd / before)), Math.log(highUsd / lowUsd));
      if (change > MAX_HOURLY_CHANGE)
        throw new HistoryRefused(
          "implausible",
          `${market} moved by ${change.toFixed(2)} (log) in the hour to ${shown(endSeconds)}, more than ${MAX_HOURLY_CHANGE}`,
          "look at the venue by hand; when the market really did, agree with the other keepers on one file",
        );
    }
}

function dayOf({ endSeconds, markets }: JointHour): DailyObservation {
  const values = (market: Market) => {
    const { closeUsd, impliedVol } = markets[market];
    return {
      closeUsd,
      impliedVol: impliedVol === null ? null : { vol: impliedVol, source: "thirty-day-index" as const },
    };
  };
  return {
    observedAtSeconds: endSeconds,
    priceSource: "exchange-close",
    markets: { BTC: values("BTC"), ETH: values("ETH") },
  };
}

const MILLISECONDS = 1_000;

function shown(seconds: number): string {
  return new Date(seconds * MILLISECONDS).toISOString().replace(".000Z", "Z");
}
