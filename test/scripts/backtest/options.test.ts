import { expect } from "chai";
import { tableLines } from "../../../scripts/backtest/format.ts";
import { readOptions } from "../../../scripts/backtest/options.ts";

describe("backtest command line", () => {
  it("runs every section by default and those named in their fixed order", () => {
    expect(readOptions([]).sections).to.deep.equal(["statistical", "protocol", "forecasts", "surface"]);
    expect(readOptions(["surface", "statistical"]).sections).to.deep.equal(["statistical", "surface"]);
  });

  it("takes a data folder, JSON and an output folder", () => {
    expect(readOptions(["protocol", "--data", "history", "--json", "--out", "here"])).to.deep.equal({
      sections: ["protocol"],
      data: "history",
      json: true,
      out: "here",
    });
  });

  it("aligns a table: the first column to the left, the others to the right", () => {
    expect(tableLines(["a", "bb"], [["xyz", "1"]])).to.deep.equal(["a    bb", "---  --", "xyz   1"]);
  });
});
