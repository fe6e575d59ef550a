import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  cornishFisherValueAtRisk,
  deltaGammaTail,
  saddlepointVarTail,
} from "../../../../keeper/core/risk/delta-gamma.ts";
import { normalTail, studentTail } from "../../../../keeper/core/risk/parametric.ts";
import { canonicalPnl, quadraticMoments } from "../../../../keeper/core/risk/quadratic-form.ts";
import { studentCdf, studentQuantile } from "../../../../keeper/core/statistics/student-quantile.ts";
import deltaGamma from "../../../vectors/delta-gamma-var.json" with { type: "json" };
import closedForm from "../../../vectors/var-closed-form.json" with { type: "json" };

describe("normal and Student-t tails", () => {
  it("are the multiples of the deviation that tables give", () => {
    for (const { tail, valueAtRisk, expectedShortfall } of closedForm.normal) {
      const found = normalTail({ mean: 0, deviation: 1 }, 1 - tail);
      expect(found.valueAtRisk).to.be.closeTo(valueAtRisk, 1e-13 * valueAtRisk);
      expect(found.expectedShortfall).to.be.closeTo(expectedShortfall, 1e-13 * expectedShortfall);
    }
    for (const { degrees, tail, valueAtRisk, expectedShortfall } of closedForm.student) {
      const unscaled = Math.sqrt(degrees / (degrees - 2));
      const found = studentTail({ mean: 0, deviation: unscaled }, degrees, 1 - tail);
      // The source's quantiles are good to some 4e-9.
      expect(found.valueAtRisk).to.be.closeTo(valueAtRisk, 1e-8 * valueAtRisk);
      expect(found.expectedShortfall).to.be.closeTo(expectedShortfall, 1e-8 * expectedShortfall);
    }
  });

  it("give Hull's example of two shares over ten days", () => {
    const { amountsUsd, dailyDeviations, correlation, tenDayVar99 } = closedForm.hull;
    const [first = 0, second = 0] = amountsUsd.map((amount, i) => amount * (dailyDeviations[i] ?? 0));
    const both = Math.sqrt(first ** 2 + second ** 2 + 2 * correlation * first * second);
    for (const [i, deviation] of [first, second, both].entries()) {
      const { valueAtRisk } = normalTail({ mean: 0, deviation: deviation * Math.sqrt(10) }, 0.99);
      // Hull rounds the multiple to 2.326.
      expect(valueAtRisk / (tenDayVar99[i] ?? NaN)).to.be.closeTo(1, 2e-4);
    }
  });

  it("move one for one against the mean and refuse what is no confidence", () => {
    const shifted = normalTail({ mean: 3, deviation: 2 }, 0.99);
    expect(shifted.valueAtRisk).to.be.closeTo(
      normalTail({ mean: 0, deviation: 2 }, 0.99).valueAtRisk - 3,
      1e-12,
    );
    for (const bad of [
      () => normalTail({ mean: 0, deviation: 1 }, 1),
      () => studentTail({ mean: 0, deviation: 1 }, 2, 0.99),
    ])
      expect(bad).to.throw(CoreError).with.property("code", "argument-out-of-domain");
  });

  it("have a quantile that inverts the distribution far into the tail", () => {
    for (const degrees of [1, 2, 3, 4, 7, 30])
      for (const probability of [1e-6, 0.001, 0.2, 0.5, 0.9, 0.9999])
        expect(studentCdf(studentQuantile(probability, degrees), degrees) / probability).to.be.closeTo(
          1,
          1e-8,
        );
    // Cauchy: tan(pi (p - 1/2)).
    expect(studentQuantile(0.01, 1)).to.be.closeTo(Math.tan(Math.PI * (0.01 - 0.5)), 1e-9);
  });
});

describe("delta-gamma tails", () => {
  for (const { name, delta, gamma, covariance, tails, ...moments } of deltaGamma.cases) {
    const pnl = canonicalPnl({ level: 0, delta, gamma, covariance });

    it(`have the moments of a ${name}`, () => {
      const found = quadraticMoments(pnl);
      for (const key of ["mean", "variance", "skew", "excessKurtosis"] as const)
        expect(found[key] / moments[key]).to.be.closeTo(1, 1e-12);
    });

    it(`are exact for a ${name}, and within 1.5 % by saddlepoint`, () => {
      for (const { tail, valueAtRisk, expectedShortfall, standardError, cornishFisher } of tails) {
        const exact = deltaGammaTail(pnl, 1 - tail);
        expect(exact.valueAtRisk / valueAtRisk).to.be.closeTo(1, 5e-9);
        expect(exact.expectedShortfall).to.be.closeTo(expectedShortfall, 3 * standardError);
        const approximate = saddlepointVarTail(pnl, 1 - tail);
        expect(approximate.valueAtRisk / valueAtRisk).to.be.closeTo(1, 0.015);
        expect(approximate.expectedShortfall / exact.expectedShortfall).to.be.closeTo(1, 0.01);
        expect(cornishFisherValueAtRisk(pnl, 1 - tail) / cornishFisher).to.be.closeTo(1, 1e-12);
      }
    });
  }

  it("are right where Cornish-Fisher is wrong by thousands", () => {
    const { gamma, confidence, cornishFisher, exact } = deltaGamma.pureGamma;
    const pnl = canonicalPnl({ level: 0, delta: [0], gamma: [[gamma]], covariance: [[1]] });
    expect(cornishFisherValueAtRisk(pnl, confidence)).to.be.closeTo(cornishFisher, 0.001);
    expect(deltaGammaTail(pnl, confidence).valueAtRisk).to.be.closeTo(exact, 1e-8);
  });

  it("are the normal tail where there is no gamma, and shift with the level", () => {
    const linear = {
      delta: [1, 2],
      gamma: [
        [0, 0],
        [0, 0],
      ],
      covariance: [
        [1, 0.3],
        [0.3, 1],
      ],
    };
    const expected = normalTail({ mean: 4, deviation: Math.sqrt(6.2) }, 0.99);
    for (const tail of [deltaGammaTail, saddlepointVarTail]) {
      const found = tail(canonicalPnl({ level: 4, ...linear }), 0.99);
      expect(found.valueAtRisk).to.be.closeTo(expected.valueAtRisk, 1e-9);
      expect(found.expectedShortfall).to.be.closeTo(expected.expectedShortfall, 1e-5);
    }
  });

  it("refuse a covariance that is none", () => {
    expect(() =>
      canonicalPnl({
        level: 0,
        delta: [1, 1],
        gamma: [
          [0, 0],
          [0, 0],
        ],
        covariance: [
          [1, 2],
          [2, 1],
        ],
      }),
    )
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});
