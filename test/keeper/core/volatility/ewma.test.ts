import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { dailyLogChanges } from "../../../../keeper/core/volatility/changes.ts";
import { DAILY_LAMBDA, ewmaFilter, START_DAYS } from "../../../../keeper/core/volatility/ewma.ts";

describe("ewmaFilter", () => {
  it("follows the recursion worked by hand", () => {
    const { dailyVol, dailyVolBefore } = ewmaFilter({ lambda: 0.5, startVariance: 4 }).fit([4, 0, 2]);
    for (const [day, variance] of [4, 10, 5].entries()) {
      expect((dailyVolBefore[day] ?? NaN) ** 2).to.be.closeTo(variance, 1e-14);
    }
    expect(dailyVol * dailyVol).to.be.closeTo(4.5, 1e-15);
  });

  it("keeps 94 % of yesterday's variance by default and starts from the first month", () => {
    const series = Array.from({ length: START_DAYS + 1 }, (_, day) => (day < START_DAYS ? 0.02 : 0.1));
    const { dailyVol, dailyVolBefore } = ewmaFilter().fit(series);
    expect(dailyVolBefore[0]).to.be.closeTo(0.02, 1e-16);
    expect(dailyVol ** 2).to.be.closeTo(DAILY_LAMBDA * 0.02 ** 2 + (1 - DAILY_LAMBDA) * 0.1 ** 2, 1e-17);
  });

  it("forecasts each day from the days before it only", () => {
    const calm = ewmaFilter({ lambda: 0.9, startVariance: 1 }).fit([1, 1, 1]);
    const wild = ewmaFilter({ lambda: 0.9, startVariance: 1 }).fit([1, 1, 50]);
    expect(wild.dailyVolBefore).to.deep.equal(calm.dailyVolBefore);
    expect(wild.dailyVol).to.be.greaterThan(calm.dailyVol);
  });

  it("leaves the forecast unchanged over a day without observation", () => {
    const { dailyVolBefore } = ewmaFilter({ lambda: 0.9, startVariance: 1 }).fit([2, NaN, 2]);
    expect(dailyVolBefore[2]).to.equal(dailyVolBefore[1]);
  });

  it("refuses a series too short to start from and a decay outside its range", () => {
    expect(() => ewmaFilter().fit([0.1, 0.2]))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
    expect(() => ewmaFilter({ lambda: 1 }))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});

describe("dailyLogChanges", () => {
  it("takes logarithms of ratios and leaves gaps as NaN", () => {
    const changes = dailyLogChanges([100, 110, null, 50, 25]);
    expect(changes[0]).to.be.closeTo(Math.log(1.1), 1e-15);
    expect(changes[1]).to.be.NaN;
    expect(changes[2]).to.be.NaN;
    expect(changes[3]).to.be.closeTo(-Math.LN2, 1e-15);
    expect(changes).to.have.length(4);
  });

  it("refuses levels that are not positive", () => {
    for (const level of [0, -1, NaN, Infinity]) {
      expect(() => dailyLogChanges([1, level]))
        .to.throw(CoreError)
        .with.property("code", "argument-out-of-domain");
    }
  });
});
