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
  /** What a bidder pays less than mark, in 1e18 of the maintenance margin taken over. */
  readonly discountWad: bigint;
  readonly maintenanceE6: bigint;
  readonly maxShareWad: bigint;
  readonly healthBps: bigint;
}

/** A bid before its price is known. */
export interface BidOffer {
  readonly account: bigint;
  readonly bidder: bigint;
  readonly shareWad: bigint;
  readonly phase: AuctionPhase;
  readonly version: number;
  readonly deadlineSeconds: number;
}

export interface Bid extends BidOffer {
  /** Most the bidder pays, USD * 1e6; negative asks to be paid. */
  readonly maxPaidE6: bigint;
}

/** One market's expiry. */
interface MarketExpiry {
  readonly market: number;
  /** Unix seconds. */
  readonly expirySeconds: number;
}

/** Expiries that somebody holds, and who. */
export interface HeldExpiry extends MarketExpiry {
  readonly accounts: readonly bigint[];
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
  /** Up to `count` accounts from id `first`; fewer at the end of the list. */
  health(first: bigint, count: bigint): Promise<readonly AccountHealth[]>;
  targetHealthBps(): Promise<bigint>;
  calledAccounts(): Promise<readonly bigint[]>;
  quote(account: bigint): Promise<AuctionQuote>;
  flag(account: bigint): Promise<void>;
  release(account: bigint): Promise<void>;
  /** Brings a called account's lowest health and phase up to date: the subsidy of the insolvent phase grows from then on. */
  update(account: bigint): Promise<void>;
  /** What the bidder would pay in the next block, USD * 1e6; nothing is sent. */
  simulateBid(offer: BidOffer): Promise<bigint>;
  /** Returns what the bidder paid, USD * 1e6. */
  bid(bid: Bid): Promise<bigint>;

  /** Every market and expiry that some account holds, in rising order of expiry. */
  heldExpiries(): Promise<readonly HeldExpiry[]>;
  /** Seconds before an expiry during which reports count towards its fixing. */
  fixingWindowSeconds(): Promise<number>;
  sampleFixing(expiry: MarketExpiry): Promise<void>;
  setFixing(expiry: MarketExpiry): Promise<void>;
  isFixed(expiry: MarketExpiry): Promise<boolean>;
  /** Settles every expired position of an account that has a fixing. */
  settleAccount(account: bigint): Promise<void>;
}
