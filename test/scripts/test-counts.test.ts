import { expect } from "chai";
import { readTestCounts, suiteProblem } from "../../scripts/test-counts.ts";

describe("readTestCounts", () => {
  it("reads mocha's closing lines, coloured or not", () => {
    const output =
      "  ok\n\n\u001b[92m \u001b[0m\u001b[32m 12 passing\u001b[0m\u001b[90m (3s)\u001b[0m\n  2 failing\n  1 pending\n";
    expect(readTestCounts(output)).to.deep.equal({ passed: 12, failed: 2, skipped: 1 });
  });

  it("takes the last count, so that a test which prints such a line is not counted", () => {
    expect(readTestCounts("99 passing\n\n  3 passing\n").passed).to.equal(3);
  });

  it("counts nothing where there is no closing line", () => {
    expect(readTestCounts("Error: No test files found")).to.deep.equal({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe("suiteProblem", () => {
  it("accepts a suite that passed tests and ended well", () => {
    expect(suiteProblem({ passed: 1, failed: 0, skipped: 0 }, 0)).to.equal(undefined);
  });

  it("refuses failures, bad exit codes, skipped tests and empty suites", () => {
    expect(suiteProblem({ passed: 1, failed: 2, skipped: 0 }, 0)).to.equal("2 failed");
    expect(suiteProblem({ passed: 1, failed: 0, skipped: 0 }, 7)).to.contain("exit code 7");
    expect(suiteProblem({ passed: 1, failed: 0, skipped: 3 }, 0)).to.contain("3 skipped");
    expect(suiteProblem({ passed: 0, failed: 0, skipped: 0 }, 0)).to.contain("no test ran");
  });
});
