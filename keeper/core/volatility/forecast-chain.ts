import { HOURS_PER_DAY, knownAfter, realisedVariance } from "./hourly-history.ts";
import type { HourlyHistory } from "./hourly-history.ts";
import { hourlyEwmaModel } from "./hourly-ewma.ts";
import { logHarModel } from "./log-har.ts";
import type { FittedVolatility, HorizonHours, HorizonVariances, VolatilityModel } from "./model.ts";
import { CoreError } from "../errors.ts";

/** The forecast volatility is at least this share of the moving average's, so that margin does not leap. */
const FLOOR_SHARE = 0.8;
/** Days whose forecasts are held against what came. */
const GUARD_DAYS = 60;
/** Days that must have both a forecast and a realised variance before the guard may act. */
const LEAST_GUARD_DAYS = 30;
/** The guard acts on a mean ratio that lies more than this many standard errors from one, on the part beyond. */
const GUARD_STANDARD_ERRORS = 2;
/** Bounds of the guard's factor on variance. */
const GUARD_MIN = 0.8;
const GUARD_MAX = 2;

/** Forecasts of the chain and where they come from. */
interface ChainForecast {
  readonly variances: HorizonVariances;
  /** Name of the model that answered. */
  readonly model: string;
  /** The drift guard's factor on variance: one when recent forecasts were calibrated. */
  readonly driftScale: number;
  /** Whether the floor holds at 24 h. */
  readonly atFloor: boolean;
}

interface FittedChain extends FittedVolatility {
  explain(history: HourlyHistory): ChainForecast | null;
}

/** A chain is a model whose forecasts can be explained. */
export interface ForecastChain extends VolatilityModel {
  fit(history: HourlyHistory): FittedChain;
}

interface Link {
  readonly name: string;
  readonly fitted: FittedVolatility;
  /** The drift guard's factor for forecasts at the end of a history. */
  readonly scaleOn: (known: HourlyHistory) => number;
}

/**
 * Models in order of preference over a last one that needs only prices: the first that answers is calibrated by the drift guard and kept at
 * or above 0.8 times the volatility of the last. A model that lacks history at the fit is left out.
 * @throws CoreError of the last model's fit
 */
export function forecastChain(
  name: string,
  preferred: readonly VolatilityModel[],
  last: VolatilityModel,
): ForecastChain {
  return {
    name,
    fit: (history) => {
      const lastLink = { name: last.name, scaleOn: () => 1, fitted: last.fit(history) };
      const links = preferred.flatMap((model) => fitOrLeaveOut(model, history));
      const explain = (known: HourlyHistory) => explainForecast(known, links, lastLink);
      return { explain, forecast: (known) => explain(known)?.variances ?? null };
    },
  };
}

/** The chain of the house: log-HAR with implied vol, log-HAR of prices alone, deseasonalised hourly EWMA. */
export function houseChain(): ForecastChain {
  return forecastChain(
    "house-chain",
    [logHarModel("prices-and-implied-vol"), logHarModel("prices")],
    hourlyEwmaModel("taken-out"),
  );
}

function fitOrLeaveOut(model: VolatilityModel, history: HourlyHistory): readonly Link[] {
  try {
    const fitted = model.fit(history);
    return [{ name: model.name, fitted, scaleOn: oncePerDay((known) => guardScale(fitted, known)) }];
  } catch (error) {
    if (error instanceof CoreError && error.code === "series-too-short") return [];
    throw error;
  }
}

function explainForecast(known: HourlyHistory, links: readonly Link[], last: Link): ChainForecast | null {
  const floor = last.fitted.forecast(known);
  for (const { name, fitted, scaleOn } of links) {
    const raw = fitted.forecast(known);
    if (raw === null) continue;
    const driftScale = scaleOn(known);
    const of = (hours: HorizonHours) =>
      Math.max(raw[hours] * driftScale, FLOOR_SHARE ** 2 * (floor?.[hours] ?? 0));
    const variances = { 1: of(1), 24: of(24), 168: of(168) };
    return { variances, model: name, driftScale, atFloor: variances[24] > raw[24] * driftScale };
  }
  return floor === null ? null : { variances: floor, model: last.name, driftScale: 1, atFloor: false };
}

/** The value at the last midnight (UTC), kept until the next one or another history: hours of a day share it. */
function oncePerDay(compute: (known: HourlyHistory) => number): (known: HourlyHistory) => number {
  let kept: { readonly midnight: number; readonly data: ArrayBufferLike; readonly value: number } | undefined;
  return (known) => {
    const now = known.firstHour + known.close.length;
    const midnight = now - (now % HOURS_PER_DAY);
    if (midnight < known.firstHour) return 1;
    if (kept?.midnight !== midnight || kept.data !== known.logReturn.buffer) {
      const value = compute(knownAfter(known, midnight - known.firstHour));
      kept = { midnight, data: known.logReturn.buffer, value };
    }
    return kept.value;
  };
}

/**
 * How far recent forecasts were off: mean of realised over forecast 24 h variance on the last 60 days that do not overlap. Within two
 * standard errors of one they count as right; beyond, the excess is the factor, within bounds.
 */
function guardScale(fitted: FittedVolatility, known: HourlyHistory): number {
  const ratios: number[] = [];
  for (let day = 1; day <= GUARD_DAYS; day++) {
    const then = known.close.length - day * HOURS_PER_DAY;
    if (then <= 0) break;
    const forecast = fitted.forecast(knownAfter(known, then));
    const ratio =
      forecast === null ? NaN : realisedVariance(known.logReturn, then, HOURS_PER_DAY) / forecast[24];
    if (!Number.isNaN(ratio)) ratios.push(ratio);
  }
  if (ratios.length < LEAST_GUARD_DAYS) return 1;
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (ratios.length - 1);
  const band = GUARD_STANDARD_ERRORS * Math.sqrt(variance / ratios.length);
  if (mean - band > 1) return Math.min(GUARD_MAX, mean - band);
  if (mean + band < 1) return Math.max(GUARD_MIN, mean + band);
  return 1;
}
