import { forgetOldest } from "../../core/remembered.ts";
import type { FeedRound } from "../../ports/spot-proofs.ts";

/** A proxy's round id is its aggregator's phase and, in this many bits, that aggregator's own round, which counts from one. */
export const PHASE_SHIFT = 64n;
/** Rounds remembered of all feeds: what has been said of a round does not change. */
const KEPT_ROUNDS = 4_096;

/** When a round of a feed began; null when the feed has no such round. */
export type ReadRound = (feed: string, id: bigint) => Promise<number | null>;

/** Finds the last round of a feed that began at or before a time. */
export type FindRound = (feed: string, latest: FeedRound, atSeconds: number) => Promise<bigint>;

/**
 * Looks back from the latest round in steps that double, then between the last two: a round n rounds ago takes about 2 log2(n) reads, and none twice.
 * The answer is the aggregator's first round when that began later.
 */
export function createRoundFinder(read: ReadRound): FindRound {
  const known = new Map<string, number>();
  const beganAt = async (feed: string, id: bigint): Promise<number> => {
    const name = `${feed}/${id.toString()}`;
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const updatedAt = await read(feed, id);
    // A gap among the rounds: whatever lies before it is no longer shown.
    if (updatedAt === null) return Number.NEGATIVE_INFINITY;
    known.set(name, updatedAt);
    forgetOldest(known, KEPT_ROUNDS);
    return updatedAt;
  };
  return async (feed, latest, atSeconds) => {
    if (latest.updatedAtSeconds <= atSeconds) return latest.id;
    const first = ((latest.id >> PHASE_SHIFT) << PHASE_SHIFT) + 1n;
    // `after` began after the time.
    let after = latest.id;
    let before = latest.id;
    for (let step = 1n; before > first; step *= 2n) {
      before = after - step > first ? after - step : first;
      if ((await beganAt(feed, before)) <= atSeconds) break;
      after = before;
    }
    while (after - before > 1n) {
      const middle = (after + before) / 2n;
      if ((await beganAt(feed, middle)) <= atSeconds) before = middle;
      else after = middle;
    }
    return before;
  };
}
