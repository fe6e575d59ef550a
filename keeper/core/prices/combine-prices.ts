import { requireWithin } from "../errors.ts";
import { SECONDS_PER_DAY } from "../units.ts";

/** What one source shows of a market's spot. */
export interface SourcePrice {
  readonly source: string;
  readonly priceUsd: number;
  /** Seconds since the source observed it; below zero when the source's clock is ahead. */
  readonly ageSeconds: number;
  /** Older prices of this source do not count. */
  readonly maxAgeSeconds: number;
}

/** The price that was accepted before. */
export interface PreviousPrice {
  readonly priceUsd: number;
  readonly ageSeconds: number;
}

export type PriceRefusal =
  /** Older than the source's limit. */
  | "stale"
  /** Observed later than now, beyond what clocks differ by. */
  | "from-the-future"
  /** Not a finite number above zero. */
  | "not-a-price"
  /** Too far from the median of the sources. */
  | "outlying"
  /** No majority agrees with it and it lies too far from the price accepted before. */
  | "unconfirmed-jump";

export interface CombinedPrice {
  /** Median of the accepted prices; null when none was accepted. */
  readonly priceUsd: number | null;
  /** Largest distance of an accepted price from the median, as a fraction. */
  readonly dispersion: number;
  readonly accepted: readonly string[];
  readonly refused: readonly { readonly source: string; readonly reason: PriceRefusal }[];
}

/** Clocks of venues may run ahead by this much. */
const MAX_CLOCK_LEAD_SECONDS = 10;
/** Makes the median absolute deviation of normal values their standard deviation (Hampel 1974). */
const NORMAL_MAD_SCALE = 1.4826;
const MAD_MULTIPLE = 4;
/** Fewer prices say nothing of their own spread: of two, both lie at the deviation. */
const MIN_PRICES_FOR_MAD = 3;
/** Spreads, fees and quote coins hold honest venues this far apart in calm hours, log units. */
const QUIET_DISTANCE = 0.005;
/** Honest prices are at most about this far apart in time. */
const SAMPLING_SKEW_SECONDS = 60;
const VOL_MULTIPLE = 6;
/** However wide the sources are spread, a price farther from their median is no price of this market, log units. */
const MAX_DISTANCE = 0.1;
/** A jump that no volatility forecast foresees, log units: ether fell by 7.2 % within the minute of 2021-05-19T12:53. */
const JUMP_ALLOWANCE = 0.1;
const MIN_CONFIRMING = 2;
const MAX_DAILY_VOL = 10;

/**
 * One price of several sources. A price counts when it lies close to the median of the fresh ones, in units of their median absolute
 * deviation or of the volatility over the seconds between samples, and when most fresh sources do so together; a crash that all venues
 * show therefore passes however deep it is. Where no majority agrees (one source, or a divided few) a price counts only within
 * 6 sigma sqrt(dt) plus a jump of the price accepted before, and none counts without one.
 * @param dailyVol forecast volatility of a day, fraction
 * @throws CoreError `argument-out-of-domain`
 */
export function combinePrices(
  prices: readonly SourcePrice[],
  previous: PreviousPrice | null,
  dailyVol: number,
): CombinedPrice {
  requireWithin("dailyVol", dailyVol, 0, MAX_DAILY_VOL);
  const reasons = new Map<SourcePrice, PriceRefusal>();
  for (const price of prices) {
    const reason = unusable(price);
    if (reason !== null) reasons.set(price, reason);
  }
  const fresh = prices.filter((price) => !reasons.has(price));
  const near = nearMedian(fresh, dailyVol);
  const confirmed = near.length >= MIN_CONFIRMING && near.length * 2 > fresh.length;
  const accepted = confirmed ? near : fresh.filter((price) => continues(price, previous, dailyVol));
  for (const price of fresh)
    if (!accepted.includes(price)) reasons.set(price, confirmed ? "outlying" : "unconfirmed-jump");
  const priceUsd = accepted.length === 0 ? null : median(accepted.map((price) => price.priceUsd));
  return {
    priceUsd,
    dispersion:
      priceUsd === null ? 0 : Math.max(...accepted.map((price) => Math.abs(price.priceUsd / priceUsd - 1))),
    accepted: accepted.map(({ source }) => source),
    refused: [...reasons].map(([{ source }, reason]) => ({ source, reason })),
  };
}

function unusable({ priceUsd, ageSeconds, maxAgeSeconds }: SourcePrice): PriceRefusal | null {
  if (!(Number.isFinite(priceUsd) && priceUsd > 0)) return "not-a-price";
  if (ageSeconds < -MAX_CLOCK_LEAD_SECONDS) return "from-the-future";
  return ageSeconds <= maxAgeSeconds ? null : "stale";
}

function nearMedian(fresh: readonly SourcePrice[], dailyVol: number): readonly SourcePrice[] {
  if (fresh.length === 0) return [];
  const logs = fresh.map(({ priceUsd }) => Math.log(priceUsd));
  const centre = median(logs);
  const distances = logs.map((log) => Math.abs(log - centre));
  const deviation = fresh.length < MIN_PRICES_FOR_MAD ? 0 : NORMAL_MAD_SCALE * median(distances);
  const skew = Math.sqrt(SAMPLING_SKEW_SECONDS / SECONDS_PER_DAY);
  const allowed = Math.min(
    MAX_DISTANCE,
    Math.max(MAD_MULTIPLE * deviation, QUIET_DISTANCE + VOL_MULTIPLE * dailyVol * skew),
  );
  return fresh.filter((_, index) => distances[index]! <= allowed);
}

function continues({ priceUsd }: SourcePrice, previous: PreviousPrice | null, dailyVol: number): boolean {
  if (previous === null) return false;
  const days = Math.max(0, previous.ageSeconds) / SECONDS_PER_DAY;
  const allowed = VOL_MULTIPLE * dailyVol * Math.sqrt(days) + JUMP_ALLOWANCE;
  return Math.abs(Math.log(priceUsd / previous.priceUsd)) <= allowed;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
