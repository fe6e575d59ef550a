import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  dailyChangesToNow,
  dailyRealisedVariances,
  hourlyHistory,
  knownAfter,
  realisedVariance,
} from "../../../../keeper/core/volatility/hourly-history.ts";
import { simulateHours } from "../../../support/simulated-hours.ts";

const bars = {
  firstHour: 100,
  open: Float64Array.of(10, NaN, 11, 12),
  high: Float64Array.of(12, NaN, 12, 12),
  low: Float64Array.of(9, NaN, 11, 12),
  close: Float64Array.of(11, NaN, 12, 12),
};

describe("hourlyHistory", () => {
  it("derives returns and Parkinson's range variance and leaves gaps NaN", () => {
    const { firstHour, logReturn, rangeVariance } = hourlyHistory(bars, []);
    expect(firstHour).to.equal(100);
    expect([...logReturn]).to.deep.equal([NaN, NaN, NaN, 0]);
    expect(rangeVariance[0]).to.be.closeTo(Math.log(12 / 9) ** 2 / (4 * Math.log(2)), 1e-15);
    expect(rangeVariance[1]).to.be.NaN;
    expect(rangeVariance[3]).to.equal(1e-9);
  });

  it("places implied vols on the hours of the bars, the later series over the earlier", () => {
    const daily = { firstHour: 99, close: Float64Array.of(0.1, 0.2, NaN, 0.3) };
    const hourly = { firstHour: 102, close: Float64Array.of(0.4, NaN, 0.6) };
    expect([...hourlyHistory(bars, [daily, hourly]).impliedVol]).to.deep.equal([0.2, NaN, 0.4, NaN]);
  });

  it("refuses arrays of different lengths", () => {
    expect(() => hourlyHistory({ ...bars, low: new Float64Array(3) }, []))
      .to.throw(CoreError)
      .with.property("code", "series-misaligned");
  });
});

describe("knownAfter", () => {
  it("shows the first hours only and refuses more than there are", () => {
    const cut = knownAfter(hourlyHistory(bars, []), 3);
    for (const values of [cut.close, cut.logReturn, cut.rangeVariance, cut.impliedVol])
      expect(values).to.have.length(3);
    expect(() => knownAfter(hourlyHistory(bars, []), 5))
      .to.throw(CoreError)
      .with.property("code", "argument-out-of-domain");
  });
});

describe("days that end now", () => {
  it("take the change from close to close and the sum of squared hourly returns", () => {
    const { history } = simulateHours(1, 24 * 3 + 5);
    const { close, logReturn } = history;
    const changes = dailyChangesToNow(history);
    expect(changes).to.have.length(3);
    expect(changes[2]).to.be.closeTo(Math.log(close[76]! / close[52]!), 1e-15);
    const variances = dailyRealisedVariances(history);
    expect(variances).to.have.length(3);
    expect(variances[2]).to.be.closeTo(
      logReturn.subarray(53).reduce((sum, change) => sum + change * change, 0),
      1e-16,
    );
  });

  it("are NaN where a return is missing or the window leaves the history", () => {
    const { logReturn } = hourlyHistory(bars, []);
    expect(realisedVariance(logReturn, 2, 2)).to.be.NaN;
    expect(realisedVariance(logReturn, 3, 2)).to.be.NaN;
    expect(realisedVariance(logReturn, 3, 1)).to.equal(0);
  });
});
