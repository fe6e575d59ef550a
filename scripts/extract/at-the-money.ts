import type { RecordedChain, RecordedExpiry, RecordedStrike } from "./option-chain.ts";

const SECONDS_PER_YEAR = 365 * 86_400;

export function yearsTo(expirySeconds: number, nowSeconds: number): number {
  return (expirySeconds - nowSeconds) / SECONDS_PER_YEAR;
}

/** The recorded mark volatility of a strike: of its out-of-the-money side where there is one. */
export function markVolOf(strike: RecordedStrike, forwardUsd: number): number {
  const [first, second] =
    strike.strikeUsd >= forwardUsd ? [strike.call, strike.put] : [strike.put, strike.call];
  const vol = first?.markVol ?? second?.markVol;
  if (vol === undefined || vol <= 0) throw new Error(`no mark volatility at strike ${strike.strikeUsd}`);
  return vol;
}

/** Linear in y between (x0, y0) and (x1, y1). */
function interpolate(x: number, x0: number, y0: number, x1: number, y1: number): number {
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0);
}

/** Mark volatility at the forward, linear in log-strike between the two strikes around it. */
export function atTheMoneyVol(expiry: RecordedExpiry): number {
  const above = expiry.strikes.findIndex((strike) => strike.strikeUsd >= expiry.forwardUsd);
  const [low, high] = [expiry.strikes[above - 1], expiry.strikes[above]];
  if (low === undefined || high === undefined)
    throw new Error(`forward ${expiry.forwardUsd} outside the listed strikes`);
  return interpolate(
    Math.log(expiry.forwardUsd),
    Math.log(low.strikeUsd),
    markVolOf(low, expiry.forwardUsd),
    Math.log(high.strikeUsd),
    markVolOf(high, expiry.forwardUsd),
  );
}

/** At-the-money volatility at a constant maturity: total variance linear in time between the two expiries around it. */
export function constantMaturityVol(chain: RecordedChain, maturityYears: number): number {
  const later = chain.expiries.findIndex(
    (expiry) => yearsTo(expiry.expirySeconds, chain.timeSeconds) >= maturityYears,
  );
  const [near, far] = [chain.expiries[later - 1], chain.expiries[later]];
  if (near === undefined || far === undefined) throw new Error(`no expiries around ${maturityYears} years`);
  const [nearYears, farYears] = [near, far].map((expiry) =>
    yearsTo(expiry.expirySeconds, chain.timeSeconds),
  ) as [number, number];
  const totalVariance = interpolate(
    maturityYears,
    nearYears,
    atTheMoneyVol(near) ** 2 * nearYears,
    farYears,
    atTheMoneyVol(far) ** 2 * farYears,
  );
  return Math.sqrt(totalVariance / maturityYears);
}
