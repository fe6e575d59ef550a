import { expect } from "chai";
import { loadDailyHistory } from "../../../keeper/adapters/replay/daily-history.ts";
import { loadEpisode } from "../../../keeper/adapters/replay/episodes.ts";
import { openReplay } from "../../../keeper/adapters/replay/replay.ts";
import { decodeScenarioSet } from "../../../keeper/core/report/scenario-set.ts";
import { buildScenarioSet, SCENARIO_COUNT, scenarioSet } from "../../../keeper/services/scenarios.ts";
import { DATA_FOLDER } from "../adapters/replay/support.ts";

const LISTINGS = [
  { market: 1, symbol: "BTC" },
  { market: 2, symbol: "ETH" },
] as const;
const history = loadDailyHistory(DATA_FOLDER);
const replay = openReplay(loadEpisode(DATA_FOLDER, "2026-02"), history);
const [now = 0] = replay.snapshotTimes;

describe("a scenario set", () => {
  it("is the same bytes for every keeper of one history, and of the size that goes on chain", async () => {
    const [a, b] = await Promise.all([1, 2].map(() => buildScenarioSet(replay.at(now), LISTINGS)));
    expect(a).to.equal(b);
    const decoded = decodeScenarioSet(Uint8Array.from(Buffer.from((a ?? "0x").slice(2), "hex")));
    expect(decoded.markets).to.deep.equal([1, 2]);
    expect(decoded.scenarios).to.have.length(SCENARIO_COUNT);
  });

  it("begins with the largest moves, the order in which a check is cheapest", () => {
    const sizes = scenarioSet(history, LISTINGS).scenarios.map(({ shocks }) =>
      Math.max(...shocks.map(({ z }) => Math.abs(z))),
    );
    expect(sizes[0]).to.be.above(4);
    expect(sizes).to.deep.equal([...sizes].sort((a, b) => b - a));
  });

  it("holds falls and rises alike, each with a weight", () => {
    const { scenarios } = scenarioSet(history, LISTINGS);
    for (const sign of [-1, 1])
      expect(scenarios.filter(({ shocks }) => (shocks[0]?.z ?? 0) * sign > 2)).not.to.be.empty;
    for (const { weight, shocks } of scenarios) {
      expect(weight).to.be.within(1, 65_535);
      expect(shocks).to.have.length(2);
    }
  });
});
