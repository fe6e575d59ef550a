import { CoreError } from "../core/errors.ts";
import { SECONDS_PER_DAY } from "../core/units.ts";
import { DAILY_LAMBDA, ewmaUpdate } from "../core/volatility/ewma.ts";
import { houseChain } from "../core/volatility/forecast-chain.ts";
import { knownAfter } from "../core/volatility/hourly-history.ts";
import type { HourlyHistory } from "../core/volatility/hourly-history.ts";
import type { FittedVolatility, VolatilityModel } from "../core/volatility/model.ts";
import type { Market } from "../ports/market-data.ts";

const SECONDS_PER_HOUR = 3_600;
/** A last hour that ended longer ago is stale. */
const MAX_AGE_HOURS = 3;
/** Hours between two fits: a month. */
const HOURS_PER_REFIT = 30 * 24;

/** Forecasts the day ahead from hours; it remembers each market's fitted model until the next one is due. */
export interface HourlyForecaster {
  /**
   * @param spotNow USD
   * @returns volatility of the next 24 h, per square root of a day; null when hours are missing, stale or too few
   */
  dailyVol(market: Market, hours: HourlyHistory | null, spotNow: number, nowSeconds: number): number | null;
}

/**
 * The house's chain on a market's hours. The model is fitted anew at fixed moments 30 days apart, on what was known then, and for hours that
 * begin elsewhere: keepers that have the same hours have the same model, whenever they started. The change since the last hour's close enters like a part of a day's move.
 */
export function createHourlyForecaster(model: VolatilityModel = houseChain()): HourlyForecaster {
  const fitted = new Map<
    Market,
    { readonly firstHour: number; readonly fitHour: number; readonly volatility: FittedVolatility | null }
  >();
  const fittedAt = (market: Market, hours: HourlyHistory, fitHour: number) => {
    const { firstHour } = hours;
    const kept = fitted.get(market);
    if (kept?.fitHour === fitHour && kept.firstHour === firstHour) return kept.volatility;
    const volatility = fitOrNull(model, hours, fitHour);
    fitted.set(market, { firstHour, fitHour, volatility });
    return volatility;
  };
  return {
    dailyVol: (market, hours, spotNow, nowSeconds) => {
      if (hours === null) return null;
      const endHour = hours.firstHour + hours.close.length;
      const ageSeconds = nowSeconds - endHour * SECONDS_PER_HOUR;
      if (!(ageSeconds >= 0 && ageSeconds <= MAX_AGE_HOURS * SECONDS_PER_HOUR)) return null;
      const fitHour = endHour - (endHour % HOURS_PER_REFIT);
      const variance = fittedAt(market, hours, fitHour)?.forecast(hours)?.[24];
      if (variance === undefined) return null;
      return Math.sqrt(movedOn(variance, hours.close.at(-1)!, spotNow, ageSeconds / SECONDS_PER_DAY));
    },
  };
}

function fitOrNull(model: VolatilityModel, hours: HourlyHistory, fitHour: number): FittedVolatility | null {
  if (fitHour < hours.firstHour) return null;
  try {
    return model.fit(knownAfter(hours, fitHour - hours.firstHour));
  } catch (error) {
    if (error instanceof CoreError && error.code === "series-too-short") return null;
    throw error;
  }
}

/** var lambda^d + (1 - lambda^d) r^2 / d, a daily step of the moving average at d = 1. */
function movedOn(dailyVariance: number, lastClose: number, spotNow: number, days: number): number {
  if (!(days > 0 && lastClose > 0)) return dailyVariance;
  const change = Math.log(spotNow / lastClose) / Math.sqrt(days);
  return ewmaUpdate(dailyVariance, change, DAILY_LAMBDA ** days);
}
