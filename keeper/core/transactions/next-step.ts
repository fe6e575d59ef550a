import { type FeeMarket, type FeePolicy, type Fees, firstFees, replacementFees } from "./fees.ts";

/** Where an attempt was found on the chain. */
interface Inclusion {
  readonly blockNumber: bigint;
}

/** When a transaction counts as done, and when as stuck. */
export interface FollowPolicy extends FeePolicy {
  /** Blocks, its own included, at which a transaction counts as done. */
  readonly confirmations: bigint;
  /** Blocks without it after which an attempt may be replaced. */
  readonly replaceAfterBlocks: bigint;
  /** Time after which an attempt may be replaced, ms. Both limits must have passed. */
  readonly replaceAfterMs: number;
}

/** What is known of an open transaction and of the chain, at one look. */
export interface Look {
  readonly nonce: number;
  /** Fees of the newest attempt; null before the first. */
  readonly lastFees: Fees | null;
  /** The attempt that is on the chain, if one is. */
  readonly inclusion: Inclusion | null;
  readonly headNumber: bigint;
  /** Transactions of the account up to the head: the next free nonce. */
  readonly confirmedNonce: number;
  /** The same, `confirmations` deep. */
  readonly settledNonce: number;
  /** Whether a node holds the newest attempt, waiting or mined. */
  readonly isKnown: boolean;
  /** A node refused the newest attempt because it pays too little more than what it holds under this nonce. */
  readonly isUnderpriced: boolean;
  /** The account cannot pay for the newest attempt: a dearer one has even less of a chance. */
  readonly isUnfunded: boolean;
  /** Since the newest attempt was first sent by this process. */
  readonly waitedBlocks: bigint;
  readonly waitedMs: number;
  readonly market: FeeMarket;
}

/** What to do next with an open transaction. */
export type NextStep =
  /** Mined and deep enough. */
  | { readonly kind: "confirmed"; readonly depth: bigint }
  /** Nothing to do until the next look. `depth` is zero while it is not on the chain. */
  | { readonly kind: "wait"; readonly depth: bigint }
  /** A lower nonce is free (again): no block takes this transaction before another one has filled it. */
  | { readonly kind: "blocked" }
  /** The nonce went to a transaction that is none of the attempts, and that is deep enough to stay. */
  | { readonly kind: "superseded" }
  /** Sign a new attempt, record it, send it. */
  | { readonly kind: "attempt"; readonly fees: Fees; readonly reason: "first" | "stuck" | "underpriced" }
  /** Send the newest attempt again: no node holds it any more. */
  | { readonly kind: "rebroadcast" }
  /** A higher fee is due and the cap forbids it. */
  | { readonly kind: "capped"; readonly isKnown: boolean };

/** Decides the next step. A pure function: the same look gives the same step on every restart. */
export function nextStep(look: Look, policy: FollowPolicy): NextStep {
  const { inclusion, headNumber, lastFees, market } = look;
  if (inclusion !== null) {
    // A head that trails the inclusion comes from a node that lags: the depth is one, not less.
    const depth = headNumber > inclusion.blockNumber ? headNumber - inclusion.blockNumber + 1n : 1n;
    return { kind: depth >= policy.confirmations ? "confirmed" : "wait", depth };
  }
  if (look.confirmedNonce > look.nonce) {
    return look.settledNonce > look.nonce ? { kind: "superseded" } : { kind: "wait", depth: 0n };
  }
  if (look.confirmedNonce < look.nonce) return { kind: "blocked" };
  if (lastFees === null) {
    const fees = firstFees(market, policy);
    return fees === null ? { kind: "capped", isKnown: false } : { kind: "attempt", fees, reason: "first" };
  }
  const isLate = look.waitedBlocks >= policy.replaceAfterBlocks && look.waitedMs >= policy.replaceAfterMs;
  if (look.isUnderpriced || (isLate && !look.isUnfunded)) {
    const fees = replacementFees(lastFees, market, policy);
    if (fees === null) return { kind: "capped", isKnown: look.isKnown };
    return { kind: "attempt", fees, reason: look.isUnderpriced ? "underpriced" : "stuck" };
  }
  return look.isKnown ? { kind: "wait", depth: 0n } : { kind: "rebroadcast" };
}
