import { expect } from "chai";
import {
  densityNodes,
  durrlemanDensity,
  findSviViolation,
  minimumVariance,
  sliceVol,
  totalVariance,
  totalVarianceAndSlopes,
  wingSlope,
} from "../../../../keeper/core/surface/svi.ts";
import {
  flatSlice,
  fromJumpWings,
  repairButterfly,
  toJumpWings,
} from "../../../../keeper/core/surface/svi-jump-wings.ts";
import vectors from "../../../vectors/svi.json" with { type: "json" };

const VOGT = vectors.vogt.raw;
const SLICE = { a: 0.012, b: 0.09, rho: -0.35, m: 0.02, sigma: 0.11 };

describe("raw SVI slice", () => {
  it("matches the published Vogt smile and its density on 31 strikes", () => {
    for (const [index, k] of vectors.vogt.k.entries()) {
      expect(totalVariance(VOGT, k)).to.be.closeTo(vectors.vogt.w[index] ?? NaN, 1e-16);
      expect(durrlemanDensity(VOGT, k)).to.be.closeTo(vectors.vogt.g[index] ?? NaN, 1e-13);
    }
  });

  it("has the level plus the width's share at its centre", () => {
    const slice = { a: -0.0666, b: 0.229, sigma: 0.337, rho: 0.439, m: 0.193 };
    expect(totalVariance(slice, slice.m)).to.be.closeTo(0.010573, 1e-16);
  });

  it("turns Vogt's density negative where it was published to", () => {
    const [from = NaN, to = NaN] = vectors.vogt.g_negative_interval;
    for (const k of [from + 0.001, to - 0.001]) expect(durrlemanDensity(VOGT, k)).to.be.below(0);
    for (const k of [from - 0.001, to + 0.001]) expect(durrlemanDensity(VOGT, k)).to.be.above(0);
    expect(durrlemanDensity(VOGT, vectors.vogt.argmin_k)).to.be.closeTo(vectors.vogt.min_g, 1e-13);
  });

  it("has the slopes of its own total variance", () => {
    const step = 1e-6;
    for (const k of [-1, -0.1, 0.02, 0.3]) {
      const { w, slope, curvature } = totalVarianceAndSlopes(SLICE, k);
      const [up, down] = [totalVarianceAndSlopes(SLICE, k + step), totalVarianceAndSlopes(SLICE, k - step)];
      expect(w).to.be.closeTo(totalVariance(SLICE, k), 1e-16);
      expect(slope).to.be.closeTo((up.w - down.w) / (2 * step), 1e-9);
      expect(curvature).to.be.closeTo((up.slope - down.slope) / (2 * step), 1e-8);
    }
  });

  it("reaches its minimum variance and its wing slopes", () => {
    const atMinimum = SLICE.m - (SLICE.rho * SLICE.sigma) / Math.sqrt(1 - SLICE.rho ** 2);
    expect(minimumVariance(SLICE)).to.be.closeTo(totalVariance(SLICE, atMinimum), 1e-15);
    expect(wingSlope(SLICE)).to.be.closeTo(totalVariance(SLICE, -1e6) / 1e6, 1e-6);
  });

  it("gives volatility per square root of a year, and zero where variance is negative", () => {
    expect(sliceVol(flatSlice(0.09), 0.4, 0.25)).to.equal(0.6);
    expect(sliceVol({ ...SLICE, a: -1 }, 0, 0.25)).to.equal(0);
  });
});

describe("findSviViolation", () => {
  it("finds Vogt's hidden butterfly although its variance is positive everywhere", () => {
    const violation = findSviViolation(VOGT);
    expect(violation?.code).to.equal("butterfly");
    const worst = Math.min(...densityNodes(VOGT).map((k) => durrlemanDensity(VOGT, k)));
    expect(worst).to.be.within(vectors.vogt.min_g, vectors.vogt.min_g * 0.9);
  });

  it("accepts a sound slice and names each broken condition", () => {
    expect(findSviViolation(SLICE)).to.equal(undefined);
    expect(findSviViolation({ ...SLICE, sigma: 0 })?.code).to.equal("parameter-out-of-domain");
    expect(findSviViolation({ ...SLICE, rho: 1 })?.code).to.equal("parameter-out-of-domain");
    expect(findSviViolation({ ...SLICE, b: -0.1 })?.code).to.equal("parameter-out-of-domain");
    expect(findSviViolation({ ...SLICE, a: NaN })?.code).to.equal("parameter-out-of-domain");
    expect(findSviViolation({ ...SLICE, a: -0.0093 })?.code).to.equal("minimum-variance-not-positive");
    expect(findSviViolation({ ...SLICE, a: 5, b: 2 / 1.35 + 1e-9 })?.code).to.equal("wing-too-steep");
  });

  it("asks for more density where a floor is given", () => {
    expect(findSviViolation(SLICE, 2)?.code).to.equal("butterfly");
  });
});

describe("jump wings", () => {
  it("match the published parameters of the Vogt smile", () => {
    const wings = toJumpWings(VOGT, 1);
    for (const key of ["v", "psi", "p", "c", "vmin"] as const) {
      expect(wings[key]).to.be.closeTo(vectors.vogt.computed_jw[key], 1e-14);
    }
  });

  it("return to the raw slice, also where the forward is the centre of the smile", () => {
    for (const slice of [SLICE, VOGT, { ...SLICE, m: 0 }, { ...SLICE, m: -0.3 }]) {
      const back = fromJumpWings(toJumpWings(slice, 0.4), 0.4);
      for (const key of ["a", "b", "rho", "m", "sigma"] as const)
        expect(back[key]).to.be.closeTo(slice[key], 1e-12);
    }
  });

  it("match the independent parameters of a second slice, both ways", () => {
    const { raw, jw_T1, raw_back } = vectors.roundtrip_jw;
    const [a = NaN, b = NaN, rho = NaN, m = NaN, sigma = NaN] = raw;
    const wings = toJumpWings({ a, b, rho, m, sigma }, 1);
    for (const key of ["v", "psi", "p", "c", "vmin"] as const)
      expect(wings[key]).to.be.closeTo(jw_T1[key], 1e-15);
    const back = fromJumpWings(jw_T1, 1);
    for (const key of ["a", "b", "rho", "m", "sigma"] as const)
      expect(back[key]).to.be.closeTo(raw_back[key], 1e-13);
  });

  it("give the published surface-SVI neighbour of the Vogt smile", () => {
    const { computed_jw: before, repair } = vectors.vogt;
    const [c = NaN, vmin = NaN] = repair.computed_c_vmin;
    const after = fromJumpWings({ ...before, c, vmin }, 1);
    for (const key of ["a", "b", "rho", "m", "sigma"] as const)
      expect(after[key]).to.be.closeTo(repair.raw_after[key], 1e-12);
    const least = Math.min(...vectors.vogt.k.map((k) => durrlemanDensity(after, k)));
    expect(least).to.be.at.least(repair.min_g_after - 1e-9);
  });

  it("repair the Vogt smile without touching its level, skew and left wing", () => {
    const repaired = repairButterfly(VOGT, 1, 0);
    expect(findSviViolation(repaired)).to.equal(undefined);
    const [before, after] = [toJumpWings(VOGT, 1), toJumpWings(repaired, 1)];
    for (const key of ["v", "psi", "p"] as const) expect(after[key]).to.be.closeTo(before[key], 1e-10);
    // Nearer to the smile than its surface-SVI neighbour, whose right wing is published as 0.3493158.
    expect(after.c).to.be.within(vectors.vogt.repair.published_c_vmin[0] ?? NaN, before.c);
  });

  it("fall back to a flat slice where the neighbour does not exist", () => {
    const hopeless = { a: 0.001, b: 1.9, rho: -0.99, m: 0.4, sigma: 0.01 };
    const repaired = repairButterfly(hopeless, 1, 0);
    expect(repaired).to.include({ b: 0, rho: 0, m: 0, sigma: 1 });
    expect(repaired.a).to.be.closeTo(totalVariance(hopeless, 0), 1e-14);
  });
});
