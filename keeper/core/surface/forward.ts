import { findBookFault, type OptionQuote } from "./quotes.ts";

/** Forward and discount of one expiry as its options imply them. */
export interface ImpliedForward {
  /** USD per unit of underlying. */
  readonly forward: number;
  /** Discount factor: a call less a put is worth discount (forward - strike). */
  readonly discount: number;
  /** Call-put pairs used. */
  readonly pairs: number;
  /** Median absolute parity error of the pairs, as a share of the forward. */
  readonly parityError: number;
}

/** Annual rates between which the discount factor must lie; outside, it is moved to the nearer. */
const MIN_ANNUAL_RATE = -0.1;
const MAX_ANNUAL_RATE = 0.5;
/** Pairs needed to estimate the discount beside the forward. */
const MIN_PAIRS_FOR_DISCOUNT = 5;
/** Spread below which a pair's weight no longer grows, as a share of spot: about one tick. */
const MIN_SPREAD_SHARE = 1e-4;
/** Median parity error beyond which the quotes do not agree on a forward, as a share of it. */
const MAX_PARITY_ERROR = 0.02;
/** Strikes used: the ones nearest to spot, whose two spreads are narrowest. */
const MAX_PAIRS = 24;

interface ParityPair {
  readonly strike: number;
  /** Mid call less mid put, USD. */
  readonly difference: number;
  /** Half the sum of both spreads, USD. */
  readonly error: number;
}

/**
 * Forward and discount by put-call parity, C - P = D (F - K), robust to stale quotes: D is minus the weighted median
 * slope between pairs of strikes (Theil 1950; Sen 1968), F the weighted median of K + (C - P) / D; each weighs by the
 * inverse of its bid-ask spread.
 * @param quotes the quotes of one expiry
 * @param spot USD per unit of underlying
 * @returns undefined when no strike has both a call and a put with two-sided quotes, or when the pairs disagree
 */
export function impliedForward(
  quotes: readonly OptionQuote[],
  spot: number,
  tauYears: number,
): ImpliedForward | undefined {
  const pairs = parityPairs(quotes, spot);
  if (pairs.length === 0) return undefined;
  const discount = estimateDiscount(pairs, tauYears);
  const weights = pairs.map((pair) => 1 / pair.error);
  const forward = weightedMedian(
    pairs.map((pair) => pair.strike + pair.difference / discount),
    weights,
  );
  const errors = pairs.map(
    (pair) => Math.abs(pair.difference - discount * (forward - pair.strike)) / forward,
  );
  const parityError = weightedMedian(errors, weights);
  if (!(forward > 0) || parityError > MAX_PARITY_ERROR) return undefined;
  return { forward, discount, pairs: pairs.length, parityError };
}

function parityPairs(quotes: readonly OptionQuote[], spot: number): readonly ParityPair[] {
  const puts = new Map<number, OptionQuote>();
  for (const quote of quotes) if (quote.kind === "put") puts.set(quote.strike, quote);
  const pairs: ParityPair[] = [];
  for (const call of quotes) {
    const put = puts.get(call.strike);
    if (call.kind !== "call" || put === undefined) continue;
    if (findBookFault(call) !== undefined || findBookFault(put) !== undefined) continue;
    const [callBid, callAsk, putBid, putAsk] = [call.bid ?? 0, call.ask ?? 0, put.bid ?? 0, put.ask ?? 0];
    const difference = (callBid + callAsk - putBid - putAsk) / 2;
    const error = (callAsk - callBid + putAsk - putBid) / 2;
    pairs.push({ strike: call.strike, difference, error: Math.max(error, spot * MIN_SPREAD_SHARE) });
  }
  const distance = (pair: ParityPair): number => Math.abs(Math.log(pair.strike / spot));
  return pairs.toSorted((left, right) => distance(left) - distance(right)).slice(0, MAX_PAIRS);
}

function estimateDiscount(pairs: readonly ParityPair[], tauYears: number): number {
  if (pairs.length < MIN_PAIRS_FOR_DISCOUNT) return 1;
  const slopes: number[] = [];
  const weights: number[] = [];
  for (const [index, left] of pairs.entries()) {
    for (const right of pairs.slice(index + 1)) {
      const gap = right.strike - left.strike;
      slopes.push((left.difference - right.difference) / gap);
      weights.push(Math.abs(gap) / (left.error + right.error));
    }
  }
  const lowest = Math.exp(-MAX_ANNUAL_RATE * tauYears);
  const highest = Math.exp(-MIN_ANNUAL_RATE * tauYears);
  return Math.min(highest, Math.max(lowest, weightedMedian(slopes, weights)));
}

/** Smallest value at which half of the total weight is reached; values and weights of one length above 0. */
function weightedMedian(values: readonly number[], weights: readonly number[]): number {
  const order = values.map((value, index) => ({ value, weight: weights[index] ?? 0 }));
  order.sort((left, right) => left.value - right.value);
  const half = order.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let reached = 0;
  for (const { value, weight } of order) {
    reached += weight;
    if (reached >= half) return value;
  }
  return order.at(-1)?.value ?? NaN;
}
