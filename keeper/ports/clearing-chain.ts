/** Which stage of a liquidation an account is in; the contract's enum. */
export type AuctionPhase = "none" | "called" | "insolvent";

/** What a margin check compares, USD * 1e6. */
export interface AccountHealth {
  readonly account: bigint;
  readonly equityE6: bigint;
  readonly initialE6: bigint;
  readonly maintenanceE6: bigint;
  /** Equity over maintenance in bps; very large when there is no margin to hold. */
  readonly healthBps: bigint;
  readonly reduceOnly: boolean;
}

/** A called account's auction now. */
export interface AuctionQuote {
  readonly account: bigint;
  readonly phase: AuctionPhase;
  readonly version: number;
  /** Discount offered, as a share of the maintenance margin taken over, bps. */
  readonly costBps: bigint;
  readonly maxShareWad: bigint;
  readonly healthBps: bigint;
}

export interface Bid {
  readonly account: bigint;
  readonly bidder: bigint;
  readonly shareWad: bigint;
  readonly phase: AuctionPhase;
  readonly version: number;
  /** Most the bidder pays, USD * 1e6; negative asks to be paid. */
  readonly maxPaidE6: bigint;
  readonly deadlineSeconds: number;
}

/** An instrument of an account that has expired. */
export interface ExpiredPosition {
  readonly account: bigint;
  readonly instrument: bigint;
  readonly market: number;
  readonly expirySeconds: number;
}

/** The chain said no: `reason` is the contract's own error, with its arguments. */
export class ChainRefusal extends Error {
  readonly code = "chain-refusal";
  readonly action: string;
  readonly reason: string;

  constructor(action: string, reason: string, options?: ErrorOptions) {
    super(`${action} was refused: ${reason}`, options);
    this.name = "ChainRefusal";
    this.action = action;
    this.reason = reason;
  }
}

/** What the bots need of the clearing house, liquidation and settlement contracts. Writes resolve once mined; a refusal throws ChainRefusal. */
export interface ClearingChain {
  accountCount(): Promise<bigint>;
  health(accounts: readonly bigint[]): Promise<readonly AccountHealth[]>;
  targetHealthBps(): Promise<bigint>;
  calledAccounts(): Promise<readonly bigint[]>;
  quote(account: bigint): Promise<AuctionQuote>;
  flag(account: bigint): Promise<void>;
  release(account: bigint): Promise<void>;
  /** Simulates first; returns what the bidder paid, USD * 1e6. */
  bid(bid: Bid): Promise<bigint>;

  /** Every market and expiry that some account holds. */
  openExpiries(): Promise<readonly { readonly market: number; readonly expirySeconds: number }[]>;
  expiredPositions(nowSeconds: number): Promise<readonly ExpiredPosition[]>;
  sampleFixing(market: number, expirySeconds: number): Promise<void>;
  setFixing(market: number, expirySeconds: number): Promise<void>;
  isFixed(market: number, expirySeconds: number): Promise<boolean>;
  settle(account: bigint, instrument: bigint): Promise<void>;
}
