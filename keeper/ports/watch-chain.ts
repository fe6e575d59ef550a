import type { ReportHead, RiskReport } from "../core/report/typed-data.ts";
import type { Hex } from "./hex.ts";

/** A head with one signature over it. */
export interface SignedHead {
  readonly head: ReportHead;
  /** The EIP-712 hash that was signed. */
  readonly hash: Hex;
  readonly signature: Hex;
  readonly signer: Hex;
}

/** A report that somebody sent to the oracle, accepted or not: what was signed is evidence either way. */
export interface SubmittedReport {
  readonly transaction: Hex;
  readonly blockNumber: bigint;
  readonly isAccepted: boolean;
  readonly report: RiskReport;
  readonly signatures: readonly SignedHead[];
}

/** What a watchtower reads and sends. */
export interface WatchChain {
  headNumber(): Promise<bigint>;
  /** Reports sent to the oracle in blocks `first` to `last`, both included, in their order. */
  submissions(first: bigint, last: bigint): Promise<readonly SubmittedReport[]>;
  /** Slashes who signed both. Resolves to the transaction once mined; a refusal throws ChainRefusal. */
  proveEquivocation(first: SignedHead, second: SignedHead): Promise<Hex>;
}
