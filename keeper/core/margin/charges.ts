import { BPS } from "../units.ts";
import { SECONDS_PER_HOUR } from "../report/market-state.ts";
import type { Leg, MarketBook } from "./market-book.ts";
import { sqrtHorizonDays } from "./surface.ts";
import type { MarginParams, MarketMarginParams } from "./types.ts";

const MIN_FREE_USD = 1;

/** Sum of |size| at spot, USD; collateral does not count. */
export function grossNotional({ legs, state }: MarketBook): number {
  return legs.reduce((sum, { size }) => sum + Math.abs(size) * state.spot, 0);
}

function netSize(legs: readonly Leg[], kind: "call" | "put"): number {
  return legs.reduce((sum, leg) => (leg.kind === kind ? sum + leg.size : sum), 0);
}

/** Share of spot for every net short call and every net short put. */
export function shortMinimum({ legs, state }: MarketBook, params: MarketMarginParams): number {
  const netShort = Math.max(0, -netSize(legs, "call")) + Math.max(0, -netSize(legs, "put"));
  return (params.shortMinimumBps / BPS) * state.spot * netShort;
}

/** Shares of spot that the static loss takes: in full, and at least after the out-of-the-money credit. */
export interface StaticShares {
  readonly share: number;
  readonly floor: number;
}

export function staticShares(params: MarketMarginParams): StaticShares {
  return { share: params.staticShareBps / BPS, floor: params.staticFloorBps / BPS };
}

/** The shares scaled by the volatility forecast; the floor keeps the static model's ratio. Both at most 1. */
export function volatilityScaledShares(
  params: MarketMarginParams,
  sigma: number,
  horizon: Pick<MarginParams, "horizonSeconds">,
): StaticShares {
  const share = (params.volatilityMultipleBps / BPS) * sigma * sqrtHorizonDays(horizon);
  const floor = params.staticShareBps === 0 ? 0 : (share * params.staticFloorBps) / params.staticShareBps;
  return { share: Math.min(1, share), floor: Math.min(1, floor) };
}

/** Loss of a market's positions one by one, without offsets: what a fixed percentage of notional would ask. */
export function staticLoss({ legs, state }: MarketBook, { share, floor }: StaticShares): number {
  return legs.reduce((sum, leg) => sum + legStaticLoss(leg, state.spot, share, floor), 0);
}

function legStaticLoss(leg: Leg, spot: number, share: number, floor: number): number {
  const units = Math.abs(leg.size);
  if (leg.kind === "future" || leg.kind === "perpetual") return share * leg.forward * units;
  if (leg.size > 0) return leg.mark * units;
  const outOfTheMoney = Math.max(0, leg.kind === "call" ? leg.strike - spot : spot - leg.strike);
  return Math.max(share * spot - outOfTheMoney, floor * spot) * units;
}

/** Loss when each expiry's forward alone moves against the account. */
export function basisCharge({ legs }: MarketBook, params: MarketMarginParams): number {
  const deltaUsd = new Map<number, number>();
  for (const { expiry, size, delta, forward } of legs) {
    deltaUsd.set(expiry, (deltaUsd.get(expiry) ?? 0) + size * delta * forward);
  }
  const total = [...deltaUsd.values()].reduce((sum, usd) => sum + Math.abs(usd), 0);
  return (params.basisBps / BPS) * total;
}

/** Charge on a position that is large against posted depth and open interest. */
export function concentrationCharge(book: MarketBook, params: MarketMarginParams): number {
  const gross = grossNotional(book);
  const free = (params.freeDepthBps / BPS) * Math.max(book.state.depthUsd, book.state.openInterestUsd);
  if (gross <= free) return 0;
  const rate = ((params.concentrationBps / BPS) * (gross - free)) / Math.max(free, MIN_FREE_USD);
  return gross * Math.min(params.concentrationCapBps / BPS, rate);
}

/** Charge on gross notional while keepers and venues disagree about the spot. */
export function confidenceCharge(book: MarketBook, params: MarketMarginParams): number {
  const excess = Math.max(0, book.state.dispersion - params.dispersionToleranceBps / BPS);
  return (params.dispersionMultipleBps / BPS) * excess * grossNotional(book);
}

/** Charge on the gross notional of all markets while the settlement coin is below its peg. */
export function pegCharge(grossUsd: number, peg: number, params: MarginParams): number {
  return (params.pegMultipleBps / BPS) * Math.max(0, params.pegThresholdBps / BPS - peg) * grossUsd;
}

/** Charge on the loss that grows with the report's age beyond the heartbeat. */
export function stalenessCharge(loss: number, ageSeconds: number, params: MarginParams): number {
  const hours = Math.max(0, ageSeconds - params.heartbeatSeconds) / SECONDS_PER_HOUR;
  return loss * Math.min(params.stalenessCapBps / BPS, (params.stalenessBpsPerHour / BPS) * hours);
}
