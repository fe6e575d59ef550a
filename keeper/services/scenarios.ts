import { encodeScenarioSet, type JointScenario, type ScenarioSet } from "../core/report/scenario-set.ts";
import { jointResiduals } from "../core/scenarios/filtered-historical.ts";
import { alignHistories, type DailyRecord, type JointHistory } from "../core/scenarios/history.ts";
import { thinScenarios } from "../core/scenarios/thin.ts";
import { SECONDS_PER_DAY } from "../core/units.ts";
import type { DailyHistory, Market, MarketData } from "../ports/market-data.ts";
import type { Hex } from "../ports/hex.ts";
import type { MarketListing } from "./observe.ts";

/** Scenarios of a set that goes on chain. */
export const SCENARIO_COUNT = 256;
/** All keepers draw alike; the number has no other meaning. */
const SEED = 20_200_312;

/** The joint scenario set that a keeper's history makes: filtered historical residuals of all markets, thinned with the tail kept. */
export function scenarioSet(history: DailyHistory, listings: readonly MarketListing[]): ScenarioSet {
  const residuals = jointResiduals(jointHistory(history, listings), { seed: SEED });
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

/** The markets' daily history on one calendar. */
export function jointHistory(history: DailyHistory, listings: readonly MarketListing[]): JointHistory {
  return alignHistories(
    listings.map(({ market, symbol }) => ({ market, records: dailyRecords(history, symbol) })),
  );
}

/**
 * Scenarios with the largest moves first: of the orders tried the one in which the contract selects tails most cheaply. The margin does not
 * depend on it.
 */
function largestFirst(scenarios: readonly JointScenario[]): readonly JointScenario[] {
  const size = ({ shocks }: JointScenario) => Math.max(...shocks.map(({ z }) => Math.abs(z)));
  return [...scenarios].sort((a, b) => size(b) - size(a));
}

/** The encoded set as of now, from all days known. */
export async function buildScenarioSet(
  marketData: MarketData,
  listings: readonly MarketListing[],
): Promise<Hex> {
  const bytes = encodeScenarioSet(scenarioSet(await marketData.history(), listings));
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function dailyRecords(history: DailyHistory, symbol: Market): readonly DailyRecord[] {
  return history.days.map(({ observedAtSeconds, markets }) => ({
    day: Math.floor(observedAtSeconds / SECONDS_PER_DAY),
    close: markets[symbol].closeUsd,
    volIndex: markets[symbol].impliedVol?.vol ?? null,
  }));
}
