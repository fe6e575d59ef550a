import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { bivariateNormalCdf } from "../../../../keeper/core/pricing/bivariate-normal.ts";
import { normalCdf } from "../../../../keeper/core/pricing/normal.ts";
import vectors from "../../../vectors/normal.json" with { type: "json" };

const ABSOLUTE_TOLERANCE = 1e-15;

describe("bivariateNormalCdf", () => {
  it("matches 360 independent values", () => {
    expect(vectors.bivariate).to.have.length(360);
    for (const line of vectors.bivariate) {
      const [a = NaN, b = NaN, correlation = NaN, probability = NaN] = line.split(",").map(Number);
      const error = Math.abs(bivariateNormalCdf(a, b, correlation) - probability);
      expect(error, line).to.be.at.most(ABSOLUTE_TOLERANCE);
    }
  });

  it("reaches its limits: perfect correlation and infinite bounds", () => {
    expect(bivariateNormalCdf(0.3, 0.7, 1)).to.equal(normalCdf(0.3));
    expect(bivariateNormalCdf(0.3, -0.7, -1)).to.equal(0);
    expect(bivariateNormalCdf(0.3, 0.7, -1)).to.be.closeTo(normalCdf(0.3) + normalCdf(0.7) - 1, 1e-15);
    expect(bivariateNormalCdf(Infinity, 0.7, 0.4)).to.equal(normalCdf(0.7));
    expect(bivariateNormalCdf(0.7, Infinity, 0.4)).to.equal(normalCdf(0.7));
    expect(bivariateNormalCdf(-Infinity, 0.7, 0.4)).to.equal(0);
    expect(bivariateNormalCdf(0.7, -Infinity, 0.4)).to.equal(0);
  });

  it("is smooth in the correlation where the method changes", () => {
    for (const [a, b] of [
      [0.4, 0.41],
      [-1.2, 0.9],
      [2, -1],
    ] as const)
      for (const sign of [1, -1]) {
        const [below, above] = [0.7 - 1e-9, 0.7 + 1e-9].map((size) => bivariateNormalCdf(a, b, sign * size));
        expect(Math.abs((above ?? NaN) - (below ?? NaN))).to.be.at.most(1e-9);
      }
  });

  it("refuses a correlation beyond one with a typed error", () => {
    expect(() => bivariateNormalCdf(0, 0, 1.01))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});
