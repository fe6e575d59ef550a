import { expect } from "chai";
import { black76Greeks, black76Price } from "../../../../keeper/core/pricing/black76.ts";
import { CoreError } from "../../../../keeper/core/errors.ts";

describe("black76Greeks", () => {
  const base = {
    kind: "put",
    forward: 100,
    strike: 120,
    tauYears: 0.5,
    annualVol: 0.6,
    discount: 0.9,
  } as const;

  it("gives intrinsic value and the slope of it when time or volatility is zero", () => {
    for (const still of [{ tauYears: 0 }, { annualVol: 0 }]) {
      const put = black76Greeks({ ...base, ...still });
      expect(put).to.include({ price: 18, delta: -0.9, gamma: 0, vega: 0 });
      expect(black76Greeks({ ...base, ...still, kind: "call" })).to.include({ price: 0, delta: 0 });
      expect(black76Greeks({ ...base, ...still, strike: 100 })).to.include({ price: 0, delta: -0.45 });
    }
  });

  it("keeps put-call parity", () => {
    const call = black76Price({ ...base, kind: "call" });
    expect(call - black76Price(base)).to.be.closeTo(0.9 * (100 - 120), 1e-13);
  });

  it("tends to its upper limit as volatility grows", () => {
    expect(black76Price({ ...base, annualVol: 900 })).to.be.closeTo(0.9 * 120, 1e-12);
    expect(black76Price({ ...base, kind: "call", annualVol: 900 })).to.be.closeTo(0.9 * 100, 1e-12);
  });

  it("refuses values outside its domain with a typed error that names them", () => {
    for (const wrong of [
      { forward: 0 },
      { strike: -1 },
      { tauYears: -1e-9 },
      { annualVol: NaN },
      { discount: 0 },
    ]) {
      const error = (() => {
        try {
          black76Price({ ...base, ...wrong });
        } catch (caught) {
          return caught;
        }
        return undefined;
      })();
      expect(error).to.be.instanceOf(CoreError);
      expect(error).to.have.property("code", "argument-out-of-domain");
      expect(error).to.have.nested.property("details.name", Object.keys(wrong)[0]);
    }
  });
});
