import { LIQUIDATION } from "./parameters.ts";

/** The auction of a called account; contracts/liquidation/AuctionPricing.sol in real numbers. */
export interface Auction {
  readonly calledAt: number;
  lowestHealth: number;
  /** Seconds at which the account became insolvent; undefined in the called phase. */
  insolventSince: number | undefined;
}

/** What a slice would cost now, per unit of maintenance margin moved, and the largest slice. */
export interface AuctionPrice {
  /** What the owner gives up. */
  readonly ownerCost: number;
  /** What the bidder gets: the owner's cost less the penalty, or the fund's subsidy when that is more. */
  readonly discount: number;
  /** Part of the discount that the fund pays. */
  readonly subsidy: number;
  readonly penalty: number;
  readonly maxShare: number;
}

/** Health as the contract sees it: zero when equity is negative. */
export function healthOf(equity: number, maintenance: number): number {
  if (equity <= 0) return 0;
  return maintenance === 0 ? Infinity : equity / maintenance;
}

export function openAuction(now: number): Auction {
  return { calledAt: now, lowestHealth: Infinity, insolventSince: undefined };
}

/** Records the lowest health and moves between the called and the insolvent phase (AuctionPricing.advance). */
export function advanceAuction(auction: Auction, equity: number, maintenance: number, now: number): void {
  const health = healthOf(equity, maintenance);
  const next = auction;
  next.lowestHealth = Math.min(next.lowestHealth, health);
  const late = now - auction.calledAt >= LIQUIDATION.capSeconds;
  const insolvent = equity <= 0 || (late && health < LIQUIDATION.insolventHealth);
  if (!insolvent) next.insolventSince = undefined;
  else next.insolventSince ??= now;
}

function between(from: number, to: number, elapsed: number, span: number): number {
  return elapsed >= span ? to : from + ((to - from) * elapsed) / span;
}

/** Owner's cost per unit of maintenance moved: rising with time, never above a share of the lowest health (AuctionMath.costWad). */
export function ownerCost(elapsedSeconds: number, lowestHealth: number): number {
  const { costCap, startCost, rampCost, rampSeconds, capSeconds } = LIQUIDATION;
  const cap = costCap * lowestHealth;
  if (elapsedSeconds < rampSeconds)
    return Math.min(cap, between(startCost, rampCost, elapsedSeconds, rampSeconds));
  if (cap <= rampCost) return cap;
  return Math.min(cap, between(rampCost, cap, elapsedSeconds - rampSeconds, capSeconds - rampSeconds));
}

/** The price of an advanced auction (AuctionPricing.priceOf); gross notional decides what is dust. */
export function auctionPrice(auction: Auction, health: number, grossUsd: number, now: number): AuctionPrice {
  const cost = ownerCost(now - auction.calledAt, auction.lowestHealth);
  const penalty = auction.insolventSince === undefined ? Math.min(LIQUIDATION.penalty, cost) : 0;
  const subsidised =
    auction.insolventSince === undefined
      ? cost
      : Math.max(cost, between(0, 1, now - auction.insolventSince, LIQUIDATION.subsidySeconds));
  return {
    ownerCost: cost,
    discount: subsidised - penalty,
    subsidy: subsidised - cost,
    penalty,
    maxShare: largestShare(health, cost, grossUsd),
  };
}

/** f* = (H* - H) / (H* - c), the share that lands on target health; the whole when less than dust would stay. */
function largestShare(health: number, cost: number, grossUsd: number): number {
  const { targetHealth, dustUsd } = LIQUIDATION;
  if (health >= targetHealth) return 0;
  const share = cost >= health ? 1 : Math.min(1, (targetHealth - health) / (targetHealth - cost));
  return grossUsd * (1 - share) < dustUsd ? 1 : share;
}
