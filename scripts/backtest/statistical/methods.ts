import { equalWeights, tailRisk } from "../../../keeper/core/risk/tail.ts";
import type { Market } from "../../../keeper/ports/market-data.ts";
import type { ForecastDay } from "./forecast-days.ts";
import { factorPnl, portfolioPnl, PORTFOLIOS, type JointMove, type MarketMove } from "./portfolios.ts";

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

/** Every portfolio revalued under every scenario. */
function byRevaluation(day: ForecastDay, scenarios: readonly JointMove[]): readonly RiskForecast[] {
  const factors = scenarios.map((move) => factorPnl(move, day.vols));
  const weights = equalWeights(scenarios.length);
  return PORTFOLIOS.map((portfolio) => {
    const pnl = factors.map((values) => portfolioPnl(portfolio, values));
    const shortfall = tailRisk(pnl, weights, ES_CONFIDENCE_BPS);
    return {
      valueAtRisk: tailRisk(pnl, weights, VAR_CONFIDENCE_BPS).valueAtRisk,
      shortfallValueAtRisk: shortfall.valueAtRisk,
      expectedShortfall: shortfall.expectedShortfall,
    };
  });
}

function scaled(day: ForecastDay, residual: JointMove): JointMove {
  const move = (market: Market): MarketMove => ({
    logReturn: residual[market].logReturn * day.sigma[market].spot,
    volChange: residual[market].volChange * day.sigma[market].vol,
  });
  return { BTC: move("BTC"), ETH: move("ETH") };
}

/** Filtered historical simulation on EWMA: past residuals times today's forecast (Barone-Adesi et al. 1999). */
const filteredHistorical: RiskMethod = {
  name: "filteredHistorical",
  title: "FHS on EWMA",
  forecast: (day) =>
    byRevaluation(
      day,
      day.residuals.map((residual) => scaled(day, residual)),
    ),
};

/** Historical simulation: past moves as they were. */
const historical: RiskMethod = {
  name: "historical",
  title: "historical",
  forecast: (day) => byRevaluation(day, day.past),
};

export const RISK_METHODS: readonly RiskMethod[] = [filteredHistorical, historical];
