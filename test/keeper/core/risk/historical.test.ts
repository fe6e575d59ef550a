import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  ageWeightedTail,
  filteredPathLosses,
  historicalShortfall,
  historicalValueAtRisk,
  volatilityScaledLosses,
} from "../../../../keeper/core/risk/historical.ts";

/** 1 to 250 in no order. */
const LOSSES = Array.from({ length: 250 }, (_, day) => ((day * 77) % 250) + 1);

describe("historical value at risk", () => {
  it("reads the quantile by each convention (Hyndman and Fan 1996; worked by hand for 1 to 250)", () => {
    const at = (convention: Parameters<typeof historicalValueAtRisk>[2]): number =>
      historicalValueAtRisk(LOSSES, 0.99, convention);
    expect(at("kthWorst")).to.equal(248);
    expect(at("inverseEcdf")).to.equal(248);
    expect(at("weibull")).to.be.closeTo(251 * 0.99, 1e-9);
    expect(at("linear")).to.be.closeTo(249 * 0.99 + 1, 1e-9);
    expect(at("medianUnbiased")).to.be.closeTo((250 + 1 / 3) * 0.99 + 1 / 3, 1e-9);
    expect(historicalValueAtRisk(LOSSES.slice(0, 200), 0.99, "kthWorst")).to.equal(
      LOSSES.slice(0, 200).toSorted((a, b) => b - a)[1],
    );
  });

  it("averages the k worst, or cuts the tail exactly", () => {
    // 2.5 scenarios at 99 %: 250, 249 and 248 in full, or half of the last.
    expect(historicalShortfall(LOSSES, 0.99, "kWorst")).to.equal(249);
    expect(historicalShortfall(LOSSES, 0.99, "exact")).to.be.closeTo((250 + 249 + 124) / 2.5, 1e-9);
  });

  it("weighs losses by age: the same loss counts for more when it is recent", () => {
    const recent = [...new Array<number>(99).fill(1), 10];
    const old = [10, ...new Array<number>(99).fill(1)];
    expect(ageWeightedTail(recent, 0.97, 0.975).valueAtRisk).to.equal(10);
    expect(ageWeightedTail(old, 0.97, 0.975).valueAtRisk).to.equal(1);
    // The newest weighs (1 - 0.5) / (1 - 0.25) = 2/3, the other 1/3.
    expect(ageWeightedTail([6, 3], 0.5, 0.5)).to.deep.equal({
      valueAtRisk: 3,
      expectedShortfall: (6 / 3 + 3 / 6) * 2,
    });
  });

  it("rescales losses to tomorrow's volatility", () => {
    // Variances before each day: 1, 0.9 + 0.4 = 1.3, then tomorrow's 0.9 * 1.3 + 0.1 = 1.27.
    const scaled = volatilityScaledLosses([2, -1], 0.9, 1);
    expect(scaled[0]).to.be.closeTo(2 * Math.sqrt(1.27), 1e-12);
    expect(scaled[1]).to.be.closeTo(-Math.sqrt(1.27 / 1.3), 1e-12);
  });

  it("follows the variance along paths of several days", () => {
    const state = { mean: 0.1, omega: 0.2, alpha: 0.3, beta: 0.5, nextVariance: 1 };
    // One residual leaves one path: shocks 2, then variance 0.2 + 1.2 + 0.5 = 1.9.
    const [loss] = filteredPathLosses([2], state, { days: 2, paths: 1, seed: 1 });
    expect(loss).to.be.closeTo(-(0.2 + 2 + 2 * Math.sqrt(1.9)), 1e-12);
    const settings = { days: 5, paths: 50, seed: 3 };
    expect(filteredPathLosses([1, -1], state, settings)).to.deep.equal(
      filteredPathLosses([1, -1], state, settings),
    );
  });

  it("refuses an empty series and what is no confidence", () => {
    expect(() => historicalValueAtRisk([], 0.99, "linear"))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
    expect(() => historicalShortfall(LOSSES, 1, "exact"))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});
