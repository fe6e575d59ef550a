import { CoreError } from "../errors.ts";
import { tailRisk } from "./tail.ts";

/** What each part of a book adds to its losses, USD; each list sums to the book's own figure. */
export interface ComponentTail {
  readonly valueAtRisk: readonly number[];
  readonly expectedShortfall: readonly number[];
}

/** Scenarios on either side of the VaR scenario whose mean tells the parts' shares, as a share of the tail's length. */
const WINDOW_SHARE = 0.25;

/**
 * Euler contributions (Tasche 1999): a part's share of expected shortfall is minus its weighted mean P&L over the book's tail, its
 * share of VaR minus its expected P&L given that the book loses its VaR. That expectation is the mean over the scenarios ranked next
 * to the VaR scenario, what it lacks to the VaR being spread in proportion to the parts' sizes there. Sums are exact.
 * @param parts P&L per scenario of each part
 * @param weights positive integers, one per scenario
 * @throws CoreError `weights-invalid`, `argument-out-of-domain`
 */
export function componentTail(
  parts: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  confidenceBps: number,
): ComponentTail {
  if (parts.some((part) => part.length !== weights.length)) {
    throw new CoreError("weights-invalid", { parts: parts.length, weights: weights.length });
  }
  const total = Float64Array.from(weights, (_, scenario) =>
    parts.reduce((sum, part) => sum + part[scenario]!, 0),
  );
  const { valueAtRisk, scenarios } = tailRisk(total, weights, confidenceBps);
  const order = Array.from(total.keys()).sort((a, b) => total[a]! - total[b]! || a - b);
  const half = Math.max(1, Math.round(scenarios * WINDOW_SHARE));
  const near = order.slice(Math.max(0, scenarios - 1 - half), scenarios + half);
  const around = meansOver(parts, weights, near).map((mean) => -mean);
  const lacking = valueAtRisk - around.reduce((sum, value) => sum + value, 0);
  const sizes = around.reduce((sum, value) => sum + Math.abs(value), 0);
  return {
    valueAtRisk: around.map((value) =>
      sizes > 0 ? value + (lacking * Math.abs(value)) / sizes : lacking / parts.length,
    ),
    expectedShortfall: meansOver(parts, weights, order.slice(0, scenarios)).map((mean) => -mean),
  };
}

function meansOver(
  parts: readonly ArrayLike<number>[],
  weights: ArrayLike<number>,
  scenarios: readonly number[],
): readonly number[] {
  const weight = scenarios.reduce((sum, scenario) => sum + weights[scenario]!, 0);
  return parts.map(
    (part) => scenarios.reduce((sum, scenario) => sum + weights[scenario]! * part[scenario]!, 0) / weight,
  );
}
