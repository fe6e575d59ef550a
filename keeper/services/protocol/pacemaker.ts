import {
  hearWish,
  joinEpoch,
  pacemakerAt,
  wishForNext,
  type PacemakerQuorums,
  type PacemakerState,
} from "../../core/protocol/pacemaker.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ViewStore } from "../../ports/store.ts";

export interface Pacemaker {
  /** The epoch this keeper takes part in. */
  readonly epoch: bigint;
  /** The highest epoch it has asked for. */
  readonly wish: bigint;
  /** The leader made no progress, or its turn is over. */
  wishForNext(): void;
  heard(from: Hex, epoch: bigint): void;
  /** A quorum is known to have signed in an epoch. */
  join(epoch: bigint): void;
}

export interface PacemakerParts {
  readonly store: ViewStore;
  readonly quorums: () => PacemakerQuorums;
  /** The wish rose, and is durable. */
  readonly wished: (epoch: bigint) => void;
  /** The epoch rose, and is durable. */
  readonly entered: (epoch: bigint) => void;
  readonly failed: (error: unknown) => void;
}

/** The first epoch of a keeper that remembers none: it learns the present one from the wishes of f + 1 others, or from a signed report. */
const FIRST_EPOCH = 1n;

/**
 * Takes up the view where the store left it. Events are handled one after the other, and each change of the view is durable before it is acted
 * upon: a keeper that restarts never wishes or leads in an epoch it left.
 */
export async function openPacemaker(parts: PacemakerParts): Promise<Pacemaker> {
  const { store, quorums, wished, entered, failed } = parts;
  const saved = await store.loadView();
  let state = pacemakerAt(saved?.epoch ?? FIRST_EPOCH, saved?.wish);
  let last: Promise<void> = Promise.resolve();

  const apply = async (change: (before: PacemakerState) => PacemakerState): Promise<void> => {
    const before = state;
    const { epoch, wish, wishes } = change(before);
    const rose = wish > before.wish || epoch > before.epoch;
    if (rose) await store.saveView({ epoch, wish });
    state = { epoch, wish, wishes };
    if (wish > before.wish) wished(wish);
    if (epoch > before.epoch) entered(epoch);
  };
  const enqueue = (change: (before: PacemakerState) => PacemakerState): void => {
    last = last.then(() => apply(change)).catch(failed);
  };
  return {
    get epoch() {
      return state.epoch;
    },
    get wish() {
      return state.wish;
    },
    wishForNext: () => {
      enqueue(wishForNext);
    },
    heard: (from, epoch) => {
      enqueue((before) => hearWish(before, from, epoch, quorums()));
    },
    join: (epoch) => {
      enqueue((before) => joinEpoch(before, epoch));
    },
  };
}
