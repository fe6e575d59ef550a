import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { ewmaFilter } from "../../../../keeper/core/volatility/ewma.ts";
import { knownAfter } from "../../../../keeper/core/volatility/hourly-history.ts";
import { logHarModel } from "../../../../keeper/core/volatility/log-har.ts";
import { dailyModel } from "../../../../keeper/core/volatility/model.ts";
import type { FittedVolatility, HorizonHours } from "../../../../keeper/core/volatility/model.ts";
import { simulateHours } from "../../../support/simulated-hours.ts";

const TRAINED = 24 * 500;
const { history, variance } = simulateHours(11, 24 * 700);
const past = knownAfter(history, TRAINED);

describe("logHarModel", () => {
  const withVol = logHarModel("prices-and-implied-vol").fit(past);
  const pricesOnly = logHarModel("prices").fit(past);

  /** Mean QLIKE against the true variance of the hours ahead, out of sample, and the mean ratio of truth to forecast. */
  const score = (fitted: FittedVolatility, ahead: HorizonHours) => {
    let qlike = 0;
    let ratios = 0;
    let count = 0;
    for (let now = TRAINED; now + ahead <= variance.length; now += 7, count++) {
      const truth = variance.subarray(now, now + ahead).reduce((sum, value) => sum + value, 0);
      const ratio = truth / (fitted.forecast(knownAfter(history, now))?.[ahead] ?? NaN);
      qlike += ratio - Math.log(ratio) - 1;
      ratios += ratio;
    }
    return { qlike: qlike / count, ratio: ratios / count };
  };

  it("forecasts a market of its kind better than a daily moving average over an hour and a day, without bias", () => {
    const ewma = dailyModel(ewmaFilter()).fit(past);
    for (const ahead of [1, 24] as const) {
      const { qlike, ratio } = score(withVol, ahead);
      expect(qlike).to.be.lessThan(0.5 * score(ewma, ahead).qlike);
      expect(ratio).to.be.closeTo(1, 0.12);
    }
  });

  it("learns from implied vol where it tells something", () => {
    expect(score(withVol, 24).qlike).to.be.lessThan(0.8 * score(pricesOnly, 24).qlike);
  });

  it("gives none when implied vol is missing or older than a day, and prices alone still answer", () => {
    const hours = history.close.length;
    const without = (stale: number) => ({
      ...history,
      impliedVol: history.impliedVol.map((vol, hour) => (hour >= hours - stale ? NaN : vol)),
    });
    expect(withVol.forecast(without(23))).to.not.equal(null);
    expect(withVol.forecast(without(24))).to.equal(null);
    expect(pricesOnly.forecast(without(24))?.[24]).to.be.greaterThan(0);
  });

  it("gives none when an hour just passed is missing", () => {
    const rangeVariance = Float64Array.from(history.rangeVariance);
    rangeVariance[rangeVariance.length - 1] = NaN;
    expect(pricesOnly.forecast({ ...history, rangeVariance })).to.equal(null);
  });

  it("tells a fall from a rise, whose size does not matter", () => {
    const after = (change: number) => {
      const logReturn = Float64Array.from(history.logReturn);
      logReturn[logReturn.length - 1] = change;
      return pricesOnly.forecast({ ...history, logReturn })?.[24] ?? NaN;
    };
    expect(after(0.02)).to.not.equal(after(-0.02));
    expect(after(0.02)).to.equal(after(0.03));
  });

  it("refuses to learn from less than three months", () => {
    for (const inputs of ["prices", "prices-and-implied-vol"] as const)
      expect(() => logHarModel(inputs).fit(knownAfter(history, 24 * 100)))
        .to.throw(CoreError)
        .with.property("code", "series-too-short");
    const lateVol = {
      ...past,
      impliedVol: past.impliedVol.map((vol, hour) => (hour < 24 * 420 ? NaN : vol)),
    };
    expect(() => logHarModel("prices-and-implied-vol").fit(lateVol))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});
