import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  historicalVolatility,
  postedDailyVol,
  STRESSED_PERIOD_DAYS,
} from "../../../../keeper/core/volatility/posted-forecast.ts";

const HISTORY = { stressedDailyVol: 0.08, floorDailyVol: 0.03 };

describe("historicalVolatility", () => {
  it("finds the worst window and the mean over all days, gaps left out", () => {
    const calm = Array.from({ length: 200 }, () => 0.01);
    const stressed = Array.from({ length: STRESSED_PERIOD_DAYS }, () => -0.05);
    const history = historicalVolatility([...calm, NaN, ...stressed, ...calm]);
    expect(history.stressedDailyVol).to.be.closeTo(0.05, 1e-12);
    expect(history.floorDailyVol).to.be.closeTo(Math.sqrt((400 * 1e-4 + 90 * 25e-4) / 490), 1e-12);
  });

  it("refuses a history shorter than a stressed period", () => {
    const short = new Float64Array(STRESSED_PERIOD_DAYS - 1);
    expect(() => historicalVolatility(short))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});

describe("postedDailyVol", () => {
  it("blends three quarters of the filter with a quarter of the stressed period", () => {
    expect(postedDailyVol(0.04, HISTORY)).to.be.closeTo(0.05, 1e-15);
  });

  it("never goes below the floor", () => {
    expect(postedDailyVol(0, { stressedDailyVol: 0.08, floorDailyVol: 0.03 })).to.equal(0.03);
  });

  it("rises at once", () => {
    expect(postedDailyVol(0.2, HISTORY, { dailyVol: 0.05, elapsedDays: 0 })).to.be.closeTo(0.17, 1e-15);
  });

  it("falls by at most 5 % a day, compounded over the time elapsed", () => {
    expect(postedDailyVol(0.04, HISTORY, { dailyVol: 0.2, elapsedDays: 1 })).to.be.closeTo(0.19, 1e-15);
    expect(postedDailyVol(0.04, HISTORY, { dailyVol: 0.2, elapsedDays: 0 })).to.equal(0.2);
    expect(postedDailyVol(0.04, HISTORY, { dailyVol: 0.2, elapsedDays: 2 })).to.be.closeTo(0.1805, 1e-15);
    expect(postedDailyVol(0.04, HISTORY, { dailyVol: 0.2, elapsedDays: 365 })).to.be.closeTo(0.05, 1e-15);
  });

  it("refuses a filter value that is not a number", () => {
    for (const value of [NaN, -0.01]) {
      expect(() => postedDailyVol(value, HISTORY))
        .to.throw(CoreError)
        .with.property("code", "argument-out-of-domain");
    }
  });
});
