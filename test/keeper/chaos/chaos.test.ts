import { expect } from "chai";
import { CONDUCTS } from "../../support/chaos-conducts.ts";
import { liveThroughChaos } from "../../support/chaos-world.ts";

const TIMEOUT_MS = 120_000;
const SLOTS = 6;
/** So many seeds that most conducts are drawn; `npm run chaos` takes more. */
const RUNS = [
  { keepers: 4, seed: 3 },
  { keepers: 4, seed: 4 },
  { keepers: 4, seed: 6 },
  { keepers: 4, seed: 8 },
  { keepers: 4, seed: 23 },
  { keepers: 7, seed: 5 },
] as const;

describe("keepers under chaos", function () {
  this.timeout(TIMEOUT_MS);

  for (const { keepers, seed } of RUNS)
    it(`${keepers} keep every promise through loss, partitions, kills, reorganisations and f faulty (seed ${seed})`, async () => {
      const { broken, reports, conducts } = await liveThroughChaos({ seed, keepers, slots: SLOTS });
      expect(broken).to.deep.equal([]);
      expect(reports).to.be.greaterThan(0);
      expect(conducts).to.have.length(Math.floor((keepers - 1) / 3));
      for (const conduct of conducts) expect(CONDUCTS).to.include(conduct);
    });

  it("the same seed makes the same run", async () => {
    const run = () => liveThroughChaos({ seed: 11, keepers: 4, slots: 3 });
    expect(await run()).to.deep.equal(await run());
  });
});
