import { expect } from "chai";
import fc from "fast-check";
import { CoreError } from "../../../../keeper/core/errors.ts";
import type { SmilePoint } from "../../../../keeper/core/surface/quotes.ts";
import { largestPhi, powerLawPhi, ssviToRaw } from "../../../../keeper/core/surface/ssvi.ts";
import { fitSsvi, ssviShape } from "../../../../keeper/core/surface/ssvi-fit.ts";
import { DENSITY_FLOOR } from "../../../../keeper/core/surface/svi-fit.ts";
import { findSviViolation, sliceVol, totalVariance } from "../../../../keeper/core/surface/svi.ts";
import vectors from "../../../vectors/svi.json" with { type: "json" };

const TAU_YEARS = 0.08;
const TRUE = { theta: 0.03, rho: -0.3, phi: 4 };
const STRIKES = [-0.4, -0.2, -0.1, 0, 0.1, 0.2, 0.4];

function smile(strikes: readonly number[], shift = 0): readonly SmilePoint[] {
  const svi = ssviToRaw(TRUE);
  return strikes.map((logMoneyness) => ({
    logMoneyness,
    midVol: sliceVol(svi, logMoneyness, TAU_YEARS) + shift,
    halfSpreadVol: 0.005,
  }));
}

describe("surface SVI slice", () => {
  it("matches 15 independent rows: curvature, variances and the conditions against butterflies", () => {
    expect(vectors.ssvi).to.have.length(15);
    for (const { theta, rho, eta, gamma, phi, k, w, free } of vectors.ssvi) {
      expect(powerLawPhi(theta, eta, gamma)).to.be.closeTo(phi, 1e-14 * phi);
      const raw = ssviToRaw({ theta, rho, phi });
      for (const [index, logMoneyness] of k.entries())
        expect(totalVariance(raw, logMoneyness)).to.be.closeTo(w[index] ?? NaN, 1e-15);
      expect(phi <= largestPhi(theta, rho)).to.equal(free);
      if (free) expect(findSviViolation(raw)).to.equal(undefined);
    }
  });
});

describe("fitSsvi", () => {
  it("recovers the slice behind exact quotes", () => {
    const { svi, report } = fitSsvi(smile(STRIKES), TAU_YEARS, DENSITY_FLOOR);
    for (const k of STRIKES)
      expect(sliceVol(svi, k, TAU_YEARS)).to.be.closeTo(sliceVol(ssviToRaw(TRUE), k, TAU_YEARS), 1e-5);
    expect(report).to.include({ points: STRIKES.length, insideSpreadShare: 1, butterflyRepair: "ssvi" });
    const shape = ssviShape(smile(STRIKES), TAU_YEARS, DENSITY_FLOOR);
    for (const key of ["theta", "rho", "phi"] as const) expect(shape[key] / TRUE[key]).to.be.closeTo(1, 1e-3);
  });

  it("takes the level from two quotes and the shape from the prior", () => {
    const { svi } = fitSsvi(smile([0, 0.05], 0.1), TAU_YEARS, DENSITY_FLOOR, TRUE);
    expect(sliceVol(svi, 0, TAU_YEARS)).to.be.closeTo(sliceVol(ssviToRaw(TRUE), 0, TAU_YEARS) + 0.1, 0.005);
    expect(svi.rho).to.be.closeTo(TRUE.rho, 0.05);
  });

  it("is free of butterfly arbitrage for any quotes at all, with a prior or without", () => {
    const point = fc.record({
      logMoneyness: fc.double({ min: -1, max: 1, noNaN: true }),
      midVol: fc.double({ min: 0.05, max: 4, noNaN: true }),
      halfSpreadVol: fc.double({ min: 0.0025, max: 0.25, noNaN: true }),
    });
    const prior = fc.record({
      theta: fc.double({ min: 1e-6, max: 5, noNaN: true }),
      rho: fc.double({ min: -0.95, max: 0.95, noNaN: true }),
      phi: fc.double({ min: 0.01, max: 50, noNaN: true }),
    });
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 2, maxLength: 8 }),
        fc.double({ min: 1 / 8760, max: 2, noNaN: true }),
        fc.option(prior, { nil: undefined }),
        (points, tauYears, given) => {
          const { svi } = fitSsvi(points, tauYears, DENSITY_FLOOR, given);
          expect(findSviViolation(svi, DENSITY_FLOOR)).to.equal(undefined);
          expect(svi.sigma).to.be.at.most(4 + 1e-9);
          expect(Math.abs(svi.m)).to.be.at.most(2 + 1e-9);
        },
      ),
      { numRuns: 150, seed: 20_261_123 },
    );
  });

  it("refuses a single point", () => {
    expect(() => fitSsvi(smile([0]), TAU_YEARS, DENSITY_FLOOR, TRUE))
      .to.throw(CoreError)
      .with.property("code", "too-few-quotes");
  });
});
