import { expect } from "chai";
import fc from "fast-check";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { modelledAtTheMoneyVariance, modelledSmile } from "../../../../keeper/core/surface/modelled-smile.ts";
import {
  durrlemanDensity,
  minimumVariance,
  totalVariance,
  wingSlope,
} from "../../../../keeper/core/surface/svi.ts";

const TERM = { shortVol: 1.8, longRunVol: 0.8, reversionPerYear: 12 };
const SHAPE = { rho: -0.3, eta: 0.8 };
const LOG_MONEYNESS = Array.from({ length: 81 }, (_, index) => -4 + index / 10);
const TAUS = [1 / 8760, 1 / 365, 7 / 365, 30 / 365, 0.25, 1, 5];

const anyTerm = fc.record({
  shortVol: fc.double({ min: 0.05, max: 5, noNaN: true }),
  longRunVol: fc.double({ min: 0.05, max: 3, noNaN: true }),
  reversionPerYear: fc.double({ min: 0.1, max: 100, noNaN: true }),
});
const anyShape = fc
  .record({
    rho: fc.double({ min: -0.95, max: 0.95, noNaN: true }),
    share: fc.double({ min: 0.01, max: 1, noNaN: true }),
  })
  .map(({ rho, share }) => ({ rho, eta: (2 * share) / (1 + Math.abs(rho)) }));

describe("modelledAtTheMoneyVariance", () => {
  it("starts at the short vol and ends at the long-run vol", () => {
    const near = 1e-6;
    const far = 100;
    expect(modelledAtTheMoneyVariance(TERM, near) / near).to.be.closeTo(TERM.shortVol ** 2, 1e-4);
    expect(modelledAtTheMoneyVariance(TERM, far) / far).to.be.closeTo(TERM.longRunVol ** 2, 3e-3);
  });

  it("is the integral of the expected variance", () => {
    const steps = 20_000;
    const tau = 0.25;
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      const time = ((step + 0.5) * tau) / steps;
      const decay = Math.exp(-TERM.reversionPerYear * time);
      sum += (TERM.longRunVol ** 2 + (TERM.shortVol ** 2 - TERM.longRunVol ** 2) * decay) * (tau / steps);
    }
    expect(modelledAtTheMoneyVariance(TERM, tau)).to.be.closeTo(sum, 1e-8);
  });
});

describe("modelledSmile", () => {
  it("equals the surface SVI it is written from", () => {
    for (const tau of TAUS) {
      const theta = modelledAtTheMoneyVariance(TERM, tau);
      const phi = SHAPE.eta / Math.sqrt(theta * (1 + theta));
      const slice = modelledSmile(TERM, SHAPE, tau);
      for (const k of LOG_MONEYNESS) {
        const root = Math.sqrt((phi * k + SHAPE.rho) ** 2 + 1 - SHAPE.rho ** 2);
        const expected = (theta / 2) * (1 + SHAPE.rho * phi * k + root);
        expect(totalVariance(slice, k)).to.be.closeTo(expected, 1e-12 * (1 + expected));
      }
    }
  });

  it("tilts to the downside for a negative correlation", () => {
    const slice = modelledSmile(TERM, SHAPE, 0.1);
    expect(totalVariance(slice, -0.3)).to.be.above(totalVariance(slice, 0.3));
  });

  it("has no butterfly arbitrage for any term and shape it accepts", () => {
    fc.assert(
      fc.property(anyTerm, anyShape, fc.constantFrom(...TAUS), (term, shape, tau) => {
        const slice = modelledSmile(term, shape, tau);
        expect(minimumVariance(slice)).to.be.above(0);
        expect(wingSlope(slice)).to.be.at.most(2);
        for (const k of LOG_MONEYNESS) expect(durrlemanDensity(slice, k)).to.be.at.least(-1e-9);
      }),
    );
  });

  it("has no calendar arbitrage for any term and shape it accepts", () => {
    fc.assert(
      fc.property(anyTerm, anyShape, (term, shape) => {
        const slices = TAUS.map((tau) => modelledSmile(term, shape, tau));
        for (const k of LOG_MONEYNESS) {
          const variances = slices.map((slice) => totalVariance(slice, k));
          for (let at = 1; at < variances.length; at++) {
            expect(variances[at]).to.be.at.least(variances[at - 1]! * (1 - 1e-12));
          }
        }
      }),
    );
  });

  it("refuses a shape beyond the no-arbitrage bound", () => {
    expect(() => modelledSmile(TERM, { rho: -0.3, eta: 2 / 1.3 + 1e-9 }, 0.1)).to.throw(CoreError, "eta");
    expect(() => modelledSmile(TERM, { rho: -1, eta: 0.5 }, 0.1)).to.throw(CoreError, "rho");
    expect(() => modelledSmile(TERM, SHAPE, 0)).to.throw(CoreError, "tauYears");
  });
});
