import { equalWeights, tailRisk } from "../../../keeper/core/risk/tail.ts";
import type { Market } from "../../../keeper/ports/market-data.ts";
import type { ForecastDay } from "./forecast-days.ts";
import { deltaGamma } from "./delta-gamma-method.ts";
import { factorPnl, portfolioPnl, PORTFOLIOS, type JointMove, type MarketMove } from "./portfolios.ts";
import { ES_CONFIDENCE_BPS, VAR_CONFIDENCE_BPS, type RiskForecast, type RiskMethod } from "./risk-method.ts";
import { copulaScenarios, fitCopula } from "../../../keeper/core/scenarios/copula.ts";

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

const DRAWS = 1_024;
const COPULA_SEED = 1;
/** Days for which a set of draws serves. */
const REDRAW_DAYS = 28;

/** Monte Carlo: a t copula over the residuals' own distributions, quasi-random; drawn anew every four weeks, scaled by each day's forecasts. */
function monteCarlo(): RiskMethod {
  let drawn: { readonly period: number; readonly moves: readonly JointMove[] } | undefined;
  return {
    name: "monteCarlo",
    title: "Monte Carlo, t copula",
    forecast: (day) => {
      const period = Math.floor(day.day / REDRAW_DAYS);
      if (drawn?.period !== period) drawn = { period, moves: drawMoves(day.residuals) };
      return byRevaluation(
        day,
        drawn.moves.map((residual) => scaled(day, residual)),
      );
    },
  };
}

function drawMoves(residuals: readonly JointMove[]): readonly JointMove[] {
  const columns = (["BTC", "ETH"] as const).map((name, market) => ({
    market,
    z: Float64Array.from(residuals, (residual) => residual[name].logReturn),
    y: Float64Array.from(residuals, (residual) => residual[name].volChange),
    imputed: new Uint8Array(residuals.length),
  }));
  const model = fitCopula({ days: residuals.map((_, index) => index), markets: columns });
  const settings = { count: DRAWS, seed: COPULA_SEED };
  const [btc, eth] = copulaScenarios(model, settings).markets;
  return Array.from({ length: DRAWS }, (_, draw) => ({
    BTC: { logReturn: btc!.z[draw]!, volChange: btc!.y[draw]! },
    ETH: { logReturn: eth!.z[draw]!, volChange: eth!.y[draw]! },
  }));
}

/** Every method, with nothing remembered from an earlier run. */
export function riskMethods(): readonly RiskMethod[] {
  return [filteredHistorical, historical, deltaGamma, monteCarlo()];
}
