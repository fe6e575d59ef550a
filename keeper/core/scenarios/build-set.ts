import { encodeScenarioSet, type JointScenario, type ScenarioSet } from "../report/scenario-set.ts";
import { jointResiduals } from "./filtered-historical.ts";
import { alignHistories, type MarketRecords } from "./history.ts";
import { thinScenarios } from "./thin.ts";

/** Scenarios of a set that goes on chain. */
export const SCENARIO_COUNT = 256;
/** All keepers draw alike; the number has no other meaning. */
const SEED = 20_200_312;

/**
 * The joint scenario set that a history makes: filtered historical residuals of all markets, thinned with the tail kept.
 * @param histories markets rising
 * @throws CoreError `series-too-short` when the markets share too few days
 */
export function buildScenarioSet(histories: readonly MarketRecords[]): ScenarioSet {
  const residuals = jointResiduals(alignHistories(histories), { seed: SEED });
  const { scenarios, weights } = thinScenarios(residuals, { count: SCENARIO_COUNT, seed: SEED });
  return {
    markets: scenarios.markets.map(({ market }) => market),
    scenarios: largestFirst(
      Array.from(weights, (weight, index) => ({
        weight,
        shocks: scenarios.markets.map(({ z, y }) => ({ z: z[index] ?? 0, y: y[index] ?? 0 })),
      })),
    ),
  };
}

/** The same set as it goes on chain, in hexadecimal: the same history gives the same text. Takes a second or two. */
export function encodedScenarioSet(histories: readonly MarketRecords[]): `0x${string}` {
  const bytes = encodeScenarioSet(buildScenarioSet(histories));
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Scenarios with the largest moves first: of the orders tried the one in which the contract selects tails most cheaply. The margin does not
 * depend on it.
 */
function largestFirst(scenarios: readonly JointScenario[]): readonly JointScenario[] {
  const size = ({ shocks }: JointScenario) => Math.max(...shocks.map(({ z }) => Math.abs(z)));
  return [...scenarios].sort((a, b) => size(b) - size(a));
}
