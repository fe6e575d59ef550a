import type { Fees } from "../core/transactions/fees.ts";
import type { Hex } from "./hex.ts";
import type { TransactionRequest } from "./transaction-sender.ts";

/** One signed transaction; it is in the log before any node sees it. */
export interface TransactionAttempt {
  /** A cancellation takes the nonce for nothing, because the effect is refused by now. */
  readonly kind: "effect" | "cancellation";
  readonly hash: Hex;
  /** The signed bytes. */
  readonly raw: Hex;
  readonly fees: Fees;
}

/** How a transaction ended. */
export type TransactionOutcome =
  | { readonly kind: "mined"; readonly hash: Hex; readonly blockNumber: bigint; readonly gasUsed: bigint }
  | { readonly kind: "already-done" }
  | { readonly kind: "refused"; readonly revertData: Hex | null }
  | { readonly kind: "superseded" };

/** An intent and everything that was signed for it. All attempts share the nonce, so at most one of them is ever mined. */
export interface TransactionRecord extends TransactionRequest {
  readonly chainId: bigint;
  readonly from: Hex;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly attempts: readonly TransactionAttempt[];
}

/** The write-ahead log of a sender. Every write is durable when its promise resolves. */
export interface TransactionLog {
  /** Writes an open transaction, in place of an earlier state under the same id. */
  saveTransaction(record: TransactionRecord): Promise<void>;
  /** All open transactions of an account on a chain. */
  openTransactions(chainId: bigint, from: Hex): Promise<readonly TransactionRecord[]>;
  /** Ends an open transaction: its record goes and its outcome stays. */
  closeTransaction(id: string, outcome: TransactionOutcome): Promise<void>;
  /** The outcome of a closed transaction; null when the id is unknown, still open, or long past. */
  transactionOutcome(id: string): Promise<TransactionOutcome | null>;
}
