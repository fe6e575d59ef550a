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

/** What an operator may choose for itself; what is undefined has the chain's default. */
export type TransactionChoices = {
  readonly [
    Name in
      | "maxFeePerGasCapWei"
      | "maxPriorityFeePerGasCapWei"
      | "replaceAfterBlocks"
      | "replaceAfterMs"
      | "confirmations"
      | "finalityBlocks"
  ]?: TransactionPolicy[Name] | undefined;
};

const GWEI = 1_000_000_000n;
/** A chain of this id runs on the own machine and mines on demand. */
const LOCAL_CHAIN_ID = 31_337;

/** For a public chain with blocks of some seconds. */
export const DEFAULT_TRANSACTION_POLICY: TransactionPolicy = {
  maxFeePerGasCapWei: 500n * GWEI,
  maxPriorityFeePerGasCapWei: 50n * GWEI,
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

/** For a local chain that mines on demand: no block need come after a transaction's own, and no reorganisation is awaited. */
const LOCAL_TRANSACTION_POLICY: TransactionPolicy = {
  ...DEFAULT_TRANSACTION_POLICY,
  confirmations: 1n,
  finalityBlocks: 1n,
  pollMs: 100,
};

/** The policy for a chain: its defaults, unless chosen otherwise; a default yields to a choice that it would contradict. */
export function transactionPolicy(chainId: number, choices: TransactionChoices): TransactionPolicy {
  const defaults = chainId === LOCAL_CHAIN_ID ? LOCAL_TRANSACTION_POLICY : DEFAULT_TRANSACTION_POLICY;
  const maxFeePerGasCapWei = choices.maxFeePerGasCapWei ?? defaults.maxFeePerGasCapWei;
  const finalityBlocks =
    choices.finalityBlocks ?? larger(defaults.finalityBlocks, choices.confirmations ?? 1n);
  return {
    ...defaults,
    maxFeePerGasCapWei,
    maxPriorityFeePerGasCapWei:
      choices.maxPriorityFeePerGasCapWei ?? smaller(defaults.maxPriorityFeePerGasCapWei, maxFeePerGasCapWei),
    replaceAfterBlocks: choices.replaceAfterBlocks ?? defaults.replaceAfterBlocks,
    replaceAfterMs: choices.replaceAfterMs ?? defaults.replaceAfterMs,
    confirmations: choices.confirmations ?? smaller(defaults.confirmations, finalityBlocks),
    finalityBlocks,
  };
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);

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
