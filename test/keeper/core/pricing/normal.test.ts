import { expect } from "chai";
import { normalCdf, normalInverseCdf, normalPdf, erfcx } from "../../../../keeper/core/pricing/normal.ts";
import { CoreError } from "../../../../keeper/core/errors.ts";
import vectors from "../../../vectors/normal.json" with { type: "json" };

const RELATIVE_TOLERANCE = 1e-15;
/** Below it doubles are denormal and hold fewer digits. */
const SMALLEST_NORMAL = 2.3e-308;

type Pair = readonly [number, number];

describe("normalCdf", () => {
  for (const [x, expected] of vectors.cdf as unknown as readonly Pair[]) {
    it(`matches the independent value at ${String(x)}`, () => {
      const tolerance = Math.max(RELATIVE_TOLERANCE * expected, SMALLEST_NORMAL);
      expect(Math.abs(normalCdf(x) - expected)).to.be.at.most(tolerance);
    });
  }

  it("reaches its limits at both infinities", () => {
    expect(normalCdf(-Infinity)).to.equal(0);
    expect(normalCdf(Infinity)).to.equal(1);
  });

  it("rises with its argument across the seams of its pieces", () => {
    for (const seam of [-5.656854249492381, -0.6629126073623883, 0.6629126073623883, 5.656854249492381]) {
      expect(normalCdf(seam + 1e-9)).to.be.at.least(normalCdf(seam - 1e-9));
    }
  });
});

describe("normalInverseCdf", () => {
  for (const [probability, expected] of vectors.quantile as unknown as readonly Pair[]) {
    it(`matches the independent value at ${String(probability)}`, () => {
      const tolerance = RELATIVE_TOLERANCE * Math.max(1, Math.abs(expected));
      expect(Math.abs(normalInverseCdf(probability) - expected)).to.be.at.most(tolerance);
    });
  }

  it("refuses 0, 1 and NaN with a typed error", () => {
    for (const probability of [0, 1, NaN, -0.1, 1.1]) {
      expect(() => normalInverseCdf(probability))
        .to.throw(CoreError)
        .with.property("code", "argument-out-of-domain");
    }
  });
});

describe("normalPdf and erfcx", () => {
  it("are the slope of the distribution function and its ratio to the density", () => {
    expect(normalPdf(0)).to.be.closeTo(1 / Math.sqrt(2 * Math.PI), 1e-16);
    for (const x of [-6, -2.5, -0.3, 0.2]) {
      const ratio = normalCdf(x) / normalPdf(x);
      expect(Math.sqrt(Math.PI / 2) * erfcx(-x / Math.SQRT2)).to.be.closeTo(ratio, 2e-15 * ratio);
    }
  });

  it("keeps the asymptote of erfcx for huge arguments", () => {
    expect(erfcx(1e9)).to.be.closeTo(1 / (1e9 * Math.sqrt(Math.PI)), 1e-24);
  });
});
