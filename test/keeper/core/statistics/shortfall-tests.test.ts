import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { shortfallTest } from "../../../../keeper/core/statistics/shortfall-tests.ts";
import vectors from "../../../vectors/risk-backtests.json" with { type: "json" };

describe("shortfallTest", () => {
  it("gives the worked case's statistics", () => {
    const { loss, VaR, ES, alpha, N, Z1, Z2 } = vectors.shortfall;
    const days = loss.map((value, day) => ({
      pnl: -value,
      valueAtRisk: VaR[day]!,
      expectedShortfall: ES[day]!,
    }));
    const test = shortfallTest(days, alpha);
    expect(test.exceedances).to.equal(N);
    expect(test.conditional).to.be.closeTo(Z1, 1e-12);
    expect(test.unconditional).to.be.closeTo(Z2, 1e-12);
  });

  it("has no conditional statistic without an exceedance; a loss equal to the value at risk is none", () => {
    const test = shortfallTest([{ pnl: -1, valueAtRisk: 1, expectedShortfall: 2 }], 0.025);
    expect(test).to.deep.equal({ exceedances: 0, conditional: undefined, unconditional: 1 });
  });

  it("refuses an empty series and an expected shortfall that is not positive", () => {
    expect(() => shortfallTest([], 0.025)).to.throw(CoreError);
    expect(() => shortfallTest([{ pnl: 0, valueAtRisk: 0, expectedShortfall: 0 }], 0.025)).to.throw(
      CoreError,
    );
  });
});
