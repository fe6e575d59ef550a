import { expect } from "chai";
import { withFolder } from "../../support/keeper-file.ts";
import { fuzzTarget, fuzzTargets } from "../../support/parser-fuzz.ts";

const SEED = 20_241_124;
const RUNS = 250;

describe("parsers of files and messages from outside", () => {
  it("refuse hostile bytes with their own errors and nothing else", async () => {
    await withFolder(async (folder) => {
      for (const target of await fuzzTargets(folder)) {
        const { name, refused } = fuzzTarget(target, RUNS, SEED);
        expect(refused, name).to.be.greaterThan(RUNS / 2);
      }
    });
  });
});
