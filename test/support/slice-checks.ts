import type { SmileFields } from "../../keeper/core/report/words.ts";

// What the oracle asks of a posted slice, in exact arithmetic where the contract's is, written apart from the quantiser.

const ONE_E9 = 1_000_000_000n;
const A_TO_E18 = 100_000_000n;

/** b (1 + |rho|) * 1e18. */
export function wingSlopeE18({ bE9, rhoE9 }: SmileFields): bigint {
  return bE9 * (ONE_E9 + (rhoE9 < 0n ? -rhoE9 : rhoE9));
}

/** Whether a + b s sqrt(1 - rho^2) is at least zero, by comparing squares. */
export function hasNonNegativeVariance({ aE10, bE9, rhoE9, sE9 }: SmileFields): boolean {
  if (aE10 >= 0n) return true;
  const depth = -aE10 * A_TO_E18;
  const lift = bE9 * sE9;
  return depth * depth * ONE_E9 * ONE_E9 <= lift * lift * (ONE_E9 * ONE_E9 - rhoE9 * rhoE9);
}

/** Total variance at log-moneyness k. */
export function totalVarianceAt({ aE10, bE9, rhoE9, mE9, sE9 }: SmileFields, k: number): number {
  const offset = k - Number(mE9) / 1e9;
  const wing = (Number(rhoE9) / 1e9) * offset + Math.hypot(offset, Number(sE9) / 1e9);
  return Number(aE10) / 1e10 + (Number(bE9) / 1e9) * wing;
}
