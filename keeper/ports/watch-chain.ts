import type { ReportHead, RiskReport } from "../core/report/typed-data.ts";
import type { Hex } from "./hex.ts";
import type { KeeperSet } from "./oracle-chain.ts";

/** A head with one signature over it. */
export interface SignedHead {
  readonly head: ReportHead;
  /** The EIP-712 hash that was signed. */
  readonly hash: Hex;
  readonly signature: Hex;
  readonly signer: Hex;
}

/** A report that somebody sent in whatever call, accepted or not: what was signed is evidence either way. */
export interface SubmittedReport {
  readonly transaction: Hex;
  readonly blockNumber: bigint;
  readonly isAccepted: boolean;
  readonly report: RiskReport;
  /** Those by keepers of the report's configuration. */
  readonly signatures: readonly SignedHead[];
}

/** Something in a block that could not be read whole, and why. */
export interface UnreadTransaction {
  readonly transaction: Hex;
  readonly reason: string;
  /** It brought a report that the oracle accepted. */
  readonly isAccepted: boolean;
}

/** A block's place on its chain. */
export interface BlockPlace {
  readonly number: bigint;
  readonly hash: Hex;
}

/** What one block holds for a watchtower. */
export interface WatchedBlock extends BlockPlace {
  readonly parentHash: Hex;
  readonly timestampSeconds: number;
  /** In the order of their transactions. */
  readonly reports: readonly SubmittedReport[];
  readonly unread: readonly UnreadTransaction[];
}

/** Keeper configurations by digest. */
export type Configurations = ReadonlyMap<Hex, KeeperSet>;

/** What a watchtower reads of the chain. Every method throws when no node answers. */
export interface WatchChain {
  latestBlock(): Promise<BlockPlace>;
  /** The hash of a block; null when this chain has none of that number. */
  hashOf(number: bigint): Promise<Hex | null>;
  /** Every configuration of keepers that there has been up to now. */
  configurations(): Promise<Configurations>;
  /** A block with the reports of these configurations; null when this chain has none of that number. */
  block(number: bigint, configurations: Configurations): Promise<WatchedBlock | null>;
}
