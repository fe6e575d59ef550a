import {
  alignHistories,
  type DailyRecord,
  type JointHistory,
  type MarketRecords,
} from "../core/scenarios/history.ts";
import { SECONDS_PER_DAY } from "../core/units.ts";
import type { Hex } from "../ports/hex.ts";
import type { DailyHistory, DailyObservation, Market, MarketData } from "../ports/market-data.ts";
import type { ScenarioBuilder } from "../ports/scenario-builder.ts";
import type { Timer } from "../ports/timer.ts";
import type { MarketListing } from "./observe.ts";

/** The markets' daily records, in the order of the listings. */
export function marketRecords(
  history: DailyHistory,
  listings: readonly MarketListing[],
): readonly MarketRecords[] {
  return listings.map(({ market, symbol }) => ({ market, records: dailyRecords(history, symbol) }));
}

/** The markets' daily history on one calendar. */
export function jointHistory(history: DailyHistory, listings: readonly MarketListing[]): JointHistory {
  return alignHistories(marketRecords(history, listings));
}

/** Without the first day of a source that follows another on the next day: between the two lies no return. */
function dailyRecords({ days }: DailyHistory, symbol: Market): readonly DailyRecord[] {
  const dayOf = ({ observedAtSeconds }: DailyObservation) => Math.floor(observedAtSeconds / SECONDS_PER_DAY);
  const joinsAnother = (day: DailyObservation, before: DailyObservation | undefined) =>
    before !== undefined && before.priceSource !== day.priceSource && dayOf(day) - dayOf(before) === 1;
  return days
    .filter((day, index) => !joinsAnother(day, days[index - 1]))
    .map((day) => ({
      day: dayOf(day),
      close: day.markets[symbol].closeUsd,
      volIndex: day.markets[symbol].impliedVol?.vol ?? null,
    }));
}

interface OwnScenariosParts {
  readonly marketData: Pick<MarketData, "history">;
  readonly listings: readonly MarketListing[];
  readonly builder: ScenarioBuilder;
  readonly timer: Timer;
}

/** The scenario set of a keeper's own history. */
export interface OwnScenarios {
  /**
   * The encoded set as of now. It is built once for each history, whoever asks and however often; a history that makes none is not tried
   * again for a while.
   * @throws ScenarioBuildFailed; the signal's reason when it aborts
   */
  current(signal: AbortSignal): Promise<Hex>;
}

/** What a history made. */
interface Build {
  readonly histories: readonly MarketRecords[];
  readonly set: Promise<Hex>;
  /** Null while it is being built, and when it succeeded. */
  failedAtMs: number | null;
}

/** Time before a history whose build failed is tried again. */
const RETRY_MS = 60_000;

export function createOwnScenarios({
  marketData,
  listings,
  builder,
  timer,
}: OwnScenariosParts): OwnScenarios {
  let last: Build | null = null;
  const begin = (histories: readonly MarketRecords[], before: Build | null, signal: AbortSignal): Build => {
    const build = async () => {
      // One at a time.
      await before?.set.catch(() => undefined);
      return builder.build(histories, signal);
    };
    const begun: Build = { histories, set: build(), failedAtMs: null };
    begun.set.catch(() => {
      begun.failedAtMs = timer.nowMs();
    });
    return begun;
  };
  return {
    current: async (signal) => {
      const histories = marketRecords(await marketData.history(), listings);
      const mayRetry =
        last !== null && last.failedAtMs !== null && timer.nowMs() - last.failedAtMs >= RETRY_MS;
      if (last === null || mayRetry || !isSameHistory(last.histories, histories))
        last = begin(histories, last, signal);
      return last.set;
    },
  };
}

function isSameHistory(a: readonly MarketRecords[], b: readonly MarketRecords[]): boolean {
  return a.length === b.length && a.every((market, index) => isSameMarket(market, b[index]));
}

function isSameMarket(a: MarketRecords, b: MarketRecords | undefined): boolean {
  return (
    a.market === b?.market &&
    a.records.length === b.records.length &&
    a.records.every(({ day, close, volIndex }, index) => {
      const other = b.records[index];
      return day === other?.day && close === other.close && volIndex === other.volIndex;
    })
  );
}
