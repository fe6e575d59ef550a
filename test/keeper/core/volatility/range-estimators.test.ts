import { expect } from "chai";
import vectors from "../../../vectors/realised-volatility.json" with { type: "json" };
import { CoreError } from "../../../../keeper/core/errors.ts";
import { rollingVolatility } from "../../../../keeper/core/volatility/range-estimators.ts";

const TOLERANCE = 1e-12;
const column = (index: number) => vectors.ohlc.map((bar) => bar[index] ?? NaN);
const bars = { open: column(0), high: column(1), low: column(2), close: column(3) };

/** In the order of the vectors' columns. */
const ESTIMATORS = [
  "close",
  "parkinson",
  "garman-klass",
  "rogers-satchell",
  "garman-klass-yang-zhang",
  "yang-zhang",
] as const;

describe("rollingVolatility", () => {
  for (const [index, estimator] of ESTIMATORS.entries()) {
    it(`agrees with R's TTR on every window: ${estimator}`, () => {
      const volatility = rollingVolatility(estimator, bars, vectors.window, vectors.periodsPerYear);
      expect(volatility).to.have.length(vectors.values.length);
      for (const [period, row] of vectors.values.entries()) {
        const expected = row[index] ?? null;
        if (expected === null) expect(volatility[period], period.toString()).to.be.NaN;
        else expect(volatility[period]).to.be.closeTo(expected, TOLERANCE);
      }
    });
  }

  it("is NaN where a price of the window is missing", () => {
    const high = bars.high.map((price, period) => (period === 50 ? NaN : price));
    const volatility = rollingVolatility("parkinson", { ...bars, high }, 20, 365);
    expect([49, 50, 69].map((period) => Number.isNaN(volatility[period]))).to.deep.equal([false, true, true]);
    expect(volatility[70]).to.be.greaterThan(0);
  });

  it("refuses a window that holds no sample variance", () => {
    expect(() => rollingVolatility("close", bars, 2, 365))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});
