import { normalCdf } from "../pricing/normal.ts";
import { MIN_TOTAL_VOL } from "../report/grid.ts";
import type { InstrumentKind } from "../report/instrument-id.ts";

/** Value of one unit and its change per 1 of forward. */
export interface UnitValue {
  readonly value: number;
  readonly delta: number;
}

/**
 * Value and forward delta of one unit of an instrument (Black 1976), put by parity, floored at zero for options.
 * A future is worth its forward, undiscounted.
 * @param totalVol annual vol times sqrt(years); floored so that the price is total
 */
export function unitValue(
  kind: InstrumentKind,
  forward: number,
  strike: number,
  discount: number,
  totalVol: number,
): UnitValue {
  if (kind === "future" || kind === "perpetual") return { value: forward, delta: 1 };
  const sd = Math.max(MIN_TOTAL_VOL, totalVol);
  const d1 = strike > 0 ? Math.log(forward / strike) / sd + sd / 2 : Number.POSITIVE_INFINITY;
  const probability = normalCdf(d1);
  const call = discount * (forward * probability - strike * normalCdf(d1 - sd));
  if (kind === "call") return { value: Math.max(0, call), delta: discount * probability };
  const put = call - discount * (forward - strike);
  return { value: Math.max(0, put), delta: discount * (probability - 1) };
}
