// A small storm over real processes on a real chain; `npm run chaos -- --processes` makes larger ones.
import { expect } from "chai";
import { withFolder } from "../support/keeper-file.ts";
import { liveThroughStorm, type StormResult } from "../support/storm.ts";

const TIMEOUT_MS = 420_000;
/** Of this seed the faulty keeper signs two reports for each round. */
const SEED = 1;
const SECONDS = 40;

describe("keeper processes in a storm", function () {
  this.timeout(TIMEOUT_MS);
  let result: StormResult;
  const lines: string[] = [];

  before(async () => {
    const say = (line: string) => lines.push(line);
    result = await withFolder((folder) =>
      liveThroughStorm({ seed: SEED, keepers: 4, seconds: SECONDS, folder, say }),
    );
  });

  it("keep every promise through kills, reorganisations, bad nodes, bad links and a restart of the chain's node", () => {
    expect(result.broken, lines.join("\n")).to.deep.equal([]);
    expect(result.facts.completed).not.to.be.empty;
    expect(result.facts.ends.filter(({ isAsked }) => !isAsked)).not.to.be.empty;
  });

  it("cost the one who signs twice its whole stake, and nobody else anything", () => {
    const { equivocating, stakes, honest } = result.facts;
    expect(result.plan.faulty.map(({ conduct }) => conduct)).to.deep.equal(["equivocating"]);
    expect(equivocating).to.have.length(1);
    for (const { key, before, after } of stakes)
      expect(after, key).to.equal(equivocating.includes(key) ? 0n : before);
    expect(honest).to.have.length(3).and.not.include(equivocating[0]);
  });
});
