// The joint residuals of the recorded history in data/.
import { fileURLToPath } from "node:url";
import { loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { jointResiduals, type JointScenarios } from "../../keeper/core/scenarios/filtered-historical.ts";
import { alignHistories } from "../../keeper/core/scenarios/history.ts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";

const DATA_FOLDER = fileURLToPath(new URL("../../data", import.meta.url));

/** BTC (1) and ETH (2), every day on record. */
export function recordedScenarios(seed: number): JointScenarios {
  const { days } = loadDailyHistory(DATA_FOLDER);
  const records = (["BTC", "ETH"] as const).map((symbol, index) => ({
    market: index + 1,
    records: days.map(({ observedAtSeconds, markets }) => ({
      day: Math.floor(observedAtSeconds / SECONDS_PER_DAY),
      close: markets[symbol].closeUsd,
      volIndex: markets[symbol].impliedVol?.vol ?? null,
    })),
  }));
  return jointResiduals(alignHistories(records), { seed });
}
