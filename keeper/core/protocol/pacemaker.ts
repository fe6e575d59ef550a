// Leader replacement by vote, after the pacemaker of Chainlink's Off-chain Reporting Protocol (Breidenbach et al. 2021).

/** Where a keeper stands in the order of leaders, and which epochs the others have asked for. */
export interface PacemakerState {
  /** The epoch it takes part in. */
  readonly epoch: bigint;
  /** The highest epoch it has asked for; at least `epoch`. */
  readonly wish: bigint;
  /** The highest epoch each keeper was heard to ask for. */
  readonly wishes: ReadonlyMap<string, bigint>;
}

/** Sizes of the vote. */
export interface PacemakerQuorums {
  readonly keepers: readonly string[];
  /** f. */
  readonly faults: number;
}

/**
 * Epochs by which a wish may be ahead: eleven days of leaders that all fail. A keeper that is further behind learns the epoch from a signed report. Far
 * below the number of epochs that a report may skip, so that no vote leads to an epoch in which nothing can be signed.
 */
export const MAX_EPOCHS_WISHED_AHEAD = 100_000n;

export function pacemakerAt(epoch: bigint, wish: bigint = epoch): PacemakerState {
  return { epoch, wish: wish > epoch ? wish : epoch, wishes: new Map() };
}

/** The leader made no progress, or its turn is over: asks for the next epoch. */
export function wishForNext(state: PacemakerState): PacemakerState {
  return state.wish > state.epoch ? state : { ...state, wish: state.epoch + 1n };
}

/**
 * A keeper asks for an epoch. What f + 1 ask for, some honest keeper asks for: it is adopted. What 2f + 1 ask for is entered: at least f + 1 of
 * them are honest, so that everyone else will adopt it too. A wish that is too far ahead is not heard at all.
 */
export function hearWish(
  state: PacemakerState,
  from: string,
  epoch: bigint,
  { keepers, faults }: PacemakerQuorums,
): PacemakerState {
  const isNew = epoch > (state.wishes.get(from) ?? -1n) && epoch <= state.epoch + MAX_EPOCHS_WISHED_AHEAD;
  if (!isNew || !keepers.includes(from)) return state;
  const wishes = new Map(state.wishes).set(from, epoch);
  const ranked = keepers
    .map((keeper) => wishes.get(keeper) ?? -1n)
    .sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
  const adopted = ranked[faults] ?? -1n;
  const entered = ranked[2 * faults] ?? -1n;
  return {
    epoch: larger(state.epoch, entered),
    wish: larger(state.wish, adopted),
    wishes,
  };
}

/** A quorum has signed in an epoch: whoever is behind joins it. */
export function joinEpoch(state: PacemakerState, epoch: bigint): PacemakerState {
  return epoch <= state.epoch ? state : { ...state, epoch, wish: larger(state.wish, epoch) };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
