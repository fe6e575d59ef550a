import { expect } from "chai";
import { loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { decodeScenarioSet } from "../../../../keeper/core/report/scenario-set.ts";
import {
  buildScenarioSet,
  encodedScenarioSet,
  SCENARIO_COUNT,
} from "../../../../keeper/core/scenarios/build-set.ts";
import { marketRecords } from "../../../../keeper/services/scenarios.ts";
import { DATA_FOLDER } from "../../adapters/replay/support.ts";

const LISTINGS = [
  { market: 1, symbol: "BTC" },
  { market: 2, symbol: "ETH" },
] as const;
const histories = marketRecords(loadDailyHistory(DATA_FOLDER), LISTINGS);
const { scenarios } = buildScenarioSet(histories);

describe("a scenario set", () => {
  it("is the same bytes for every keeper of one history, and of the size that goes on chain", () => {
    const [a, b] = [1, 2].map(() => encodedScenarioSet(histories));
    expect(a).to.equal(b);
    const decoded = decodeScenarioSet(Uint8Array.from(Buffer.from((a ?? "0x").slice(2), "hex")));
    expect(decoded.markets).to.deep.equal([1, 2]);
    expect(decoded.scenarios).to.have.length(SCENARIO_COUNT);
  });

  it("begins with the largest moves, the order in which a check is cheapest", () => {
    const sizes = scenarios.map(({ shocks }) => Math.max(...shocks.map(({ z }) => Math.abs(z))));
    expect(sizes[0]).to.be.above(4);
    expect(sizes).to.deep.equal([...sizes].sort((a, b) => b - a));
  });

  it("holds falls and rises alike, each with a weight", () => {
    for (const sign of [-1, 1])
      expect(scenarios.filter(({ shocks }) => (shocks[0]?.z ?? 0) * sign > 2)).not.to.be.empty;
    for (const { weight, shocks } of scenarios) {
      expect(weight).to.be.within(1, 65_535);
      expect(shocks).to.have.length(2);
    }
  });

  it("is not made from markets that share no days", () => {
    expect(() => encodedScenarioSet(histories.map((market) => ({ ...market, records: [] })))).to.throw(
      CoreError,
      "series-too-short",
    );
  });
});
