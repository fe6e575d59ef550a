/** One attempt at a report: a leader's term and a slot within it. Later epochs come after all rounds of earlier ones. */
export interface RoundId {
  readonly epoch: bigint;
  readonly round: number;
}

/** What stands before every round: the place from which a keeper that knows nothing catches up. */
export const BEFORE_ALL_ROUNDS: RoundId = { epoch: 0n, round: 0 };

/** Whether `a` comes after `b`, as the contract orders reports. */
export function isAfter(a: RoundId, b: RoundId): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.round > b.round);
}

/** A round as logs and records name it: `epoch/round`. */
export function nameOfRound({ epoch, round }: RoundId): string {
  return `${epoch.toString()}/${round.toString()}`;
}
