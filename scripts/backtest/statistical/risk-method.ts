import type { ForecastDay } from "./forecast-days.ts";

/** Confidences of value at risk and of expected shortfall: the house's own. */
export const VAR_CONFIDENCE_BPS = 9_900;
export const ES_CONFIDENCE_BPS = 9_750;

/** A portfolio's forecast for the next day, positive losses per dollar of notional. */
export interface RiskForecast {
  readonly valueAtRisk: number;
  /** At the confidence of expected shortfall, for its backtest. */
  readonly shortfallValueAtRisk: number;
  readonly expectedShortfall: number;
}

/** A way to forecast the risk of every portfolio. */
export interface RiskMethod {
  readonly name: string;
  readonly title: string;
  /** One forecast for each of `PORTFOLIOS`. */
  forecast(day: ForecastDay): readonly RiskForecast[];
}
