import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { fitHourPattern, NO_PATTERN } from "../../../../keeper/core/volatility/hour-pattern.ts";
import { knownAfter } from "../../../../keeper/core/volatility/hourly-history.ts";
import { calmAtNight, MONDAY_HOUR, simulateHours } from "../../../support/simulated-hours.ts";

describe("fitHourPattern", () => {
  const { history } = simulateHours(7, 24 * 730);
  const pattern = fitHourPattern(history, 730);

  it("has mean one over a week and sums what it says of each hour", () => {
    expect(pattern.sum(MONDAY_HOUR, 168)).to.equal(168);
    let sum = 0;
    for (let hour = 0; hour < 168; hour++) sum += pattern.at(MONDAY_HOUR + hour);
    expect(sum).to.be.closeTo(168, 1e-10);
    const [first, second] = [pattern.at(MONDAY_HOUR + 30), pattern.at(MONDAY_HOUR + 31)];
    expect(pattern.sum(MONDAY_HOUR + 30, 2)).to.be.closeTo(first + second, 1e-14);
    expect(pattern.sum(MONDAY_HOUR + 30, 170)).to.be.closeTo(168 + first + second, 1e-10);
  });

  it("finds calm nights and calm weekends", () => {
    const ratio = (a: number, b: number) => pattern.sum(MONDAY_HOUR + a, 8) / pattern.sum(MONDAY_HOUR + b, 8);
    expect(ratio(0, 12)).to.be.closeTo(0.6 / 1.4, 0.05);
    const saturday = 5 * 24;
    expect(ratio(saturday + 12, 12)).to.be.closeTo(0.5, 0.08);
    expect(calmAtNight(MONDAY_HOUR + saturday)).to.equal(0.3);
  });

  it("caps a single crash", () => {
    const rangeVariance = Float64Array.from(history.rangeVariance);
    rangeVariance[24 * 7 * 20] = 1;
    const crashed = fitHourPattern({ ...history, rangeVariance }, 730);
    expect(crashed.at(MONDAY_HOUR) / pattern.at(MONDAY_HOUR)).to.be.within(0.99, 1.05);
  });

  it("looks at the last days only", () => {
    const flat = history.rangeVariance.map((value, hour) => (hour < 24 * 560 ? value : 2));
    expect(fitHourPattern({ ...history, rangeVariance: flat }, 168).at(MONDAY_HOUR)).to.be.closeTo(1, 1e-12);
  });

  it("refuses a history of fewer than eight weeks", () => {
    expect(() => fitHourPattern(knownAfter(history, 24 * 50), 730))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});

describe("NO_PATTERN", () => {
  it("weighs every hour the same", () => {
    expect([NO_PATTERN.at(5), NO_PATTERN.sum(5, 24)]).to.deep.equal([1, 24]);
  });
});
