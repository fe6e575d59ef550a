import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { fitHourPattern } from "../../../../keeper/core/volatility/hour-pattern.ts";
import { hourlyEwmaModel } from "../../../../keeper/core/volatility/hourly-ewma.ts";
import { knownAfter } from "../../../../keeper/core/volatility/hourly-history.ts";
import { MONDAY_HOUR, simulateHours } from "../../../support/simulated-hours.ts";

describe("hourlyEwmaModel", () => {
  const { history } = simulateHours(3, 24 * 400);

  it("follows the recursion with lambda 0.94^(1/24) once its start is forgotten", () => {
    const lambda = Math.exp(Math.log(0.94) / 24);
    let variance = 0;
    for (const change of history.logReturn.subarray(1))
      variance = lambda * variance + (1 - lambda) * change ** 2;
    const forecast = hourlyEwmaModel("left-in").fit(history).forecast(history);
    expect(forecast?.[1]).to.be.closeTo(variance, variance * 1e-4);
    expect(forecast?.[24]).to.be.closeTo(variance * 24, variance * 24 * 1e-4);
    expect(forecast?.[168]).to.be.closeTo(variance * 168, variance * 168 * 1e-4);
  });

  it("takes the pattern out of the past and puts it back for the hours ahead", () => {
    const pattern = fitHourPattern(history, 730);
    const logReturn = history.logReturn.map((_, hour) => Math.sqrt(3e-5 * pattern.at(MONDAY_HOUR + hour)));
    const forecast = hourlyEwmaModel("taken-out")
      .fit(history)
      .forecast({ ...history, logReturn });
    const now = MONDAY_HOUR + logReturn.length;
    expect(forecast?.[1]).to.be.closeTo(3e-5 * pattern.at(now), 1e-15);
    expect(forecast?.[24]).to.be.closeTo(3e-5 * pattern.sum(now, 24), 1e-14);
  });

  it("gives none without thirty days of hours and refuses to be fitted on fewer", () => {
    const fitted = hourlyEwmaModel("left-in").fit(history);
    expect(fitted.forecast({ ...history, logReturn: history.logReturn.map(() => NaN) })).to.equal(null);
    expect(() => hourlyEwmaModel("left-in").fit(knownAfter(history, 24 * 30 - 1)))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});
