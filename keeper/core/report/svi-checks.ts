// Twin of contracts/libraries/SviChecks.sol: the same integers, the same roundings.
import { floorSqrt } from "./integers.ts";
import type { SmileFields } from "./words.ts";

const E9 = 10n ** 9n;
const E18 = 10n ** 18n;
/** a is in 1e-10 of total variance, w in 1e-18. */
const A_TO_E18 = 10n ** 8n;

/** Slices of one market are compared at the money and this many daily volatilities to either side of it; the contract's CALENDAR_SIGMAS. */
const CALENDAR_SIGMAS = 5n;

/** Where slices of one market are compared, log-moneyness * 1e9: below, at and above the money. */
export function calendarOffsetsE9(sigmaE9: bigint): readonly [bigint, bigint, bigint] {
  return [-CALENDAR_SIGMAS * sigmaE9, 0n, CALENDAR_SIGMAS * sigmaE9];
}

/** Wing slope b (1 + |rho|), * 1e18. */
export function wingSlopeE18({ bE9, rhoE9 }: SmileFields): bigint {
  return bE9 * (E9 + absolute(rhoE9));
}

/** Whether the lowest total variance, a + b s sqrt(1 - rho^2), is at least zero. Needs |rho| <= 1. */
export function hasNonNegativeVariance({ aE10, bE9, rhoE9, sE9 }: SmileFields): boolean {
  if (aE10 >= 0n) return true;
  const [depthE18, liftE18] = [-aE10 * A_TO_E18, bE9 * sE9];
  return depthE18 * depthE18 * E18 <= liftE18 * liftE18 * (E18 - rhoE9 * rhoE9);
}

/** The slice's lowest total variance, * 1e18, rounded down: below zero whenever the exact one is. Needs |rho| <= 1. */
export function lowestVarianceE18({ aE10, bE9, rhoE9, sE9 }: SmileFields): bigint {
  const liftE18 = bE9 * sE9;
  return aE10 * A_TO_E18 + floorSqrt(liftE18 * liftE18 * (E18 - rhoE9 * rhoE9)) / E9;
}

/** Total variance of a slice * 1e18 at log-moneyness * 1e9; off by at most 3 b from the exact value of the parameters. Needs s > 0. */
export function totalVarianceE18({ aE10, bE9, rhoE9, mE9, sE9 }: SmileFields, kE9: bigint): bigint {
  return aE10 * A_TO_E18 + bE9 * shapeE9(rhoE9, kE9 - mE9, sE9);
}

/** rho x + sqrt(x^2 + s^2), the root by three Newton steps from larger + 3/8 smaller. */
function shapeE9(rhoE9: bigint, xE9: bigint, sE9: bigint): bigint {
  const x = absolute(xE9);
  const square = x * x + sE9 * sE9;
  const larger = x > sE9 ? x : sE9;
  let root = larger + ((3n * (x + sE9 - larger)) >> 3n);
  for (let step = 0; step < 3; step++) root = (root + square / root) >> 1n;
  return root + (rhoE9 * xE9) / E9;
}

export function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}
