import type { EvidenceStore } from "./evidence-store.ts";
import type { SpotStore } from "./spot-proofs.ts";
import type { TransactionLog } from "./transaction-log.ts";
import type { BlockPlace, SignedHead } from "./watch-chain.ts";
import type { Equivocation } from "./prosecutor.ts";

/** What a watchtower must not forget. Every write is durable when its promise resolves. */
export interface WatchStore extends EvidenceStore, SpotStore, TransactionLog {
  /** The newest blocks that were read whole, the newest first. */
  lastBlocks(): Promise<readonly BlockPlace[]>;
  /** Remembers that a block was read whole. Blocks of its number and above are no longer read; the oldest go when there are too many. */
  saveBlock(block: BlockPlace): Promise<void>;
  /**
   * Remembers the first head that each key signed in each round; the oldest go when there are too many.
   * @returns what contradicts the heads that are remembered
   */
  noteHeads(signed: readonly SignedHead[]): Promise<readonly Equivocation[]>;
  close(): Promise<void>;
}

/** Blocks that are looked at again when the chain was reorganised. */
export const KEPT_BLOCKS = 128;
/** Signed heads that are remembered: those of 9 signers in 11,000 reports, more than a month of heartbeats. */
export const KEPT_HEADS = 100_000;
