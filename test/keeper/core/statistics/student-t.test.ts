import { expect } from "chai";
import vectors from "../../../vectors/student-t.json" with { type: "json" };
import { CoreError } from "../../../../keeper/core/errors.ts";
import { digamma, lnGamma } from "../../../../keeper/core/statistics/gamma-function.ts";
import { studentTwoSided } from "../../../../keeper/core/statistics/student-t.ts";

describe("studentTwoSided", () => {
  it("agrees with scipy from the centre to far tails", () => {
    for (const [t, degrees, expected] of vectors.student as [number, number, number][]) {
      expect(studentTwoSided(t, degrees)).to.be.closeTo(expected, expected * 1e-10);
      expect(studentTwoSided(-t, degrees)).to.equal(studentTwoSided(t, degrees));
    }
    expect(studentTwoSided(0, 5)).to.equal(1);
  });

  it("refuses degrees of freedom that are not positive", () => {
    for (const degrees of [0, -1, NaN])
      expect(() => studentTwoSided(1, degrees))
        .to.throw(CoreError)
        .with.property("code", "argument-out-of-domain");
  });
});

describe("gamma functions", () => {
  it("agree with scipy", () => {
    for (const [x, logGamma, derivative] of vectors.gamma as [number, number, number][]) {
      expect(lnGamma(x)).to.be.closeTo(logGamma, 1e-13 * Math.max(1, Math.abs(logGamma)));
      expect(digamma(x)).to.be.closeTo(derivative, 1e-13 * Math.max(1, Math.abs(derivative)));
    }
  });
});
