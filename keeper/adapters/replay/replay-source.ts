import type { Clock } from "../../ports/clock.ts";
import type { MarketSource } from "../../ports/market-source.ts";
import type { Replay } from "./replay.ts";

/** A recording as one source among venues: what it knew at the clock's time. */
export function replaySource(replay: Replay, clock: Clock): MarketSource {
  return {
    name: `replay-${replay.episode.id}`,
    latest: (market) => replay.at(clock.nowSeconds()).latest(market),
  };
}
