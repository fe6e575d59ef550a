import type { MarginParams, MarketMarginParams, StressScenario } from "../../keeper/core/margin/types.ts";
import { SECONDS_PER_HOUR } from "../../keeper/core/report/market-state.ts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";

/** Parameters of one market that tests start from. */
export function testMarketParams(
  market: number,
  changes: Partial<MarketMarginParams> = {},
): MarketMarginParams {
  return {
    market,
    model: "default",
    staticShareBps: 1_500,
    staticFloorBps: 750,
    volatilityMultipleBps: 30_000,
    shortMinimumBps: 100,
    basisBps: 50,
    freeDepthBps: 2_000,
    concentrationBps: 300,
    concentrationCapBps: 2_000,
    dispersionToleranceBps: 20,
    dispersionMultipleBps: 20_000,
    ...changes,
  };
}

function stress(
  name: string,
  returnBps: readonly number[],
  changes: Partial<StressScenario> = {},
): StressScenario {
  return {
    name,
    weightBps: 10_000,
    volMultipleBps: 14_000,
    volFloorBps: 5_000,
    linearTwistBps: 0,
    absoluteTwistBps: 0,
    returnBps,
    ...changes,
  };
}

/** Parameters for markets 1 and 2 that tests start from. */
export const TEST_MARGIN_PARAMS: MarginParams = {
  varConfidenceBps: 9_900,
  esConfidenceBps: 9_750,
  tailMeasure: "worseOfBoth",
  horizonSeconds: SECONDS_PER_DAY,
  offsetTrustBps: 8_000,
  initialFactorBps: 12_500,
  volTermExponentBps: 5_000,
  volTermFloorSeconds: 7 * SECONDS_PER_DAY,
  heartbeatSeconds: SECONDS_PER_HOUR,
  riskIncreaseAgeSeconds: 3 * SECONDS_PER_HOUR,
  fallbackAgeSeconds: SECONDS_PER_DAY,
  stalenessBpsPerHour: 100,
  stalenessCapBps: 2_000,
  pegThresholdBps: 9_950,
  pegMultipleBps: 10_000,
  markets: [testMarketParams(1), testMarketParams(2, { shortMinimumBps: 80, staticShareBps: 1_200 })],
  stress: [
    stress("crash", [-1_800, -1_500], { linearTwistBps: -2_000 }),
    stress("rally", [1_600, 1_400], { volMultipleBps: 11_000, absoluteTwistBps: 1_000 }),
    stress("ethUpBtcDown", [900, -900]),
    stress("ethDownBtcUp", [-900, 900]),
    stress("volCrush", [0, 0], { volMultipleBps: 6_000, volFloorBps: 1_000 }),
    stress("volSpike", [0, 0], { volMultipleBps: 20_000 }),
    stress("farDown", [-6_600, -6_600], { weightBps: 2_500, volMultipleBps: 20_000 }),
    stress("farUp", [50_000, 50_000], { weightBps: 500, volMultipleBps: 20_000 }),
  ],
};
