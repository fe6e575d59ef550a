import { expect } from "chai";
import fc from "fast-check";
import { CoreError } from "../../../../keeper/core/errors.ts";
import type { SmilePoint } from "../../../../keeper/core/surface/quotes.ts";
import { DENSITY_FLOOR, fitSvi } from "../../../../keeper/core/surface/svi-fit.ts";
import {
  fromFreeParameters,
  toFreeParameters,
  varianceWithGradient,
} from "../../../../keeper/core/surface/svi-parameters.ts";
import { findSviViolation, sliceVol, totalVariance } from "../../../../keeper/core/surface/svi.ts";
import vectors from "../../../vectors/svi.json" with { type: "json" };

const {
  T: TAU_YEARS,
  k: STRIKES,
  iv_exact: EXACT,
  iv_noisy: NOISY,
  fit_noisy_rmse_vol: BEST_RMSE,
} = vectors.calibration;

function smile(vols: readonly number[], strikes: readonly number[] = STRIKES): readonly SmilePoint[] {
  return vols.map((midVol, index) => ({ logMoneyness: strikes[index] ?? NaN, midVol, halfSpreadVol: 0.01 }));
}

describe("fitSvi", () => {
  it("recovers exact quotes to 1e-8 of volatility", () => {
    const { svi, report } = fitSvi(smile(EXACT), TAU_YEARS);
    for (const [index, k] of STRIKES.entries()) {
      expect(sliceVol(svi, k, TAU_YEARS)).to.be.closeTo(EXACT[index] ?? NaN, 1e-8);
    }
    expect(report).to.include({ points: STRIKES.length, insideSpreadShare: 1, butterflyRepair: "none" });
  });

  it("finds the global optimum of noisy quotes", () => {
    const { report } = fitSvi(smile(NOISY), TAU_YEARS);
    expect(report.rmseVolPoints).to.be.at.most(1.001 * BEST_RMSE * 100);
    expect(report.weightedRmseVolPoints).to.be.closeTo(report.rmseVolPoints, 1e-9);
  });

  it("follows narrow quotes and forgives wide ones", () => {
    const bent = EXACT.map((vol, index) => (index === 4 ? vol + 0.1 : vol));
    const points = smile(bent).map((point, index) => ({
      ...point,
      halfSpreadVol: index === 4 ? 0.2 : 0.003,
    }));
    const { svi } = fitSvi(points, TAU_YEARS);
    expect(sliceVol(svi, STRIKES[4] ?? NaN, TAU_YEARS)).to.be.closeTo(EXACT[4] ?? NaN, 0.002);
  });

  it("returns a slice without arbitrage for quotes that have it", () => {
    const vogt = vectors.vogt.iv;
    const { svi, report } = fitSvi(smile(vogt, vectors.vogt.k), 1);
    expect(findSviViolation(svi, DENSITY_FLOOR)).to.equal(undefined);
    expect(report.butterflyRepair).to.equal("penalised");
    expect(report.rmseVolPoints).to.be.below(1);
  });

  it("returns a slice without arbitrage for any quotes at all", () => {
    const point = fc.record({
      logMoneyness: fc.double({ min: -1, max: 1, noNaN: true }),
      midVol: fc.double({ min: 0.05, max: 4, noNaN: true }),
      halfSpreadVol: fc.double({ min: 0.0025, max: 0.25, noNaN: true }),
    });
    const tauYears = fc.double({ min: 1 / 8760, max: 2, noNaN: true });
    fc.assert(
      fc.property(fc.array(point, { minLength: 5, maxLength: 12 }), tauYears, (quotes, tau) => {
        const sorted = quotes.toSorted((left, right) => left.logMoneyness - right.logMoneyness);
        const { svi, report } = fitSvi(sorted, tau);
        expect(findSviViolation(svi, DENSITY_FLOOR)).to.equal(undefined);
        expect(report.rmseVolPoints).to.be.finite;
      }),
      { numRuns: 150, seed: 20_260_205 },
    );
  });

  it("keeps to the limits of neighbouring expiries", () => {
    const nodes = Float64Array.from([-0.8, -0.4, 0, 0.4, 0.8]);
    const plain = fitSvi(smile(EXACT), TAU_YEARS).svi;
    const ceiling = nodes.map((k) => 0.95 * totalVariance(plain, k));
    const start = { ...plain, a: 0.9 * plain.a, b: 0.9 * plain.b };
    const { svi } = fitSvi(smile(EXACT), TAU_YEARS, {
      nodes,
      floor: nodes.map(() => 0),
      ceiling,
      starts: [plain, start],
    });
    for (const [node, k] of nodes.entries()) {
      expect(sliceVol(svi, k, TAU_YEARS)).to.be.at.most(Math.sqrt((ceiling[node] ?? NaN) / TAU_YEARS) + 1e-3);
    }
  });

  it("refuses fewer points than it has parameters, and a time that is not positive", () => {
    expect(() => fitSvi(smile(EXACT.slice(0, 4)), TAU_YEARS))
      .to.throw(CoreError)
      .with.property("code", "too-few-quotes");
    expect(() => fitSvi(smile(EXACT), 0))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});

describe("free parameters of a slice", () => {
  const slice = { a: 0.012, b: 0.09, rho: -0.35, m: 0.02, sigma: 0.11 };

  it("return to the slice", () => {
    const back = fromFreeParameters(toFreeParameters(slice));
    for (const key of ["a", "b", "rho", "m", "sigma"] as const)
      expect(back[key]).to.be.closeTo(slice[key], 1e-14);
  });

  it("have the gradient of the total variance they describe", () => {
    const free = toFreeParameters(slice);
    const gradient = new Float64Array(free.length);
    const scratch = new Float64Array(free.length);
    for (const k of [-0.5, 0.01, 0.4]) {
      expect(varianceWithGradient(free)(k, gradient)).to.be.closeTo(totalVariance(slice, k), 1e-15);
      for (let index = 0; index < free.length; index++) {
        const [up, down] = [Float64Array.from(free), Float64Array.from(free)];
        up[index]! += 1e-5;
        down[index]! -= 1e-5;
        const slope = (varianceWithGradient(up)(k, scratch) - varianceWithGradient(down)(k, scratch)) / 2e-5;
        expect(gradient[index]).to.be.closeTo(slope, 1e-9);
      }
    }
  });
});
