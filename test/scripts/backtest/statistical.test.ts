import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { black76Price } from "../../../keeper/core/pricing/black76.ts";
import { loadEarlyCloses } from "../../../scripts/backtest/early-closes.ts";
import { readDailyPanel, type DailyPanel } from "../../../scripts/backtest/statistical/daily-panel.ts";
import { forecastDays } from "../../../scripts/backtest/statistical/forecast-days.ts";
import { riskMethods } from "../../../scripts/backtest/statistical/methods.ts";
import {
  factorPnl,
  portfolioPnl,
  PORTFOLIOS,
  straddlePnl,
} from "../../../scripts/backtest/statistical/portfolios.ts";

const DATA = fileURLToPath(new URL("../../../data", import.meta.url));
const DAY_YEARS = 1 / 365;
/** Before 2017 the two markets moved apart. */
const FREQUENT_TRADING_DAYS = 375;

function firstForecasts(panel: DailyPanel, count: number) {
  const methods = riskMethods();
  const forecasts = [];
  for (const day of forecastDays(panel)) {
    forecasts.push(methods.map((method) => method.forecast(day)));
    if (forecasts.length === count) break;
  }
  return forecasts;
}

describe("statistical backtest", () => {
  const panel = readDailyPanel(DATA);

  it("forecasts each day from the days before it: scrambled later days change nothing", () => {
    const cut = panel.days.indexOf(17_620);
    expect(cut).to.be.greaterThan(0);
    const scrambled: DailyPanel = {
      days: panel.days,
      markets: {
        BTC: scramble(panel.markets.BTC, cut),
        ETH: scramble(panel.markets.ETH, cut),
      },
    };
    // 2018-01-02 is day 17534 by the midnight that ends it.
    const count = 17_620 - 17_540;
    expect(firstForecasts(scrambled, count)).to.deep.equal(firstForecasts(panel, count));
  });

  it("values a straddle as a call and a put a day later at the moved spot and vol", () => {
    const price = (kind: "call" | "put", forward: number, tauYears: number, annualVol: number) =>
      black76Price({ kind, forward, strike: 1, tauYears, annualVol, discount: 1 });
    const both = (forward: number, tauYears: number, vol: number) =>
      price("call", forward, tauYears, vol) + price("put", forward, tauYears, vol);
    const expected = both(Math.exp(-0.1), 29 * DAY_YEARS, 0.6 * Math.exp(0.3)) - both(1, 30 * DAY_YEARS, 0.6);
    expect(straddlePnl(0.6, { logReturn: -0.1, volChange: 0.3 })).to.be.closeTo(expected, 1e-12);
  });

  it("adds factors by their weights: a bought and a sold portfolio mirror each other", () => {
    const factors = factorPnl(
      { BTC: { logReturn: 0.05, volChange: -0.1 }, ETH: { logReturn: -0.08, volChange: 0.2 } },
      { BTC: 0.5, ETH: 0.7 },
    );
    const pnl = (name: string) =>
      portfolioPnl(
        PORTFOLIOS.find((it) => it.name === name)!,
        factors,
      );
    expect(pnl("long BTC")).to.be.closeTo(Math.expm1(0.05), 1e-15);
    expect(pnl("both straddles sold")).to.equal(-pnl("both straddles bought"));
    expect(pnl("long BTC, short ETH")).to.be.closeTo(Math.expm1(0.05) - Math.expm1(-0.08), 1e-15);
  });

  it("dates both markets' early closes alike: returns agree on the same day and on no neighbouring one", () => {
    const closes = loadEarlyCloses(DATA).slice(-FREQUENT_TRADING_DAYS);
    const returns = (market: "BTC" | "ETH") =>
      closes.slice(1).map((close, day) => Math.log(close[market] / closes[day]![market]));
    const [btc, eth] = [returns("BTC"), returns("ETH")];
    const agreement = (lag: number) =>
      correlation(btc.slice(1, -1), eth.slice(1 + lag, eth.length - 1 + lag));
    expect(agreement(0)).to.be.greaterThan(0.3);
    for (const lag of [-1, 1]) expect(Math.abs(agreement(lag))).to.be.lessThan(0.15);
  });

  it("reads one price a day, the published vol only where it exists, and no return over a gap", () => {
    const day = panel.days.indexOf(Date.UTC(2020, 2, 13) / 86_400_000);
    expect(panel.markets.BTC.closes[day]).to.be.closeTo(4_800, 1);
    expect(panel.markets.BTC.publishedVol[day]).to.equal(null);
    expect(panel.markets.BTC.modelledVol[day]).to.be.greaterThan(0.8);
    const missing = panel.days.indexOf(Date.UTC(2018, 1, 9) / 86_400_000);
    expect(panel.markets.ETH.closes[missing]).to.equal(null);
  });
});

function correlation(left: readonly number[], right: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(left), mean(right)];
  const moment = (x: readonly number[], xMean: number, y: readonly number[], yMean: number) =>
    x.reduce((sum, value, index) => sum + (value - xMean) * (y[index]! - yMean), 0);
  return moment(left, a, right, b) / Math.sqrt(moment(left, a, left, a) * moment(right, b, right, b));
}

function scramble(market: DailyPanel["markets"]["BTC"], cut: number): DailyPanel["markets"]["BTC"] {
  const wild = (values: readonly (number | null)[]) =>
    values.map((value, day) => (day <= cut || value === null ? value : value * (day % 2 === 0 ? 3 : 0.4)));
  return {
    closes: wild(market.closes),
    publishedVol: wild(market.publishedVol),
    modelledVol: wild(market.modelledVol),
  };
}
