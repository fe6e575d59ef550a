import type { Market } from "../../keeper/ports/market-data.ts";
import type { AccountMeasure, BookMeasure, MarketMeasure } from "./measures.ts";

/** What is known of one snapshot. */
export interface SnapshotRecord {
  readonly seconds: number;
  readonly firstBlock: number;
  readonly reportGas: bigint;
  readonly markets: Readonly<Record<Market, MarketMeasure>>;
  /** The traders' accounts after the report, before anybody acts. */
  readonly accounts: readonly AccountMeasure[];
  readonly reference: readonly BookMeasure[];
  readonly flagged: number;
  readonly fills: number;
  /** Accounts still called when the snapshot's work is done. */
  readonly stillCalled: number;
  readonly settledAccounts: number;
  readonly fundUsd: number;
}
