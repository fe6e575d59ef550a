import type { RoundId } from "../core/protocol/round-id.ts";
import type { AccountHealth } from "./clearing-chain.ts";
import type { Hex } from "./hex.ts";
import type { ChainBlock, OracleHeader } from "./oracle-chain.ts";

/** The chain's last report, and the root of the account-risk table that it carries. */
export interface RootedReport extends OracleHeader {
  /** Zero: it publishes none. */
  readonly accountRoot: Hex;
}

export type AccountMargin = Pick<AccountHealth, "account" | "equityE6" | "initialE6" | "maintenanceE6">;

/** What the account-risk table is read from. */
export interface AccountRiskChain {
  lastReport(): Promise<RootedReport>;
  /** The block in which a report was accepted; null when the newest blocks do not show it. */
  acceptedIn(report: RoundId): Promise<Pick<ChainBlock, "number" | "hash"> | null>;
  /** Hash of the block of that number; null when this chain has none. */
  blockHash(number: bigint): Promise<Hex | null>;
  /** Accounts at the end of a block. */
  accountCount(blockNumber: bigint): Promise<bigint>;
  /** Of up to `count` accounts from number `first` at the end of a block, rising; fewer at the end of the list. */
  margins(first: bigint, count: bigint, blockNumber: bigint): Promise<readonly AccountMargin[]>;
}
