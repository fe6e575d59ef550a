import type { FeeMarket, Fees } from "../core/transactions/fees.ts";
import type { Hex } from "./hex.ts";
import type { TransactionEvent } from "./transaction-sender.ts";

/** What the contract would do. */
export type Simulation =
  | { readonly kind: "accepted"; readonly gasLimit: bigint }
  | { readonly kind: "refused"; readonly reason: string; readonly revertData: Hex | null };

/** A transaction to be signed. */
export interface UnsignedTransaction {
  readonly to: Hex;
  readonly data: Hex;
  readonly nonce: number;
  readonly gasLimit: bigint;
  readonly fees: Fees;
}

interface SignedTransaction {
  readonly hash: Hex;
  readonly raw: Hex;
}

/** What a node says to a signed transaction. */
export type BroadcastAnswer =
  /** In the pool, or already there, or already mined. */
  | { readonly kind: "taken" }
  /** The nonce is behind the chain's count: the next look shows by whom it was taken. */
  | { readonly kind: "nonce-taken" }
  /** Another transaction under the nonce waits there and pays too nearly as much. */
  | { readonly kind: "underpriced" }
  /** The account has too little for the gas. */
  | { readonly kind: "unfunded"; readonly reason: string }
  /** Anything else. */
  | { readonly kind: "rejected"; readonly reason: string };

/** A transaction in its block. */
export interface MinedTransaction {
  readonly hash: Hex;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly isSuccess: boolean;
  readonly gasUsed: bigint;
  readonly events: readonly TransactionEvent[];
}

/** Where a transaction stands on the chain of now. Only what more than half of the nodes show is mined. */
export type TransactionPlace =
  | { readonly kind: "mined"; readonly mined: MinedTransaction }
  /** Some nodes show it on a block, but not most of them the same: they are not equally far, or one lies. */
  | { readonly kind: "disputed" }
  | { readonly kind: "absent" };

/** The account and the chain as one look at most of the nodes shows them. */
export interface AccountState {
  readonly headNumber: bigint;
  readonly confirmedNonce: number;
  /** The account's count of transactions `confirmations` deep. */
  readonly settledNonce: number;
  readonly market: FeeMarket;
}

/** What a sender of transactions needs of one account and its chain. Every method throws ChainUnavailable when no node answers, NodesDisagree when too few agree. */
export interface TransactionChain {
  readonly chainId: bigint;
  readonly from: Hex;
  state(confirmations: bigint): Promise<AccountState>;
  /**
   * Runs the call in the block after the head, with what waits in the node's pool; or in the head itself, where nothing that waits counts:
   * a transaction that waits would be refused for its own sake.
   * @throws AccountCannotPay when the account has too little for the gas
   */
  simulate(to: Hex, data: Hex, on: "next-block" | "head"): Promise<Simulation>;
  sign(transaction: UnsignedTransaction): Promise<SignedTransaction>;
  /** Sends to every usable node; the best answer counts. */
  broadcast(raw: Hex): Promise<BroadcastAnswer>;
  /** Whether a node holds the transaction, waiting or mined. */
  isKnown(hash: Hex): Promise<boolean>;
  place(hash: Hex): Promise<TransactionPlace>;
}
