import { CoreError, requireWithin } from "../errors.ts";
import { BPS } from "../units.ts";

/** The tail of a weighted P&L distribution, as positive losses (negative when even the tail gains). */
export interface TailRisk {
  /** Minus the P&L of the last element of the tail. */
  readonly valueAtRisk: number;
  /** Minus the weighted mean P&L of the tail. */
  readonly expectedShortfall: number;
  /** Number of scenarios in the tail. */
  readonly scenarios: number;
}

/**
 * Value at risk and expected shortfall by the house's convention: scenarios sorted by P&L, worst first; the tail is the
 * shortest prefix whose weight reaches (1 - confidence) of the total. With N equal weights its length is
 * k = ceil((1 - confidence) N), so that VaR is minus the k-th smallest P&L. Compared in integers, hence exact.
 * @param pnl profit and loss per scenario, in any currency
 * @param weights positive integers, one per scenario (days each scenario stands for)
 * @param confidenceBps confidence in basis points (9900 is 99 %), from 0 to 9999
 * @throws CoreError `weights-invalid`, `argument-out-of-domain`
 */
export function tailRisk(
  pnl: ArrayLike<number>,
  weights: ArrayLike<number>,
  confidenceBps: number,
): TailRisk {
  requireWithin("confidenceBps", confidenceBps, 0, BPS - 1);
  const totalWeight = requireWeights(pnl, weights);
  const order = Array.from({ length: pnl.length }, (_, scenario) => scenario);
  order.sort((left, right) => pnl[left]! - pnl[right]! || left - right);
  const needed = (BPS - confidenceBps) * totalWeight;
  let weight = 0;
  let weightedPnl = 0;
  let scenarios = 0;
  let last = 0;
  for (const scenario of order) {
    last = pnl[scenario]!;
    weight += weights[scenario]!;
    weightedPnl += weights[scenario]! * last;
    scenarios++;
    if (weight * BPS >= needed) break;
  }
  return { valueAtRisk: -last, expectedShortfall: -weightedPnl / weight, scenarios };
}

/** Weight 1 for each of `count` scenarios. */
export function equalWeights(count: number): Uint16Array {
  return new Uint16Array(count).fill(1);
}

function requireWeights(pnl: ArrayLike<number>, weights: ArrayLike<number>): number {
  if (pnl.length === 0 || pnl.length !== weights.length) {
    throw new CoreError("weights-invalid", { scenarios: pnl.length, weights: weights.length });
  }
  let total = 0;
  for (let scenario = 0; scenario < weights.length; scenario++) {
    const weight = weights[scenario]!;
    if (!Number.isSafeInteger(weight) || weight <= 0)
      throw new CoreError("weights-invalid", { scenario, weight });
    if (!Number.isFinite(pnl[scenario]))
      throw new CoreError("argument-out-of-domain", { name: "pnl", scenario });
    total += weight;
  }
  return total;
}
