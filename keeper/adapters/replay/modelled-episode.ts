import type { Episode } from "./episodes.ts";
import { black76Price } from "../../core/pricing/black76.ts";
import {
  modelledAtTheMoneyVariance,
  modelledSmile,
  type ModelledShape,
  type ModelledTerm,
} from "../../core/surface/modelled-smile.ts";
import { sliceVol } from "../../core/surface/svi.ts";
import { DAYS_PER_YEAR, SECONDS_PER_DAY, SECONDS_PER_YEAR } from "../../core/units.ts";
import { DAILY_LAMBDA, ewmaUpdate, START_DAYS } from "../../core/volatility/ewma.ts";
import {
  MARKETS,
  type DailyHistory,
  type DailyObservation,
  type ExpiryQuotes,
  type Market,
  type MarketSnapshot,
  type OptionKind,
  type OptionQuote,
} from "../../ports/market-data.ts";

/** An episode and a history with every volatility that was not recorded put in from the model. */
export interface ModelledEpisode {
  readonly episode: Episode;
  readonly history: DailyHistory;
}

/** Smile of the model: skew to the downside, as option markets show it in a fall. */
export const SHAPE: ModelledShape = { rho: -0.3, eta: 0.8 };
/** Implied vol stands above realised vol by this factor: the premium that sellers of options ask. */
export const RISK_PREMIUM = 1.1;
/** Variance reverts with a time constant of about a month. */
export const REVERSION_PER_YEAR = 12;
const THIRTY_DAYS_YEARS = 30 / DAYS_PER_YEAR;
/** Share of a bid-ask spread that lies on each side of the model price, and the least of it as a share of spot. */
const HALF_SPREAD = 0.02;
const HALF_TICK_OF_SPOT = 1e-4;
/** Strikes as multiples of the first spot, wide enough for what follows. */
const STRIKE_MULTIPLES = [
  0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4,
];
/** Strikes lie on round numbers: a hundredth of the first spot's power of ten. */
const STRIKE_STEPS_PER_DECADE = 100;
/** Expiries at 08:00 UTC, in days after the first snapshot's midnight: two, then Fridays as the venue lists them. */
const EXPIRY_DAYS = [2, 5, 12, 19, 47, 110] as const;
/**
 * Open interest of these days is not recorded either. A figure of the size that the venues of the time had keeps the concentration charge, which
 * measures a book against it, from swallowing every other term.
 */
const ASSUMED_OPEN_INTEREST_USD: Readonly<Record<Market, number>> = { BTC: 1e9, ETH: 1e8 };
const EXPIRY_HOUR_SECONDS = 8 * 3_600;
/** A change is taken over at most so many days. */
const MAX_STEP_DAYS = 1.25;
/** An expiry closer than this is no longer quoted. */
const MIN_LISTED_SECONDS = 3_600;

/** Variance per day of one market after each day of the history, and its mean so far. */
interface DailyVariance {
  readonly observedAtSeconds: number;
  readonly closeUsd: number;
  readonly dailyVariance: number;
  readonly longRunVariance: number;
}

/**
 * Gives a spot-only episode option chains from a model: at-the-money variance from the EWMA of daily returns (and its long-run mean), times
 * a risk premium, reverting over a month; a surface-SVI smile without static arbitrage (modelled-smile.ts); forwards at spot, no rates. Nothing
 * observed later enters a snapshot. Days of the history without an implied-vol index get the model's thirty-day vol.
 */
export function modelEpisode(episode: Episode, history: DailyHistory): ModelledEpisode {
  const variances = new Map(MARKETS.map((market) => [market, dailyVariances(history, market)]));
  const expiries = new Map(MARKETS.map((market) => [market, listingOf(episode, market)]));
  const snapshots = episode.snapshots.map((snapshot): MarketSnapshot => {
    const known = variances.get(snapshot.market) ?? [];
    const term = termAt(known, snapshot.observedAtSeconds, snapshot.spotUsd);
    const listed = expiries.get(snapshot.market) ?? [];
    const openInterestUsd = snapshot.openInterestUsd ?? ASSUMED_OPEN_INTEREST_USD[snapshot.market];
    const chains = listed.flatMap((expiry) => modelExpiry(snapshot, term, expiry));
    return { ...snapshot, openInterestUsd, expiries: chains };
  });
  const days = history.days.map((day): DailyObservation => {
    const fill = (market: Market) => {
      const values = day.markets[market];
      if (values.impliedVol !== null) return values;
      const term = termAt(variances.get(market) ?? [], day.observedAtSeconds, values.closeUsd);
      const variance = modelledAtTheMoneyVariance(term, THIRTY_DAYS_YEARS);
      const vol = Math.sqrt(variance / THIRTY_DAYS_YEARS);
      return { ...values, impliedVol: { vol, source: "thirty-day-at-the-money" as const } };
    };
    return { ...day, markets: { BTC: fill("BTC"), ETH: fill("ETH") } };
  });
  return { episode: { ...episode, snapshots }, history: { days } };
}

function dailyVariances(history: DailyHistory, market: Market): readonly DailyVariance[] {
  const result: DailyVariance[] = [];
  const returns: number[] = [];
  let variance = 0;
  for (const [index, day] of history.days.entries()) {
    const closeUsd = day.markets[market].closeUsd;
    const before = history.days[index - 1];
    if (
      before !== undefined &&
      day.observedAtSeconds - before.observedAtSeconds <= MAX_STEP_DAYS * SECONDS_PER_DAY
    ) {
      const change = Math.log(closeUsd / before.markets[market].closeUsd);
      returns.push(change * change);
      variance = returns.length <= START_DAYS ? mean(returns) : ewmaUpdate(variance, change, DAILY_LAMBDA);
    }
    const longRunVariance = returns.length === 0 ? 0 : mean(returns);
    result.push({
      observedAtSeconds: day.observedAtSeconds,
      closeUsd,
      dailyVariance: variance,
      longRunVariance,
    });
  }
  return result;
}

/** The term structure known at a time: the last day's variance, moved on by the part of a day since with the spot now. */
function termAt(known: readonly DailyVariance[], nowSeconds: number, spotUsd: number): ModelledTerm {
  const last =
    known.findLast((day) => day.observedAtSeconds <= nowSeconds && day.dailyVariance > 0) ??
    known.find((day) => day.dailyVariance > 0);
  if (last === undefined) throw new RangeError("the daily history is too short to model a smile");
  const days = (nowSeconds - last.observedAtSeconds) / SECONDS_PER_DAY;
  const change = Math.log(spotUsd / last.closeUsd) / Math.sqrt(days);
  const inside = days > 0 && days <= MAX_STEP_DAYS;
  const moved = inside ? ewmaUpdate(last.dailyVariance, change, DAILY_LAMBDA ** days) : last.dailyVariance;
  const annual = (variance: number) => RISK_PREMIUM * Math.sqrt(variance * DAYS_PER_YEAR);
  return {
    shortVol: annual(moved),
    longRunVol: annual(last.longRunVariance),
    reversionPerYear: REVERSION_PER_YEAR,
  };
}

interface ListedExpiry {
  readonly expirySeconds: number;
  readonly strikesUsd: readonly number[];
}

function listingOf(episode: Episode, market: Market): readonly ListedExpiry[] {
  const first = episode.snapshots.find((snapshot) => snapshot.market === market);
  if (first === undefined) return [];
  const midnight = Math.floor(first.observedAtSeconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  const step = 10 ** Math.ceil(Math.log10(first.spotUsd)) / STRIKE_STEPS_PER_DECADE / 2;
  const strikesUsd = [
    ...new Set(STRIKE_MULTIPLES.map((multiple) => Math.round((multiple * first.spotUsd) / step) * step)),
  ];
  return EXPIRY_DAYS.map((days) => ({
    expirySeconds: midnight + days * SECONDS_PER_DAY + EXPIRY_HOUR_SECONDS,
    strikesUsd,
  }));
}

function modelExpiry(
  snapshot: MarketSnapshot,
  term: ModelledTerm,
  listed: ListedExpiry,
): readonly ExpiryQuotes[] {
  const { spotUsd, observedAtSeconds } = snapshot;
  if (listed.expirySeconds - observedAtSeconds < MIN_LISTED_SECONDS) return [];
  const tauYears = (listed.expirySeconds - observedAtSeconds) / SECONDS_PER_YEAR;
  const slice = modelledSmile(term, SHAPE, tauYears);
  const quotes = listed.strikesUsd.flatMap((strikeUsd) => {
    const annualVol = sliceVol(slice, Math.log(strikeUsd / spotUsd), tauYears);
    const quote = (kind: OptionKind): OptionQuote => {
      const price = black76Price({
        kind,
        forward: spotUsd,
        strike: strikeUsd,
        tauYears,
        annualVol,
        discount: 1,
      });
      const half = Math.max(price * HALF_SPREAD, spotUsd * HALF_TICK_OF_SPOT);
      const bid = price - half;
      return {
        kind,
        strikeUsd,
        bidUsd: bid > 0 ? bid : null,
        askUsd: price + half,
        venueVol: annualVol,
        openInterest: 0,
      };
    };
    return [quote("call"), quote("put")];
  });
  return [{ expirySeconds: listed.expirySeconds, forwardUsd: spotUsd, quotes }];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
