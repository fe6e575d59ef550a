import { MarketDataUnavailable } from "../../ports/market-data.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DailyHistory, Market, MarketData, MarketSnapshot } from "../../ports/market-data.ts";
import type { Episode } from "./episodes.ts";

export interface Replay {
  readonly episode: Episode;
  /** Every moment at which a snapshot of some market becomes known, rising. */
  readonly snapshotTimes: readonly number[];
  /** Market data as it was known at `nowSeconds`: nothing observed later can be seen through it. */
  at(nowSeconds: number): MarketData;
}

/** Plays recorded days back by a clock that the caller holds. */
export function openReplay(episode: Episode, history: DailyHistory): Replay {
  const times = new Set(episode.snapshots.map((snapshot) => snapshot.observedAtSeconds));
  return {
    episode,
    snapshotTimes: [...times].sort((a, b) => a - b),
    at: (nowSeconds) => ({
      latest: (market) => Promise.resolve().then(() => knownAt(episode, market, nowSeconds)),
      lastKnown: (market) => knownAt(episode, market, nowSeconds),
      lastDaySeconds: () =>
        history.days.findLast((day) => day.observedAtSeconds <= nowSeconds)?.observedAtSeconds ?? null,
      history: () =>
        Promise.resolve({ days: history.days.filter((day) => day.observedAtSeconds <= nowSeconds) }),
      // No recording shows the coin that accounts settle in.
      settlementCoinUsd: () => Promise.resolve(1),
      // The project's extract is of days.
      hours: () => Promise.resolve(null),
    }),
  };
}

function knownAt({ snapshots }: Episode, market: Market, nowSeconds: number): MarketSnapshot {
  const known = snapshots.findLast(
    (snapshot) => snapshot.market === market && snapshot.observedAtSeconds <= nowSeconds,
  );
  if (known === undefined) throw new MarketDataUnavailable(market, nowSeconds);
  return known;
}

/** Market data that shows at any moment what was known at the clock's time. */
export function replayBy(replay: Replay, clock: Clock): MarketData {
  const now = () => replay.at(clock.nowSeconds());
  return {
    latest: (market) => now().latest(market),
    lastKnown: (market) => now().lastKnown(market),
    lastDaySeconds: () => now().lastDaySeconds(),
    history: () => now().history(),
    settlementCoinUsd: () => now().settlementCoinUsd(),
    hours: (market) => now().hours(market),
  };
}
