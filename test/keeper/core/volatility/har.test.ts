import { expect } from "chai";
import vectors from "../../../vectors/har.json" with { type: "json" };
import { CoreError } from "../../../../keeper/core/errors.ts";
import { fitHar, harForecast, harModel, TRADING_DAY_LAGS } from "../../../../keeper/core/volatility/har.ts";
import type { HarForm } from "../../../../keeper/core/volatility/har.ts";
import { dailyRealisedVariances, knownAfter } from "../../../../keeper/core/volatility/hourly-history.ts";
import { simulateHours } from "../../../support/simulated-hours.ts";

const TOLERANCE = 1e-9;

describe("fitHar", () => {
  const { realised, fits } = vectors;

  for (const expected of fits) {
    const { lags, daysAhead } = expected;
    it(`agrees with numpy's least squares: ${expected.form}, ${daysAhead} days ahead`, () => {
      const fit = fitHar(realised, expected.form as HarForm, lags, daysAhead);
      expect(fit.coefficients).to.have.length(expected.coefficients.length);
      for (const [index, coefficient] of expected.coefficients.entries())
        expect(fit.coefficients[index]).to.be.closeTo(coefficient, TOLERANCE);
      expect(fit.rSquared).to.be.closeTo(expected.rSquared, TOLERANCE);
      expect(fit.residualVariance).to.be.closeTo(expected.residualVariance, TOLERANCE);
      expect(harForecast(fit, realised, realised.length)).to.be.closeTo(expected.forecast, TOLERANCE);
    });
  }

  it("takes a day, a week and a month of trading days unless told otherwise", () => {
    expect(fitHar(realised, "levels").lags).to.deep.equal(TRADING_DAY_LAGS);
    expect([...TRADING_DAY_LAGS]).to.deep.equal([1, 5, 22]);
  });

  it("bears a gap of up to a fifth of a window and gives no forecast beyond", () => {
    const gap = realised.map((value, day) => (day >= 200 && day < 204 ? NaN : value));
    const fit = fitHar(gap, "levels");
    expect(fit.coefficients.every(Number.isFinite)).to.equal(true);
    expect(harForecast(fit, gap, 204)).to.be.NaN;
    expect(harForecast(fit, gap, 206)).to.be.NaN;
    expect(harForecast(fit, gap, 208)).to.be.greaterThan(0);
    expect(harForecast(fit, realised, 21)).to.be.NaN;
  });

  it("forecasts no negative variance", () => {
    const falling = { ...fitHar(realised, "levels"), coefficients: Float64Array.of(-100, 1, 0, 0) };
    expect(harForecast(falling, realised, 100)).to.equal((realised[99] ?? NaN) * 0.1);
  });

  it("refuses fewer days than it has coefficients for", () => {
    expect(() => fitHar(realised.slice(0, 25), "logs"))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});

describe("harModel", () => {
  const { history } = simulateHours(13, 24 * 300 + 7);

  it("explains days that end now by calendar weeks and months", () => {
    for (const form of ["levels", "logs"] as const) {
      const forecast = harModel(form).fit(history).forecast(history);
      const realised = dailyRealisedVariances(history);
      const day = harForecast(fitHar(realised, form, [1, 7, 30]), realised, realised.length);
      const week = harForecast(fitHar(realised, form, [1, 7, 30], 7), realised, realised.length);
      expect(forecast).to.deep.equal({ 1: day / 24, 24: day, 168: week * 7 });
    }
  });

  it("gives none after a day that lacks an hour and refuses less than 250 days", () => {
    const logReturn = Float64Array.from(history.logReturn);
    logReturn[logReturn.length - 20] = NaN;
    expect(
      harModel("logs")
        .fit(history)
        .forecast({ ...history, logReturn }),
    ).to.equal(null);
    expect(() => harModel("logs").fit(knownAfter(history, 24 * 249)))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});
