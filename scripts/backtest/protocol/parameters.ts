import parameters from "../../../deploy/parameters/l2-template.json" with { type: "json" };
import replay from "../../../deploy/parameters/replay.json" with { type: "json" };
import type { MarginParams } from "../../../keeper/core/margin/types.ts";
import { BPS } from "../../../keeper/core/units.ts";

/**
 * The models that the backtest compares; `lightStress` is the default model with the stress weights of the replay network, under which the tail
 * decides the margin of linear books.
 */
export const COMPARED_MODELS = ["static", "tail", "stress", "default", "lightStress"] as const;

export type ComparedModel = (typeof COMPARED_MODELS)[number];

export const MODEL_TITLES: Readonly<Record<ComparedModel, string>> = {
  static: "static",
  tail: "portfolio VaR",
  stress: "stress",
  default: "Ballast",
  lightStress: "Ballast, light stress",
};

const { margin, liquidation } = parameters;

/** What the deployment file of a live network gives the margin engine, markets numbered as in `MARKETS`. Depth is no limit here: it is the same for every model. */
export const MARGIN_PARAMS: MarginParams = {
  ...margin,
  tailMeasure: "worseOfBoth",
  markets: margin.markets.map((params, market) => ({ ...params, market, model: "default" as const })),
  stress: margin.stress,
};

/** Weights of the same stress scenarios on the replay network. */
export const LIGHT_STRESS_WEIGHTS_BPS: readonly number[] = margin.stress.map(
  ({ name }) => replay.margin.stress.find((scenario) => scenario.name === name)?.weightBps ?? BPS,
);

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
