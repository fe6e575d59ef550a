import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { drawBooks } from "../../../scripts/backtest/protocol/books.ts";
import { loadCrashBars } from "../../../scripts/backtest/protocol/crash-bars.ts";
import { CRASHES } from "../../../scripts/backtest/protocol/episodes.ts";
import { procyclicality } from "../../../scripts/backtest/protocol/replay-episode.ts";

const DATA = fileURLToPath(new URL("../../../data", import.meta.url));
const DAY = 86_400;

describe("procyclicality", () => {
  const [book] = drawBooks();

  it("is the largest over the smallest margin and the largest rise within one and five days", () => {
    const margins = [10, 12, 9, 9, 9, 27];
    const measures = {
      seconds: margins.map((_, day) => day * 2 * DAY),
      dailyVols: new Float64Array(margins.length),
      value: new Float64Array(margins.length),
      grossUsd: new Float64Array(margins.length).fill(100),
      maintenance: [Float64Array.from(margins)],
    };
    // Reports two days apart: none rises within a day, the last three lie within five.
    const worst = procyclicality(measures, [book!], "linear", 0);
    expect(worst.peakToTrough).to.be.closeTo(3, 1e-12);
    expect(worst.largestOneDayRise).to.equal(0);
    expect(worst.largestFiveDayRise).to.be.closeTo(2, 1e-12);
  });
});

describe("recorded crashes", () => {
  it("cover every hour of every episode with bars whose high and low hold the rest", () => {
    const bars = loadCrashBars(DATA);
    for (const { id, startSeconds, endSeconds } of CRASHES) {
      const own = bars.filter((bar) => bar.endSeconds > startSeconds && bar.endSeconds <= endSeconds);
      const covered = own.reduce((sum, { seconds }) => sum + seconds, 0);
      expect(covered / (endSeconds - startSeconds), id).to.be.greaterThan(0.97);
    }
    for (const { bars: both } of bars) {
      for (const { open, high, low, close } of both) {
        expect(Math.max(open, close, low)).to.be.at.most(high);
        expect(Math.min(open, close, high)).to.be.at.least(low);
      }
    }
  });
});

describe("books of the protocol backtest", () => {
  it("are the same at every draw: a hundred linear and a hundred with options, sizes lognormal and cut", () => {
    const books = drawBooks();
    expect(books).to.deep.equal(drawBooks());
    expect(books.filter(({ kind }) => kind === "linear")).to.have.length(100);
    expect(books.filter(({ legs }) => legs.some(({ kind }) => kind !== "future"))).to.have.length(100);
    expect(Math.max(...books.map(({ notionalUsd }) => notionalUsd))).to.be.at.most(5e6);
    expect(books.every(({ surplus }) => surplus >= 1)).to.equal(true);
  });
});
