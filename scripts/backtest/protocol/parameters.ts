import parameters from "../../../deploy/parameters/l2-template.json" with { type: "json" };
import type { MarginParams } from "../../../keeper/core/margin/types.ts";
import { BPS } from "../../../keeper/core/units.ts";

/**
 * The models that the backtest compares; `heavyStress` is the default model with stress weights that decide the margin of linear books every day, in
 * place of the tail.
 */
export const COMPARED_MODELS = ["static", "tail", "stress", "default", "heavyStress"] as const;

export type ComparedModel = (typeof COMPARED_MODELS)[number];

export const MODEL_TITLES: Readonly<Record<ComparedModel, string>> = {
  static: "static",
  tail: "portfolio VaR",
  stress: "stress",
  default: "Ballast",
  heavyStress: "Ballast, heavy stress",
};

const { margin, liquidation } = parameters;

/** What the deployment file of a live network gives the margin engine, markets numbered as in `MARKETS`. Depth is no limit here: it is the same for every model. */
export const MARGIN_PARAMS: MarginParams = {
  ...margin,
  tailMeasure: "worseOfBoth",
  markets: margin.markets.map((params, market) => ({ ...params, market, model: "default" as const })),
  stress: margin.stress,
};

/** Heavy weights of the same stress scenarios, in their order: what the largest moves of history would cost, little reduced. */
export const HEAVY_STRESS_WEIGHTS_BPS: readonly number[] = [
  10_000, 10_000, 7_000, 6_000, 3_000, 1_000, 10_000, 10_000, 10_000, 10_000,
];

/** Initial margin over maintenance margin of a fresh report with full confidence. */
export const INITIAL_FACTOR = margin.initialFactorBps / BPS;
export const HEARTBEAT_SECONDS = margin.heartbeatSeconds;

const USD_E6 = 1e6;

/** The rules of contracts/liquidation, as shares and seconds. */
export const LIQUIDATION = {
  targetHealth: liquidation.targetHealthBps / BPS,
  costCap: liquidation.costCapBps / BPS,
  startCost: liquidation.startCostBps / BPS,
  rampCost: liquidation.rampCostBps / BPS,
  rampSeconds: liquidation.rampSeconds,
  capSeconds: liquidation.capSeconds,
  penalty: liquidation.penaltyBps / BPS,
  insolventHealth: liquidation.insolventHealthBps / BPS,
  subsidySeconds: liquidation.subsidySeconds,
  dustUsd: liquidation.dustNotionalE6 / USD_E6,
} as const;
