import { houseChain } from "../../../keeper/core/volatility/forecast-chain.ts";
import {
  hourlyHistory,
  knownAfter,
  type HourlyHistory,
} from "../../../keeper/core/volatility/hourly-history.ts";
import { MARKETS, type Market } from "../../../keeper/ports/market-data.ts";
import { readHourlyBars, readHourlyImpliedVol } from "../hourly-series.ts";
import type { SigmaFilter } from "./market-model.ts";

const HOUR_SECONDS = 3_600;
const DAY_HOURS = 24;

/** The house's chain of filters on recorded hours: fitted at a moment, then asked at any later one with what is known then. */
export interface ChainFilters {
  fitAt(seconds: number): SigmaFilter;
}

/** @throws DataFolderError */
export function openChainFilters(dataFolder: string): ChainFilters {
  const histories = new Map(
    MARKETS.map((market) => [
      market,
      hourlyHistory(readHourlyBars(dataFolder, market, "spot"), [readHourlyImpliedVol(dataFolder, market)]),
    ]),
  );
  return {
    fitAt: (fitSeconds) => {
      const fits = new Map(
        MARKETS.map((market) => [market, houseChain().fit(until(histories.get(market)!, fitSeconds))]),
      );
      const kept = new Map<string, number | null>();
      return (market: Market, seconds: number) => {
        const key = `${market} ${Math.floor(seconds / HOUR_SECONDS)}`;
        const known = kept.get(key);
        if (known !== undefined) return known;
        const variances = fits.get(market)!.forecast(until(histories.get(market)!, seconds));
        const dailyVol = variances === null ? null : Math.sqrt(variances[DAY_HOURS]);
        kept.set(key, dailyVol);
        return dailyVol;
      };
    },
  };
}

/** The history of the hours that have ended at a moment. */
function until(history: HourlyHistory, seconds: number): HourlyHistory {
  const hours = Math.floor(seconds / HOUR_SECONDS) - history.firstHour;
  return knownAfter(history, Math.min(hours, history.close.length));
}
