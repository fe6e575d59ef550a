import { expect } from "chai";
import { loadDailyHistory } from "../../../keeper/adapters/replay/daily-history.ts";
import type { DailyHistory, DailyObservation } from "../../../keeper/ports/market-data.ts";
import { dailyChanges, forecastMarket, withinLimits } from "../../../keeper/services/forecast.ts";
import { marketLimits } from "../../support/keeper-doubles.ts";
import { DATA_FOLDER } from "../adapters/replay/support.ts";

const DAY = 86_400;
const HOUR = 3_600;
const E9 = 1e9;
const history = loadDailyHistory(DATA_FOLDER);
const day = (index: number, closeUsd: number, changes: Partial<DailyObservation> = {}): DailyObservation => ({
  observedAtSeconds: index * DAY,
  priceSource: "exchange-close",
  markets: {
    BTC: { closeUsd, impliedVol: { vol: 0.5, source: "thirty-day-index" } },
    ETH: { closeUsd: 1, impliedVol: null },
  },
  ...changes,
});

/** A year of closes that move by `step` up and down in turn. */
const steady = (step: number, days = 365): DailyHistory => ({
  days: Array.from({ length: days }, (_, i) => ({
    ...day(i, 100 * Math.exp((i % 2) * step)),
    markets: {
      BTC: {
        closeUsd: 100 * Math.exp((i % 2) * step),
        impliedVol: { vol: 0.5 * Math.exp((i % 2) * 0.04), source: "thirty-day-index" as const },
      },
      ETH: { closeUsd: 1, impliedVol: null },
    },
  })),
});

describe("daily changes", () => {
  it("takes none across a gap, and the next day's again", () => {
    const { spot, impliedVol } = dailyChanges({ days: [day(0, 100), day(2, 110), day(3, 121)] }, "BTC");
    expect(spot[0]).to.be.NaN;
    expect(impliedVol[0]).to.be.NaN;
    expect(spot[1]).to.be.closeTo(Math.log(1.1), 1e-12);
    expect(impliedVol[1]).to.equal(0);
  });

  it("takes none across two price sources, while the implied vol goes on", () => {
    const days = [day(0, 100), day(1, 110, { priceSource: "index-snapshot" })];
    const { spot, impliedVol } = dailyChanges({ days }, "BTC");
    expect(spot[0]).to.be.NaN;
    expect(impliedVol[0]).to.equal(0);
  });

  it("takes none of the implied vol across two indices or where there was none", () => {
    const other = day(1, 100);
    const btc = { closeUsd: 100, impliedVol: { vol: 0.6, source: "thirty-day-at-the-money" as const } };
    const days = [day(0, 100), { ...other, markets: { ...other.markets, BTC: btc } }];
    expect(dailyChanges({ days }, "BTC").impliedVol[0]).to.be.NaN;
    expect(dailyChanges({ days }, "BTC").spot[0]).to.equal(0);
    expect(dailyChanges({ days }, "ETH").impliedVol[0]).to.be.NaN;
  });

  it("has one entry fewer than there are days", () => {
    for (const series of Object.values(dailyChanges(history, "ETH")))
      expect(series).to.have.length(history.days.length - 1);
  });

  it("holds no change larger than the worst day on record in either market", () => {
    for (const market of ["BTC", "ETH"] as const) {
      const finite = Array.from(dailyChanges(history, market).spot).filter(Number.isFinite);
      expect(finite.length).to.be.above(2_700);
      expect(Math.max(...finite.map(Math.abs))).to.be.below(0.65);
    }
  });
});

describe("a market's forecast", () => {
  it("is the volatility of a series that always moves alike", () => {
    const now = 364 * DAY;
    const { sigma, psi } = forecastMarket(steady(0.02), "BTC", 100, now, null);
    expect(sigma).to.be.closeTo(0.02, 1e-9);
    expect(psi).to.be.closeTo(0.04, 1e-9);
  });

  it("follows a fall since the last close, in proportion to the part of a day that passed", () => {
    const series = steady(0.02);
    const last = 364 * DAY;
    const calm = forecastMarket(series, "BTC", 100, last + 6 * HOUR, null).sigma;
    const fallen = forecastMarket(series, "BTC", 90, last + 6 * HOUR, null).sigma;
    expect(fallen).to.be.above(1.4 * calm);
    const filtered = Math.sqrt(0.94 ** 0.25 * 0.02 ** 2 + (1 - 0.94 ** 0.25) * (Math.log(0.9) ** 2 / 0.25));
    expect(fallen).to.be.closeTo(0.75 * filtered + 0.25 * 0.02, 1e-9);
  });

  it("goes on following the price when the last close is more than a day old", () => {
    const last = 364 * DAY;
    for (const days of [1, 2, 3]) {
      const late = forecastMarket(steady(0.02), "BTC", 60, last + days * DAY, null).sigma;
      const decay = 0.94 ** days;
      const filtered = Math.sqrt(decay * 0.02 ** 2 + (1 - decay) * (Math.log(0.6) ** 2 / days));
      expect(late, String(days)).to.be.closeTo(0.75 * filtered + 0.25 * 0.02, 1e-9);
      expect(late).to.be.above(3 * 0.02);
    }
  });

  it("falls by at most 5 % a day from what was posted, and rises at once", () => {
    const now = 364 * DAY;
    const posted = (sigma: number, hours: number) => ({
      sigmaE9: BigInt(Math.round(sigma * E9)),
      psiE9: BigInt(Math.round(sigma * E9)),
      observedAtSeconds: now - hours * HOUR,
    });
    const falling = forecastMarket(steady(0.02), "BTC", 100, now, posted(0.1, 12));
    expect(falling.sigma).to.be.closeTo(0.1 * 0.95 ** 0.5, 1e-9);
    expect(falling.psi).to.be.closeTo(0.1 * 0.95 ** 0.5, 1e-9);
    expect(forecastMarket(steady(0.02), "BTC", 100, now, posted(0.001, 1)).sigma).to.be.closeTo(0.02, 1e-9);
  });

  it("takes the forecast from hours in place of the daily one, under the same rule", () => {
    const now = 364 * DAY;
    const { sigma, psi } = forecastMarket(steady(0.02), "BTC", 50, now, null, 0.05);
    expect(sigma).to.be.closeTo(0.75 * 0.05 + 0.25 * 0.02, 1e-9);
    expect(psi).to.be.closeTo(0.04, 1e-9);
    expect(forecastMarket(steady(0.02), "BTC", 100, now, null, 0.001).sigma).to.be.closeTo(0.02, 1e-9);
  });

  it("refuses a history shorter than a stressed period", () => {
    expect(() => forecastMarket(steady(0.02, 60), "BTC", 100, 60 * DAY, null)).to.throw("series-too-short");
  });
});

describe("the oracle's limits of a forecast", () => {
  const limits = marketLimits(1);
  const posted = { sigmaE9: 40_000_000n, psiE9: 40_000_000n, observedAtSeconds: 0 };

  it("leave a forecast inside them as it is", () => {
    const forecast = { sigma: 0.04, psi: 0.05 };
    expect(withinLimits(forecast, limits, posted, HOUR)).to.deep.equal(forecast);
    expect(withinLimits(forecast, limits, null, HOUR)).to.deep.equal(forecast);
  });

  it("hold a fall to the hourly rate and a rise to the largest step", () => {
    expect(withinLimits({ sigma: 0.001, psi: 0.05 }, limits, posted, 2 * HOUR).sigma).to.equal(0.0392);
    expect(withinLimits({ sigma: 0.001, psi: 0.05 }, limits, posted, 0).sigma).to.equal(0.04);
    expect(withinLimits({ sigma: 0.4, psi: 0.05 }, limits, posted, HOUR).sigma).to.equal(0.12);
  });

  it("hold both forecasts to their absolute bounds", () => {
    expect(withinLimits({ sigma: 9, psi: 9 }, limits, null, 0)).to.deep.equal({ sigma: 0.5, psi: 0.5 });
    expect(withinLimits({ sigma: 0, psi: 0 }, limits, null, 0)).to.deep.equal({ sigma: 0.001, psi: 0.001 });
  });
});
