import type { MarketFields, SmileFields } from "./words.ts";

/** Raw SVI total variance (Gatheral 2004): w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + s^2)), k = ln(strike / forward). */
export interface RawSvi {
  readonly a: number;
  readonly b: number;
  readonly rho: number;
  readonly m: number;
  readonly s: number;
}

/** One expiry of a market at the report's time. */
export interface Smile {
  /** Unix seconds, on a full hour. */
  readonly expiry: number;
  /** Forward over spot. */
  readonly forwardRatio: number;
  readonly discount: number;
  readonly slice: RawSvi;
}

/** What a report says of one market, in real units. */
export interface MarketState {
  readonly market: number;
  /** USD. */
  readonly spot: number;
  /** Daily log-return volatility forecast, as a fraction. */
  readonly sigma: number;
  /** Daily volatility of log implied vol at 30 days, as a fraction. */
  readonly psi: number;
  /** Dispersion of the spot among venues and keepers, as a fraction. */
  readonly dispersion: number;
  readonly depthUsd: number;
  readonly openInterestUsd: number;
  /** In rising order of expiry. */
  readonly smiles: readonly Smile[];
}

export const SECONDS_PER_HOUR = 3_600;
export const PRICE_SCALE = 1e8;
export const RATIO_SCALE = 1e8;
export const SHARE_SCALE = 1e9;
export const VARIANCE_LEVEL_SCALE = 1e10;
export const BPS_SCALE = 1e4;

/** Total variance of a slice, not floored. */
export function totalVariance({ a, b, rho, m, s }: RawSvi, k: number): number {
  const offset = k - m;
  return a + b * (rho * offset + Math.sqrt(offset * offset + s * s));
}

/** The state a report's integers stand for. */
export function decodeMarketState(market: MarketFields, smiles: readonly SmileFields[]): MarketState {
  return {
    market: Number(market.market),
    spot: Number(market.spotE8) / PRICE_SCALE,
    sigma: Number(market.sigmaE9) / SHARE_SCALE,
    psi: Number(market.psiE9) / SHARE_SCALE,
    dispersion: Number(market.dispersionBps) / BPS_SCALE,
    depthUsd: Number(market.depthUsd),
    openInterestUsd: Number(market.openInterestUsd),
    smiles: smiles.map(decodeSmile),
  };
}

function decodeSmile(fields: SmileFields): Smile {
  return {
    expiry: Number(fields.expiryHour) * SECONDS_PER_HOUR,
    forwardRatio: Number(fields.forwardRatioE8) / RATIO_SCALE,
    discount: Number(fields.discountE9) / SHARE_SCALE,
    slice: {
      a: Number(fields.aE10) / VARIANCE_LEVEL_SCALE,
      b: Number(fields.bE9) / SHARE_SCALE,
      rho: Number(fields.rhoE9) / SHARE_SCALE,
      m: Number(fields.mE9) / SHARE_SCALE,
      s: Number(fields.sE9) / SHARE_SCALE,
    },
  };
}
