import { expect } from "chai";
import { gasProblems, missedBars } from "../../../scripts/bench/gas-snapshot.ts";

const entry = (gas: number, name = "margin check", options = 16) => ({
  name,
  options,
  markets: 2,
  repricings: 47,
  gas,
});

describe("the gas snapshot", () => {
  it("lets a figure fall, stay, or grow by up to 2 %", () => {
    for (const gas of [1, 1_000, 1_020]) expect(gasProblems([entry(gas)], [entry(1_000)])).to.deep.equal([]);
  });

  it("names a figure that grew by more, and by how much", () => {
    expect(gasProblems([entry(1_021)], [entry(1_000)])).to.deep.equal([
      "margin check/16: 1021 gas, 2.1 % above the snapshot's 1000",
    ]);
  });

  it("names figures that came or went, and tells sizes of one name apart", () => {
    const problems = gasProblems([entry(1, "a"), entry(1, "a", 32)], [entry(1, "a"), entry(1, "b")]);
    expect(problems).to.deep.equal(["a/32: not in the snapshot", "b/16: no longer measured"]);
  });
});

describe("the bars of gas", () => {
  it("are kept at the bar itself and missed one above it, or when nothing measures them", () => {
    const bar = { name: "margin check", options: 16, maxGas: 900_000 };
    expect(missedBars([entry(900_000)], [bar])).to.deep.equal([]);
    expect(missedBars([entry(900_001)], [bar])).to.deep.equal([
      "margin check/16: 900001 gas, its bar is 900000",
    ]);
    expect(missedBars([], [bar])).to.deep.equal(["margin check/16: not measured, its bar is 900000 gas"]);
  });
});
