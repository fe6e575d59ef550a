// Twin of contracts/oracle/ReportChecks.sol and of what RiskOracle.sol asks of a report's payload: in the same order, with the same roundings.
import { floorSqrt } from "./integers.ts";
import { SECONDS_PER_HOUR } from "./market-state.ts";
import type { MarketMark, ReportMark } from "./report-mark.ts";
import {
  absolute,
  calendarOffsetsE9,
  hasNonNegativeVariance,
  lowestVarianceE18,
  totalVarianceE18,
  wingSlopeE18,
} from "./svi-checks.ts";
import type { RiskReport } from "./typed-data.ts";
import { unpackSmileWord, unpackWholeMarketWord, type MarketFields, type SmileFields } from "./words.ts";

/** Governance's bounds of one market's posted values, absolute and against the report before; the contract's MarketOracleParams without its feed. */
export interface MarketLimits {
  readonly market: number;
  readonly minSpotE8: bigint;
  readonly maxSpotE8: bigint;
  /** Per hour since the report before, and for anything shorter. */
  readonly maxSpotChangeBps: bigint;
  readonly minSigmaE9: bigint;
  readonly maxSigmaE9: bigint;
  readonly maxSigmaUpBps: bigint;
  readonly maxSigmaDownBpsPerHour: bigint;
  readonly minPsiE9: bigint;
  readonly maxPsiE9: bigint;
  readonly maxDispersionBps: bigint;
  readonly minForwardRatioE8: bigint;
  readonly maxForwardRatioE8: bigint;
  readonly minDiscountE9: bigint;
  readonly maxDiscountE9: bigint;
  /** Of every slice at the money, annual. */
  readonly minAtmVolBps: bigint;
  readonly maxAtmVolBps: bigint;
}

/** Governance's bounds of a report. */
export interface ReportLimits {
  readonly minPegBps: bigint;
  readonly maxPegBps: bigint;
  /** Rising by market. */
  readonly markets: readonly MarketLimits[];
}

/** Why the oracle would refuse a report: the contract's error and its arguments. */
export interface Refusal {
  readonly error:
    | "ValueOutOfBounds"
    | "MarketCountMismatch"
    | "WrongMarket"
    | "SmileCountMismatch"
    | "ExpiriesNotAscending"
    | "ExpiryDropped"
    | "NegativeVariance"
    | "WingTooSteep"
    | "CalendarArbitrage";
  readonly args: readonly (bigint | string)[];
}

const BPS = 10_000n;
const HOUR_SECONDS = BigInt(SECONDS_PER_HOUR);
const YEAR_SECONDS = 365n * 24n * HOUR_SECONDS;
/** Most expiries of one market. */
const MAX_SMILES = 16n;
const MAX_ABS_RHO_E9 = 10n ** 9n - 1n;
const MIN_S_E9 = 100_000n;
const MAX_S_E9 = 2n ** 32n - 1n;
/** b (1 + |rho|) <= 2 (Lee 2004). */
const MAX_WING_SLOPE_E18 = 2n * 10n ** 18n;
const MAX_TENOR_SECONDS = 5n * YEAR_SECONDS;
const CALENDAR_TOLERANCE_E18 = 10n ** 10n;
const VARIANCE_E18_TO_BPS_SQUARED = 10n ** 10n;

/** The first thing for which the oracle would refuse a report's payload after the report before; null when there is none. */
export function findRefusal(
  { pegBps, markets, smiles, observedAt }: Pick<RiskReport, "pegBps" | "markets" | "smiles" | "observedAt">,
  limits: ReportLimits,
  before: ReportMark | null,
): Refusal | null {
  const peg = outOfBounds(0n, "peg", BigInt(pegBps), limits.minPegBps, limits.maxPegBps);
  if (peg !== null) return peg;
  if (markets.length !== limits.markets.length)
    return { error: "MarketCountMismatch", args: [BigInt(markets.length), BigInt(limits.markets.length)] };
  const elapsedSeconds = observedAt - (before?.observedAtSeconds ?? 0);
  let next = 0;
  for (const [index, bounds] of limits.markets.entries()) {
    const word = markets[index] ?? 0n;
    const mark = before?.markets.get(bounds.market) ?? null;
    const market = findMarketRefusal(word, bounds, mark, BigInt(elapsedSeconds));
    if (market !== null) return market;
    const fields = unpackWholeMarketWord(word);
    const end = next + Number(fields.smileCount);
    if (end > smiles.length)
      return { error: "SmileCountMismatch", args: [BigInt(smiles.length), BigInt(end)] };
    const own = smiles.slice(next, end).map(unpackSmileWord);
    const surface =
      findDroppedExpiry(own, mark, bounds.market, observedAt) ??
      findSurfaceRefusal(own, fields.sigmaE9, bounds, observedAt);
    if (surface !== null) return surface;
    next = end;
  }
  return next === smiles.length
    ? null
    : { error: "SmileCountMismatch", args: [BigInt(smiles.length), BigInt(next)] };
}

/** What the oracle would refuse of a market's slices, each by itself and all by their order; null when there is nothing. */
export function findSurfaceRefusal(
  smiles: readonly SmileFields[],
  sigmaE9: bigint,
  limits: MarketLimits,
  observedAt: number,
): Refusal | null {
  const market = BigInt(limits.market);
  const offsetsE9 = calendarOffsetsE9(sigmaE9);
  let floorsE18: readonly bigint[] = offsetsE9.map(() => 0n);
  let previousExpiry = 0n;
  for (const smile of smiles) {
    const expiry = expiryOf(smile);
    const field = findSmileRefusal(smile, limits, BigInt(observedAt));
    if (field !== null) return field;
    const variancesE18 = offsetsE9.map((kE9) => totalVarianceE18(smile, kE9));
    const shape =
      findFall(market, expiry, offsetsE9, variancesE18, floorsE18) ??
      findAtmRefusal(limits, variancesE18[1] ?? 0n, expiry - BigInt(observedAt));
    if (shape !== null) return shape;
    if (expiry <= previousExpiry)
      return { error: "ExpiriesNotAscending", args: [market, previousExpiry, expiry] };
    [previousExpiry, floorsE18] = [expiry, variancesE18];
  }
  return null;
}

/** An expiry of the report before that lies after the new one's observation and is missing from it. */
export function findDroppedExpiry(
  smiles: readonly SmileFields[],
  before: MarketMark | null,
  market: number,
  observedAt: number,
): Refusal | null {
  for (const hour of before?.forwardRatiosE8.keys() ?? []) {
    const isLive = hour * HOUR_SECONDS > BigInt(observedAt);
    if (isLive && !smiles.some(({ expiryHour }) => expiryHour === hour))
      return { error: "ExpiryDropped", args: [BigInt(market), hour * HOUR_SECONDS] };
  }
  return null;
}

/** A refusal as the contract's error reads. */
export function nameOfRefusal({ error, args }: Refusal): string {
  return `${error}(${args.join(", ")})`;
}

function findMarketRefusal(
  word: bigint,
  limits: MarketLimits,
  before: MarketMark | null,
  elapsedSeconds: bigint,
): Refusal | null {
  const fields = unpackWholeMarketWord(word);
  const market = BigInt(limits.market);
  if (fields.market !== market) return { error: "WrongMarket", args: [fields.market, market] };
  return (
    outOfBounds(market, "reserved", fields.reserved, 0n, 0n) ??
    outOfBounds(market, "smileCount", fields.smileCount, 0n, MAX_SMILES) ??
    outOfBounds(market, "spot", fields.spotE8, limits.minSpotE8, limits.maxSpotE8) ??
    outOfBounds(market, "sigma", fields.sigmaE9, limits.minSigmaE9, limits.maxSigmaE9) ??
    outOfBounds(market, "psi", fields.psiE9, limits.minPsiE9, limits.maxPsiE9) ??
    outOfBounds(market, "dispersion", fields.dispersionBps, 0n, limits.maxDispersionBps) ??
    (before === null ? null : findChangeRefusal(fields, limits, before, elapsedSeconds))
  );
}

/** Rounded into the allowed range. */
function findChangeRefusal(
  { market, spotE8, sigmaE9 }: MarketFields,
  limits: MarketLimits,
  before: MarketMark,
  elapsedSeconds: bigint,
): Refusal | null {
  const counted = elapsedSeconds > HOUR_SECONDS ? elapsedSeconds : HOUR_SECONDS;
  const changeBps = (limits.maxSpotChangeBps * counted) / HOUR_SECONDS;
  const maxFallE9 = (before.sigmaE9 * limits.maxSigmaDownBpsPerHour * elapsedSeconds) / (BPS * HOUR_SECONDS);
  return (
    outOfBounds(
      market,
      "spotChange",
      spotE8,
      (before.spotE8 * notBelowZero(BPS - changeBps) + BPS - 1n) / BPS,
      (before.spotE8 * (BPS + changeBps)) / BPS,
    ) ??
    outOfBounds(
      market,
      "sigmaChange",
      sigmaE9,
      notBelowZero(before.sigmaE9 - maxFallE9),
      (before.sigmaE9 * (BPS + limits.maxSigmaUpBps)) / BPS,
    )
  );
}

function findSmileRefusal(smile: SmileFields, limits: MarketLimits, observedAt: bigint): Refusal | null {
  const [market, expiry] = [BigInt(limits.market), expiryOf(smile)];
  const { forwardRatioE8, discountE9, sE9, rhoE9 } = smile;
  const field =
    outOfBounds(market, "expiry", expiry, observedAt + 1n, observedAt + MAX_TENOR_SECONDS) ??
    outOfBounds(market, "forwardRatio", forwardRatioE8, limits.minForwardRatioE8, limits.maxForwardRatioE8) ??
    outOfBounds(market, "discount", discountE9, limits.minDiscountE9, limits.maxDiscountE9) ??
    outOfBounds(market, "s", sE9, MIN_S_E9, MAX_S_E9) ??
    outOfBounds(market, "absRho", absolute(rhoE9), 0n, MAX_ABS_RHO_E9);
  if (field !== null) return field;
  const slopeE18 = wingSlopeE18(smile);
  if (slopeE18 > MAX_WING_SLOPE_E18)
    return { error: "WingTooSteep", args: [market, expiry, slopeE18, MAX_WING_SLOPE_E18] };
  return hasNonNegativeVariance(smile)
    ? null
    : { error: "NegativeVariance", args: [market, expiry, lowestVarianceE18(smile), 0n] };
}

function findFall(
  market: bigint,
  expiry: bigint,
  offsetsE9: readonly bigint[],
  variancesE18: readonly bigint[],
  floorsE18: readonly bigint[],
): Refusal | null {
  for (const [index, kE9] of offsetsE9.entries()) {
    const [varianceE18, minE18] = [
      variancesE18[index] ?? 0n,
      (floorsE18[index] ?? 0n) - CALENDAR_TOLERANCE_E18,
    ];
    if (varianceE18 < minE18)
      return { error: "CalendarArbitrage", args: [market, expiry, kE9, varianceE18, minE18] };
  }
  return null;
}

function findAtmRefusal(
  { market, minAtmVolBps, maxAtmVolBps }: MarketLimits,
  varianceE18: bigint,
  secondsLeft: bigint,
): Refusal | null {
  const squareBps = (notBelowZero(varianceE18) * YEAR_SECONDS) / (secondsLeft * VARIANCE_E18_TO_BPS_SQUARED);
  return outOfBounds(BigInt(market), "atmVol", floorSqrt(squareBps), minAtmVolBps, maxAtmVolBps);
}

function outOfBounds(market: bigint, name: string, value: bigint, min: bigint, max: bigint): Refusal | null {
  return value < min || value > max
    ? { error: "ValueOutOfBounds", args: [market, name, value, min, max] }
    : null;
}

function notBelowZero(value: bigint): bigint {
  return value < 0n ? 0n : value;
}

/** Unix seconds. */
function expiryOf({ expiryHour }: SmileFields): bigint {
  return expiryHour * HOUR_SECONDS;
}
