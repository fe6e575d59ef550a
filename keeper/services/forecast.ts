import { DAILY_LAMBDA, ewmaFilter, ewmaUpdate } from "../core/volatility/ewma.ts";
import { dailyLogChanges } from "../core/volatility/changes.ts";
import { historicalVolatility, postedDailyVol } from "../core/volatility/posted-forecast.ts";
import { SECONDS_PER_DAY } from "../core/units.ts";
import type { DailyHistory, DailyObservation, ImpliedVolSource, Market } from "../ports/market-data.ts";
import type { ForecastLimits } from "../ports/oracle-chain.ts";

/** Days further apart than this many days are a gap: no change is taken across it. */
const MAX_STEP_DAYS = 1.25;
const SHARE_SCALE = 1e9;
const BPS = 10_000n;
const SECONDS_PER_HOUR = 3_600n;

/** The two forecasts of a market's report, per square root of a day. */
export interface Forecast {
  /** Of the spot's log-return. */
  readonly sigma: number;
  /** Of the log change of 30-day implied vol. */
  readonly psi: number;
}

/** What the oracle holds from the report before. */
export interface PostedForecast {
  readonly sigmaE9: bigint;
  readonly psiE9: bigint;
  readonly observedAtSeconds: number;
}

/** The series of daily changes of a market; NaN where two days lie apart or their sources differ. */
export interface DailyChanges {
  readonly spot: Float64Array;
  readonly impliedVol: Float64Array;
}

/** Daily log changes of a market's close and implied vol. */
export function dailyChanges(history: DailyHistory, market: Market): DailyChanges {
  const { days } = history;
  const spot = dailyLogChanges(days.map((day) => day.markets[market].closeUsd));
  const impliedVol = dailyLogChanges(days.map((day) => day.markets[market].impliedVol?.vol ?? null));
  for (let step = 0; step < spot.length; step++) {
    const [from, to] = [days[step], days[step + 1]];
    if (from === undefined || to === undefined) break;
    if (!isOneDay(from, to) || from.priceSource !== to.priceSource) spot[step] = NaN;
    if (!isOneDay(from, to) || impliedVolSource(from, market) !== impliedVolSource(to, market))
      impliedVol[step] = NaN;
  }
  return { spot, impliedVol };
}

/**
 * Forecasts of a market now, then the anti-procyclical rule (posted-forecast.ts) against the report before. The spot's is that of the hours
 * where there is one, else the EWMA of the daily changes, moved on by the change since the last close for the time that has passed: less than a day where the history is kept, more where it is late.
 * @param spotNow USD
 * @param hourlyVol forecast from hours (hourly-forecast.ts), per square root of a day
 * @throws CoreError `series-too-short`
 */
export function forecastMarket(
  history: DailyHistory,
  market: Market,
  spotNow: number,
  nowSeconds: number,
  posted: PostedForecast | null,
  hourlyVol: number | null = null,
): Forecast {
  const changes = dailyChanges(history, market);
  const elapsedDays =
    posted === null ? 0 : Math.max(0, nowSeconds - posted.observedAtSeconds) / SECONDS_PER_DAY;
  const before = (valueE9: bigint | undefined) =>
    valueE9 === undefined ? undefined : { dailyVol: Number(valueE9) / SHARE_SCALE, elapsedDays };
  const spotVol =
    hourlyVol ?? movedOn(ewmaFilter().fit(changes.spot).dailyVol, history, market, spotNow, nowSeconds);
  const impliedVolVol = ewmaFilter().fit(changes.impliedVol).dailyVol;
  return {
    sigma: postedDailyVol(spotVol, historicalVolatility(changes.spot), before(posted?.sigmaE9)),
    psi: postedDailyVol(impliedVolVol, historicalVolatility(changes.impliedVol), before(posted?.psiE9)),
  };
}

/** Keeps a forecast within what the oracle accepts: its bounds, and its limits of change since the report before. */
export function withinLimits(
  forecast: Forecast,
  limits: ForecastLimits,
  posted: PostedForecast | null,
  nowSeconds: number,
): Forecast {
  let minSigmaE9 = limits.minSigmaE9;
  let maxSigmaE9 = limits.maxSigmaE9;
  if (posted !== null) {
    const elapsed = BigInt(Math.max(0, nowSeconds - posted.observedAtSeconds));
    const fallE9 = (posted.sigmaE9 * limits.maxSigmaDownBpsPerHour * elapsed) / (BPS * SECONDS_PER_HOUR);
    minSigmaE9 = largest(minSigmaE9, posted.sigmaE9 - fallE9);
    maxSigmaE9 = smallest(maxSigmaE9, posted.sigmaE9 + (posted.sigmaE9 * limits.maxSigmaUpBps) / BPS);
  }
  return {
    sigma: clampE9(forecast.sigma, minSigmaE9, maxSigmaE9),
    psi: clampE9(forecast.psi, limits.minPsiE9, limits.maxPsiE9),
  };
}

/** The EWMA variance after the d days since the last close: var lambda^d + (1 - lambda^d) r^2 / d, a daily step at d = 1. */
function movedOn(
  dailyVol: number,
  history: DailyHistory,
  market: Market,
  spotNow: number,
  nowSeconds: number,
): number {
  const last = history.days.at(-1);
  if (last === undefined) return dailyVol;
  const days = (nowSeconds - last.observedAtSeconds) / SECONDS_PER_DAY;
  if (!(days > 0)) return dailyVol;
  const change = Math.log(spotNow / last.markets[market].closeUsd) / Math.sqrt(days);
  return Math.sqrt(ewmaUpdate(dailyVol * dailyVol, change, DAILY_LAMBDA ** days));
}

function isOneDay(from: DailyObservation, to: DailyObservation): boolean {
  return to.observedAtSeconds - from.observedAtSeconds <= MAX_STEP_DAYS * SECONDS_PER_DAY;
}

function impliedVolSource(day: DailyObservation, market: Market): ImpliedVolSource | null {
  return day.markets[market].impliedVol?.source ?? null;
}

function clampE9(value: number, minE9: bigint, maxE9: bigint): number {
  return Math.min(Math.max(value, Number(minE9) / SHARE_SCALE), Number(maxE9) / SHARE_SCALE);
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smallest(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
