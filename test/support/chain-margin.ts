import { encodeBytes32String } from "ethers";
import type { GridScenarioSet } from "../../keeper/core/report/scenario-set.ts";
import { CELL_STEPS, VOL_CODE_UNIT, VOL_CODE_ZERO } from "../../keeper/core/report/grid.ts";
import { MARGIN_MODELS, TAIL_MEASURES, type MarginParams } from "../../keeper/core/margin/types.ts";

/** The parameters as the contract's struct. */
export function chainMarginParams(params: MarginParams): object {
  return {
    ...params,
    tailMeasure: TAIL_MEASURES.indexOf(params.tailMeasure),
    markets: params.markets.map((market) => ({ ...market, model: MARGIN_MODELS.indexOf(market.model) })),
    stress: params.stress.map((scenario) => ({ ...scenario, name: encodeBytes32String(scenario.name) })),
  };
}

/** Weights and codes of a set, as the store's encoding has them. */
export function chainScenarios(set: GridScenarioSet) {
  return set.scenarios.map(({ weight, shocks }) => ({
    weight,
    shocks: shocks.map(({ cell, t, u }): [number, number] => [
      cell * CELL_STEPS + t * CELL_STEPS,
      Math.round(u * VOL_CODE_UNIT) + VOL_CODE_ZERO,
    ]),
  }));
}
