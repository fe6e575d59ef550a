import type { RegisteredKeeper } from "../../ports/chain-probe.ts";

/** An operator with stake, as KeeperStaking holds it; times in Unix seconds. */
export interface StakedMember {
  readonly operator: string;
  /** Whether governance lets it stand. */
  readonly isCandidate: boolean;
  readonly entry: RegisteredKeeper;
  /** Counts in the entry's place from `pendingFrom` on; null when there is none. */
  readonly pending: RegisteredKeeper | null;
  readonly pendingFrom: number;
  readonly eligibleFrom: number;
  /** Zero while it stays. */
  readonly leavesAt: number;
  readonly stakeUnits: bigint;
}

/**
 * The entries that `activate` would put in force at a time, in the registry's order: the eldest members that qualify (contracts/oracle/KeeperStaking.sol).
 * Fewer than required when too few qualify: the contract refuses then.
 * @param members in the order of their joining
 */
export function chooseEntries(
  members: readonly StakedMember[],
  { minStakeUnits, required }: { readonly minStakeUnits: bigint; readonly required: number },
  atSeconds: number,
): readonly RegisteredKeeper[] {
  return members
    .filter(
      ({ isCandidate, eligibleFrom, leavesAt, stakeUnits }) =>
        isCandidate &&
        atSeconds >= eligibleFrom &&
        (leavesAt === 0 || atSeconds < leavesAt) &&
        stakeUnits >= minStakeUnits,
    )
    .slice(0, required)
    .map(({ entry, pending, pendingFrom }) =>
      pending !== null && atSeconds >= pendingFrom ? pending : entry,
    )
    .toSorted((a, b) => (BigInt(a.reportKey) < BigInt(b.reportKey) ? -1 : 1));
}
