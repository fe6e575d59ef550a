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

/** What a price must satisfy. */
export interface PriceRule {
  /** Forecast volatility of a day, fraction. */
  readonly dailyVol: number;
  /** Prices that must agree. */
  readonly quorum: number;
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
  /** No majority agrees, and it is not of the quorum that goes on from the price accepted before. */
  | "unconfirmed";

export interface CombinedPrice {
  /** Median of the accepted prices; null when they are fewer than the quorum. */
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
/** The sources' own deviation widens the reach to at most this multiple: sources that disagree do not vouch for each other. */
const MAX_WIDENING = 2;
/** Fewer prices say nothing of their own spread: of two, both lie at the deviation. */
const MIN_PRICES_FOR_MAD = 3;
/** Spreads, fees and quote coins hold honest venues this far from their median in calm hours, log units. */
const QUIET_DISTANCE = 0.005;
/** Honest prices are at most about this far apart in time. */
const SAMPLING_SKEW_SECONDS = 60;
const VOL_MULTIPLE = 6;
/** However volatile the market is, accepted prices lie within this of their median, and so within twice this of each other; log units. */
const MAX_DISTANCE = 0.05;
/** A jump that no volatility forecast foresees, log units: ether fell by 7.2 % within the minute of 2021-05-19T12:53. */
const JUMP_ALLOWANCE = 0.1;
/** A price that nobody else shows is no market's price. */
export const MIN_PRICE_QUORUM = 2;
const MAX_DAILY_VOL = 10;
const MAX_QUORUM = 1_000;

/**
 * One price of several sources. A price counts when it lies near the median of the fresh ones: within 6 sigma over the square root of a
 * minute, or four of their median absolute deviations up to twice that. Those near are accepted when they are most of the fresh, and give a price when
 * they make a quorum; a crash that all venues show therefore passes however deep it is. Where no majority agrees, the sources are in camps: of the camps whose members
 * agree and make a quorum the one nearest to the price accepted before is taken, if it lies within 6 sigma sqrt(dt) plus a jump of it.
 * @throws CoreError `argument-out-of-domain`
 */
export function combinePrices(
  prices: readonly SourcePrice[],
  previous: PreviousPrice | null,
  { dailyVol, quorum }: PriceRule,
): CombinedPrice {
  requireWithin("dailyVol", dailyVol, 0, MAX_DAILY_VOL);
  requireWithin("quorum", quorum, MIN_PRICE_QUORUM, MAX_QUORUM);
  const reasons = new Map<SourcePrice, PriceRefusal>();
  for (const price of prices) {
    const reason = unusable(price);
    if (reason !== null) reasons.set(price, reason);
  }
  const fresh = prices.filter((price) => !reasons.has(price));
  const reach = reachOf(dailyVol);
  const near = nearMedian(fresh, reach);
  const isMajority = near.length * 2 > fresh.length;
  const accepted = isMajority ? near : continuingCamp(fresh, previous, { dailyVol, quorum });
  for (const price of fresh)
    if (!accepted.includes(price)) reasons.set(price, isMajority ? "outlying" : "unconfirmed");
  const priceUsd = accepted.length < quorum ? null : median(accepted.map((price) => price.priceUsd));
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

/** How far an honest price may lie from the median, log units: what venues differ by, and what the market moves between two samples. */
function reachOf(dailyVol: number): number {
  const skew = Math.sqrt(SAMPLING_SKEW_SECONDS / SECONDS_PER_DAY);
  return Math.min(MAX_DISTANCE, QUIET_DISTANCE + VOL_MULTIPLE * dailyVol * skew);
}

function nearMedian(fresh: readonly SourcePrice[], reach: number): readonly SourcePrice[] {
  if (fresh.length === 0) return [];
  const logs = fresh.map(({ priceUsd }) => Math.log(priceUsd));
  const centre = median(logs);
  const distances = logs.map((log) => Math.abs(log - centre));
  const deviation = fresh.length < MIN_PRICES_FOR_MAD ? 0 : NORMAL_MAD_SCALE * median(distances);
  const widened = Math.min(MAD_MULTIPLE * deviation, MAX_WIDENING * reach);
  const allowed = Math.min(MAX_DISTANCE, Math.max(reach, widened));
  return fresh.filter((_, index) => distances[index]! <= allowed);
}

/** The camp that goes on from the price before; empty when none does. A camp's prices lie within twice the reach of its lowest. */
function continuingCamp(
  fresh: readonly SourcePrice[],
  previous: PreviousPrice | null,
  { dailyVol, quorum }: PriceRule,
): readonly SourcePrice[] {
  if (previous === null) return [];
  const days = Math.max(0, previous.ageSeconds) / SECONDS_PER_DAY;
  let nearest: readonly SourcePrice[] = [];
  let smallestMove = VOL_MULTIPLE * dailyVol * Math.sqrt(days) + JUMP_ALLOWANCE;
  for (const lowest of fresh) {
    const camp = fresh.filter(({ priceUsd }) => {
      const above = Math.log(priceUsd / lowest.priceUsd);
      return above >= 0 && above <= 2 * reachOf(dailyVol);
    });
    const move = Math.abs(Math.log(median(camp.map(({ priceUsd }) => priceUsd)) / previous.priceUsd));
    if (camp.length < quorum || move > smallestMove) continue;
    nearest = camp;
    smallestMove = move;
  }
  return nearest;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
