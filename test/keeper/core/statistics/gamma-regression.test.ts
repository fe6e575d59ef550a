import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { fitGammaRegression } from "../../../../keeper/core/statistics/gamma-regression.ts";

describe("fitGammaRegression", () => {
  // Two groups: the fitted means are the groups' means of response / exp(offset).
  const rows = Float64Array.of(1, 0, 1, 0, 1, 0, 1, 1, 1, 1);
  const responses = Float64Array.of(1, 2, 6, 10, 30);
  const none = new Float64Array(5);

  it("gives each group its mean", () => {
    const [level, step] = fitGammaRegression({ rows, columns: 2, responses, offsets: none }, 0);
    expect(level).to.be.closeTo(Math.log(3), 1e-9);
    expect(step).to.be.closeTo(Math.log(20 / 3), 1e-9);
  });

  it("takes offsets as known factors of the mean", () => {
    const offsets = none.map((_, row) => Math.log(row + 1));
    const [level, step] = fitGammaRegression({ rows, columns: 2, responses, offsets }, 0);
    expect(level).to.be.closeTo(Math.log((1 + 1 + 2) / 3), 1e-9);
    expect(step).to.be.closeTo(Math.log((10 / 4 + 30 / 5) / 2) - (level ?? NaN), 1e-9);
  });

  it("shrinks slopes, not the constant: the derivatives of the penalised loss are zero", () => {
    const ridge = 0.1;
    const [level = NaN, step = NaN] = fitGammaRegression(
      { rows, columns: 2, responses, offsets: none },
      ridge,
    );
    expect(step).to.be.within(0.5, Math.log(20 / 3) - 0.05);
    const [low, high] = [9 * Math.exp(-level), 40 * Math.exp(-level - step)];
    expect(5 - low - high).to.be.closeTo(0, 1e-5);
    expect(2 - high + 5 * ridge * step).to.be.closeTo(0, 1e-5);
  });

  it("refuses no more rows than columns and responses that are all zero", () => {
    const short = {
      rows: rows.subarray(0, 4),
      columns: 2,
      responses: responses.subarray(0, 2),
      offsets: none,
    };
    expect(() => fitGammaRegression(short, 0))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
    expect(() => fitGammaRegression({ rows, columns: 2, responses: none, offsets: none }, 0))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});
