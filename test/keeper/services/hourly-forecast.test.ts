import { expect } from "chai";
import { CoreError } from "../../../keeper/core/errors.ts";
import { houseChain } from "../../../keeper/core/volatility/forecast-chain.ts";
import type { HourlyHistory } from "../../../keeper/core/volatility/hourly-history.ts";
import { knownAfter } from "../../../keeper/core/volatility/hourly-history.ts";
import { flatVariances } from "../../../keeper/core/volatility/model.ts";
import type { VolatilityModel } from "../../../keeper/core/volatility/model.ts";
import { createHourlyForecaster } from "../../../keeper/services/hourly-forecast.ts";
import { simulateHours } from "../../support/simulated-hours.ts";

const HOUR = 3_600;
const MONTH_HOURS = 720;
const { history } = simulateHours(31, 24 * 400);
const endHour = history.firstHour + history.close.length;
const end = endHour * HOUR;
const lastClose = history.close.at(-1) ?? NaN;

/** Forecasts a daily vol of 5 % and notes what it was fitted on. */
const recorder = () => {
  const fits: number[] = [];
  const model: VolatilityModel = {
    name: "recorder",
    fit: ({ firstHour, close }: HourlyHistory) => {
      fits.push(firstHour + close.length);
      return { forecast: () => flatVariances(0.05 ** 2) };
    },
  };
  return { fits, model };
};

describe("the hourly forecaster", () => {
  it("gives the house's chain as fitted at the last of fixed moments 30 days apart", () => {
    const fitHour = endHour - (endHour % MONTH_HOURS);
    const fitted = houseChain().fit(knownAfter(history, fitHour - history.firstHour));
    const vol = createHourlyForecaster().dailyVol("BTC", history, lastClose, end);
    expect(vol).to.equal(Math.sqrt(fitted.forecast(history)?.[24] ?? NaN));
  });

  it("fits once a month and market, on what was known then", () => {
    const { fits, model } = recorder();
    const forecaster = createHourlyForecaster(model);
    for (let back = 48; back >= 0; back -= 24)
      for (const market of ["BTC", "ETH"] as const)
        forecaster.dailyVol(market, knownAfter(history, history.close.length - back), 1, end - back * HOUR);
    const months = new Set(fits);
    expect(fits).to.have.length(2 * months.size);
    for (const fitHour of months) expect(fitHour % MONTH_HOURS).to.equal(0);
  });

  it("fits anew for hours that begin elsewhere, as when a longer file takes the place of one that was too short", () => {
    const { fits, model } = recorder();
    const forecaster = createHourlyForecaster(model);
    const from = (hours: number): HourlyHistory => ({
      firstHour: history.firstHour + hours,
      close: history.close.subarray(hours),
      logReturn: history.logReturn.subarray(hours),
      rangeVariance: history.rangeVariance.subarray(hours),
      impliedVol: history.impliedVol.subarray(hours),
    });
    const short = from(history.close.length - 5);
    expect(forecaster.dailyVol("BTC", short, lastClose, end)).to.equal(null);
    for (let time = 0; time < 2; time++) {
      expect(forecaster.dailyVol("BTC", history, lastClose, end)).to.be.above(0);
      expect(fits).to.have.length(1);
    }
    forecaster.dailyVol("BTC", from(24), lastClose, end);
    expect(fits).to.have.length(2);
  });

  it("lets the change since the last hour's close enter like a part of a day", () => {
    const forecaster = createHourlyForecaster(recorder().model);
    const vol = (spot: number, now: number) => forecaster.dailyVol("BTC", history, spot, now);
    expect(vol(lastClose, end)).to.equal(0.05);
    expect(vol(lastClose * 0.9, end)).to.equal(0.05);
    const decay = 0.94 ** (0.5 / 24);
    const moved = Math.sqrt(decay * 0.05 ** 2 + (1 - decay) * (Math.log(0.9) ** 2 / (0.5 / 24)));
    expect(vol(lastClose * 0.9, end + HOUR / 2)).to.be.closeTo(moved, 1e-12);
  });

  it("gives none without hours, with stale ones, with hours from the future or with too few", () => {
    const { model } = recorder();
    const forecaster = createHourlyForecaster(model);
    expect(forecaster.dailyVol("BTC", null, 1, end)).to.equal(null);
    expect(forecaster.dailyVol("BTC", history, lastClose, end + 3 * HOUR)).to.be.above(0);
    expect(forecaster.dailyVol("BTC", history, lastClose, end + 3 * HOUR + 1)).to.equal(null);
    expect(forecaster.dailyVol("BTC", history, lastClose, end - 1)).to.equal(null);
    const young = { ...history, firstHour: endHour - 5, close: history.close.subarray(0, 5) };
    expect(endHour % MONTH_HOURS).to.be.above(5);
    expect(createHourlyForecaster(model).dailyVol("BTC", young, lastClose, end)).to.equal(null);
    const short = knownAfter(history, MONTH_HOURS);
    const shortEnd = (history.firstHour + MONTH_HOURS) * HOUR;
    expect(createHourlyForecaster().dailyVol("BTC", short, 1, shortEnd)).to.equal(null);
  });

  it("hides no failure but a short history", () => {
    const failing: VolatilityModel = {
      name: "failing",
      fit: () => {
        throw new CoreError("no-convergence", {});
      },
    };
    expect(() => createHourlyForecaster(failing).dailyVol("BTC", history, 1, end)).to.throw("no-convergence");
  });
});
