import { CoreError, requireWithin } from "../errors.ts";
import { floorSqrt } from "./integers.ts";
import { calendarOffsetsE9, totalVarianceE18 } from "./svi-checks.ts";
import {
  BPS_SCALE,
  PRICE_SCALE,
  RATIO_SCALE,
  SECONDS_PER_HOUR,
  SHARE_SCALE,
  VARIANCE_LEVEL_SCALE,
  type MarketState,
  type Smile,
} from "./market-state.ts";
import type { MarketFields, SmileFields } from "./words.ts";

/** One market as a keeper reports it: the integers of its word and of its smiles' words. */
export interface MarketObservation {
  readonly market: MarketFields;
  /** In rising order of expiry. */
  readonly smiles: readonly SmileFields[];
}

/** Fixed point of total variance in the comparison of two slices. */
const E18 = 10n ** 18n;
const E9 = 10n ** 9n;
/** a in units of 1e-10 to 1e18. */
const LEVEL_TO_E18 = 10n ** 8n;
/** Widest curvature and steepest tilt a slice may have after rounding; the contract's bounds. */
const MIN_S_E9 = 100_000n;
const MAX_ABS_RHO_E9 = 999_999_999n;
/** b (1 + |rho|) <= 2 (Lee 2004). */
const MAX_WING_SLOPE_E9 = 2_000_000_000n;

/**
 * The integers that stand for a market's state. Rounding may break by a unit what the float slice keeps, so each slice is lifted until the
 * contract's checks hold again: minimum variance not negative, wing slope at most 2, total variance not falling from expiry to expiry.
 * @throws CoreError `argument-out-of-domain` for an expiry that is not on a full hour, or a value that is not finite or far too large
 */
export function quantiseMarket(state: MarketState): MarketObservation {
  const sigmaE9 = scaled("sigma", state.sigma, SHARE_SCALE);
  const rounded = state.smiles.map((smile) => withNonNegativeVariance(roundSmile(smile)));
  const smiles = liftCalendar(rounded, sigmaE9);
  return {
    market: {
      market: BigInt(state.market),
      smileCount: BigInt(smiles.length),
      dispersionBps: BigInt(Math.ceil(state.dispersion * BPS_SCALE)),
      sigmaE9,
      psiE9: scaled("psi", state.psi, SHARE_SCALE),
      depthUsd: BigInt(Math.floor(state.depthUsd)),
      openInterestUsd: BigInt(Math.floor(state.openInterestUsd)),
      spotE8: scaled("spot", state.spot, PRICE_SCALE),
    },
    smiles,
  };
}

/**
 * Lifts each slice until total variance does not fall from expiry to expiry where the oracle compares it.
 * @param smiles in rising order of expiry
 * @param sigmaE9 the daily volatility that the report states
 */
export function liftCalendar(smiles: readonly SmileFields[], sigmaE9: bigint): readonly SmileFields[] {
  const offsetsE9 = calendarOffsetsE9(sigmaE9);
  let floorsE18: readonly bigint[] = offsetsE9.map(() => 0n);
  return smiles.map((smile) => {
    const lifted = liftAbove(smile, offsetsE9, floorsE18);
    floorsE18 = offsetsE9.map((kE9) => totalVarianceE18(lifted, kE9));
    return lifted;
  });
}

function roundSmile({ expiry, forwardRatio, discount, slice }: Smile): SmileFields {
  if (expiry % SECONDS_PER_HOUR !== 0) {
    throw new CoreError("argument-out-of-domain", {
      name: "expiry",
      value: expiry,
      multipleOf: SECONDS_PER_HOUR,
    });
  }
  const rhoE9 = clamp(scaled("rho", slice.rho, SHARE_SCALE), -MAX_ABS_RHO_E9, MAX_ABS_RHO_E9);
  const absRhoE9 = rhoE9 < 0n ? -rhoE9 : rhoE9;
  const maxBE9 = (MAX_WING_SLOPE_E9 * E9) / (E9 + absRhoE9);
  return {
    expiryHour: BigInt(expiry / SECONDS_PER_HOUR),
    forwardRatioE8: scaled("forwardRatio", forwardRatio, RATIO_SCALE),
    discountE9: scaled("discount", discount, SHARE_SCALE),
    aE10: scaled("a", slice.a, VARIANCE_LEVEL_SCALE),
    bE9: clamp(scaled("b", slice.b, SHARE_SCALE), 0n, maxBE9),
    rhoE9,
    mE9: scaled("m", slice.m, SHARE_SCALE),
    sE9: clamp(scaled("s", slice.s, SHARE_SCALE), MIN_S_E9, 2n ** 32n - 1n),
  };
}

/** Lifts a until a + b s sqrt(1 - rho^2) >= 0, the root rounded down. */
function withNonNegativeVariance(smile: SmileFields): SmileFields {
  const rootE9 = floorSqrt(E18 - smile.rhoE9 * smile.rhoE9);
  const depthE18 = (smile.bE9 * smile.sE9 * rootE9) / E9;
  const least = -(depthE18 / LEVEL_TO_E18);
  return smile.aE10 >= least ? smile : { ...smile, aE10: least };
}

/** Lifts a until total variance reaches the floors at the given log-moneyness. */
function liftAbove(
  smile: SmileFields,
  offsetsE9: readonly bigint[],
  floorsE18: readonly bigint[],
): SmileFields {
  let missingE18 = 0n;
  for (const [index, kE9] of offsetsE9.entries()) {
    const missing = (floorsE18[index] ?? 0n) - totalVarianceE18(smile, kE9);
    if (missing > missingE18) missingE18 = missing;
  }
  return missingE18 === 0n
    ? smile
    : { ...smile, aE10: smile.aE10 + (missingE18 + LEVEL_TO_E18 - 1n) / LEVEL_TO_E18 };
}

function scaled(name: string, value: number, scale: number): bigint {
  requireWithin(name, value, -Number.MAX_SAFE_INTEGER / scale, Number.MAX_SAFE_INTEGER / scale);
  return BigInt(Math.round(value * scale));
}

function clamp(value: bigint, min: bigint, max: bigint): bigint {
  if (value < min) return min;
  return value > max ? max : value;
}
