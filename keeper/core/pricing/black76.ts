import { requireWithin } from "../errors.ts";
import { DAYS_PER_YEAR, VOL_POINT } from "../units.ts";
import { normalCdf, normalPdf } from "./normal.ts";
import { logForwardOverStrike, normalisedBlack } from "./normalised-black.ts";

export type OptionKind = "call" | "put";

/** A European option on a forward; prices come out in the currency of forward and strike. */
export interface OptionInputs {
  readonly kind: OptionKind;
  /** Forward of the expiry, above 0. */
  readonly forward: number;
  /** Strike, above 0. */
  readonly strike: number;
  /** Years of 365 days to expiry, at least 0. */
  readonly tauYears: number;
  /** Annual volatility as a fraction (0.6 is 60 %), at least 0. */
  readonly annualVol: number;
  /** Discount factor to the payment, above 0. */
  readonly discount: number;
}

/** Price and first Greeks of one option, per unit of underlying. */
export interface OptionGreeks {
  readonly price: number;
  /** Change of price per 1 of forward. */
  readonly delta: number;
  /** Change of delta per 1 of forward. */
  readonly gamma: number;
  /** Change of price per vol point (0.01 of annual vol). */
  readonly vega: number;
  /** Change of price as one day passes, forward and discount rate unchanged. */
  readonly theta: number;
}

const MAX_PRICE = 1e15;
const MIN_PRICE = 1e-15;
const MAX_TAU_YEARS = 100;
const MAX_ANNUAL_VOL = 1e3;
const MAX_DISCOUNT = 10;
const MIN_DISCOUNT = 1e-6;
/** Total vol under which an option has no time value a double can hold beside its forward. */
const NO_TIME_VALUE_TOTAL_VOL = 1e-150;

function requireInputs(option: OptionInputs): void {
  requireWithin("forward", option.forward, MIN_PRICE, MAX_PRICE);
  requireWithin("strike", option.strike, MIN_PRICE, MAX_PRICE);
  requireWithin("tauYears", option.tauYears, 0, MAX_TAU_YEARS);
  requireWithin("annualVol", option.annualVol, 0, MAX_ANNUAL_VOL);
  requireWithin("discount", option.discount, MIN_DISCOUNT, MAX_DISCOUNT);
}

/** Undiscounted intrinsic value. */
export function intrinsicValue(kind: OptionKind, forward: number, strike: number): number {
  return Math.max(0, kind === "call" ? forward - strike : strike - forward);
}

/**
 * Black-76 price (Black 1976, eq. 16): D [F Phi(d1) - K Phi(d2)] for the call. The out-of-the-money side is priced
 * and the other follows by put-call parity, so that small values keep their digits. Zero vol or time gives intrinsic.
 * @throws CoreError `argument-out-of-domain`
 */
export function black76Price(option: OptionInputs): number {
  requireInputs(option);
  const { kind, forward, strike, discount } = option;
  const totalVol = option.annualVol * Math.sqrt(option.tauYears);
  return discount * (intrinsicValue(kind, forward, strike) + timeValue(forward, strike, totalVol));
}

/** Undiscounted value of the out-of-the-money option of the strike. */
function timeValue(forward: number, strike: number, totalVol: number): number {
  if (totalVol < NO_TIME_VALUE_TOTAL_VOL) return 0;
  const logMoneyness = -Math.abs(logForwardOverStrike(forward, strike));
  return Math.sqrt(forward) * Math.sqrt(strike) * normalisedBlack(logMoneyness, totalVol);
}

/**
 * Black-76 price and Greeks; units are those of `OptionGreeks`. At zero total vol gamma and vega are zero and delta is
 * the slope of the intrinsic value (half of it at the strike).
 * @throws CoreError `argument-out-of-domain`
 */
export function black76Greeks(option: OptionInputs): OptionGreeks {
  const price = black76Price(option);
  const { kind, forward, strike, tauYears, annualVol, discount } = option;
  const sqrtTau = Math.sqrt(tauYears);
  const totalVol = annualVol * sqrtTau;
  const discountRate = tauYears > 0 ? -Math.log(discount) / tauYears : 0;
  const carryPerDay = (discountRate * price) / DAYS_PER_YEAR;
  const sign = kind === "call" ? 1 : -1;
  if (totalVol < NO_TIME_VALUE_TOTAL_VOL) {
    const slope = forward === strike ? 0.5 : Number(sign * (forward - strike) > 0);
    return { price, delta: sign * discount * slope, gamma: 0, vega: 0, theta: carryPerDay };
  }
  const d1 = logForwardOverStrike(forward, strike) / totalVol + totalVol / 2;
  const density = normalPdf(d1);
  return {
    price,
    delta: sign * discount * normalCdf(sign * d1),
    gamma: (discount * density) / (forward * totalVol),
    vega: discount * forward * density * sqrtTau * VOL_POINT,
    theta: carryPerDay - (discount * forward * density * annualVol) / (2 * sqrtTau * DAYS_PER_YEAR),
  };
}
