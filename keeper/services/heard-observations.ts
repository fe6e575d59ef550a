import type { Observation } from "../core/report/aggregate.ts";
import type { ObservationMessage } from "../ports/gossip.ts";
import type { Hex } from "../ports/hex.ts";

/** Rounds remembered of one keeper: enough for rounds that overlap, and a keeper that floods the gossip pushes out only its own. */
const ROUNDS_PER_KEEPER = 16;

/** What each keeper said it saw, by round: a proposal may only repeat it. */
export interface HeardObservations {
  note(from: Hex, message: ObservationMessage): void;
  /** What a keeper said first in a round; undefined when it was not heard. */
  of(author: Hex, epoch: bigint, round: number): Observation | undefined;
}

export function createHeardObservations(): HeardObservations {
  const byKeeper = new Map<Hex, Map<string, Observation>>();
  const slotOf = (epoch: bigint, round: number) => `${epoch.toString()}/${round.toString()}`;
  return {
    note: (from, { epoch, round, observation }) => {
      const rounds = byKeeper.get(from) ?? new Map<string, Observation>();
      byKeeper.set(from, rounds);
      const slot = slotOf(epoch, round);
      if (rounds.has(slot)) return;
      rounds.set(slot, observation);
      const [oldest] = rounds.keys();
      if (rounds.size > ROUNDS_PER_KEEPER && oldest !== undefined) rounds.delete(oldest);
    },
    of: (author, epoch, round) => byKeeper.get(author)?.get(slotOf(epoch, round)),
  };
}
