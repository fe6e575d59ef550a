import { expect } from "chai";
import vectors from "../../../vectors/forecast-comparison.json" with { type: "json" };
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  dieboldMarianoHln,
  dieboldMarianoNeweyWest,
  losses,
  qlike,
  squaredError,
} from "../../../../keeper/core/statistics/forecast-comparison.ts";
import { studentTwoSided } from "../../../../keeper/core/statistics/student-t.ts";

const TOLERANCE = 1e-12;
const { proxy, f1, f2 } = vectors;

describe("losses of variance forecasts", () => {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it("agree with numpy's mean QLIKE and squared error", () => {
    expect(mean(losses(qlike, proxy, f1))).to.be.closeTo(vectors.mean_qlike_f1, TOLERANCE);
    expect(mean(losses(qlike, proxy, f2))).to.be.closeTo(vectors.mean_qlike_f2, TOLERANCE);
    expect(mean(losses(squaredError, proxy, f1))).to.be.closeTo(vectors.mse_f1, TOLERANCE);
    expect(mean(losses(squaredError, proxy, f2))).to.be.closeTo(vectors.mse_f2, TOLERANCE);
  });

  it("are zero for a perfect forecast", () => {
    expect([qlike(0.3, 0.3), squaredError(0.3, 0.3)]).to.deep.equal([0, 0]);
  });

  it("refuse series of different lengths", () => {
    expect(() => losses(qlike, proxy, f1.slice(1)))
      .to.throw(CoreError)
      .with.property("code", "series-misaligned");
  });
});

describe("Diebold-Mariano test", () => {
  const first = losses(qlike, proxy, f1);
  const second = losses(qlike, proxy, f2);

  it("agrees with numpy for one and two steps, before and after the small-sample factor", () => {
    for (const [steps, expected] of [
      [1, vectors.dm["h=1"]],
      [2, vectors.dm["h=2"]],
    ] as const) {
      const { uncorrected, statistic } = dieboldMarianoHln(first, second, steps);
      expect(uncorrected).to.be.closeTo(expected["DM_uniform_kernel_lag_h-1"], TOLERANCE);
      expect(statistic).to.be.closeTo(expected.HLN_corrected, TOLERANCE);
    }
  });

  it("agrees with numpy under Newey and West's weights", () => {
    const { statistic, pValue } = dieboldMarianoNeweyWest(first, second, 4);
    expect(statistic).to.be.closeTo(vectors.dm_newey_west_lag4, TOLERANCE);
    expect(pValue).to.equal(studentTwoSided(vectors.dm_newey_west_lag4, 39));
  });

  it("changes its sign with the order of the forecasts", () => {
    const [there, back] = [dieboldMarianoHln(first, second, 1), dieboldMarianoHln(second, first, 1)];
    expect(back.statistic).to.equal(-there.statistic);
    expect(back.pValue).to.equal(there.pValue);
  });

  it("refuses losses that do not differ, lengths that do not fit and too few of them", () => {
    const code = (run: () => unknown, expected: string) =>
      expect(run).to.throw(CoreError).with.property("code", expected);
    code(() => dieboldMarianoHln(first, first, 1), "argument-out-of-domain");
    code(() => dieboldMarianoHln(first, second.subarray(1), 1), "series-misaligned");
    code(() => dieboldMarianoNeweyWest(first.subarray(0, 5), second.subarray(0, 5), 4), "series-too-short");
  });
});
