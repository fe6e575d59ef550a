import { MIN_REPLACEMENT_BUMP_BPS } from "../../core/transactions/fees.ts";
import type { FollowPolicy } from "../../core/transactions/next-step.ts";

/** How a sender waits, pays and lets go. */
export interface TransactionPolicy extends FollowPolicy {
  /** Blocks at which a transaction is forgotten; until then it is sent again should a reorganisation drop it. */
  readonly finalityBlocks: bigint;
  /** Longest time between two looks at the chain, ms. */
  readonly pollMs: number;
  /** Time between two looks at what is mined and not final, ms. */
  readonly watchMs: number;
  /** Least time between two alerts about one transaction, ms. */
  readonly alertEveryMs: number;
}

const GWEI = 1_000_000_000n;

/** For a public chain with blocks of some seconds. */
export const DEFAULT_TRANSACTION_POLICY: TransactionPolicy = {
  maxFeePerGasCapWei: 500n * GWEI,
  minPriorityFeeWei: GWEI / 100n,
  replacementBumpBps: MIN_REPLACEMENT_BUMP_BPS,
  confirmations: 2n,
  finalityBlocks: 64n,
  replaceAfterBlocks: 3n,
  replaceAfterMs: 12_000,
  pollMs: 1_000,
  watchMs: 15_000,
  alertEveryMs: 60_000,
};

/** For a local chain that mines on demand and is never reorganised: no block need come after a transaction's own. */
export const LOCAL_TRANSACTION_POLICY: TransactionPolicy = {
  ...DEFAULT_TRANSACTION_POLICY,
  confirmations: 1n,
  finalityBlocks: 1n,
  pollMs: 100,
};

/** @throws RangeError naming the parameter that cannot work */
export function requireUsable(policy: TransactionPolicy): void {
  const { replacementBumpBps, confirmations, finalityBlocks, pollMs } = policy;
  if (replacementBumpBps < MIN_REPLACEMENT_BUMP_BPS) {
    throw new RangeError(
      `replacementBumpBps is ${replacementBumpBps.toString()}: nodes take no replacement below ${MIN_REPLACEMENT_BUMP_BPS.toString()}`,
    );
  }
  if (confirmations < 1n) throw new RangeError(`confirmations is ${confirmations.toString()}: at least 1`);
  if (finalityBlocks < confirmations) {
    throw new RangeError(
      `finalityBlocks is ${finalityBlocks.toString()}: at least the ${confirmations.toString()} confirmations`,
    );
  }
  if (!(pollMs > 0)) throw new RangeError(`pollMs is ${pollMs}: above 0`);
}
