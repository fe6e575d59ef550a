import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { forecastChain, houseChain } from "../../../../keeper/core/volatility/forecast-chain.ts";
import type { HourlyHistory } from "../../../../keeper/core/volatility/hourly-history.ts";
import { knownAfter } from "../../../../keeper/core/volatility/hourly-history.ts";
import { flatVariances } from "../../../../keeper/core/volatility/model.ts";
import type { VolatilityModel } from "../../../../keeper/core/volatility/model.ts";
import { simulateHours } from "../../../support/simulated-hours.ts";

const { history } = simulateHours(5, 24 * 400);

const constant = (name: string, dailyVariance: number | null): VolatilityModel => ({
  name,
  fit: () => ({ forecast: () => (dailyVariance === null ? null : flatVariances(dailyVariance)) }),
});

/** Sixty days of hourly returns whose squares sum to `dailyVariance` a day, half above and half below by 20 %. */
const realised = (dailyVariance: number): HourlyHistory => ({
  ...history,
  logReturn: history.logReturn.map((_, hour) =>
    Math.sqrt((dailyVariance / 24) * (Math.floor(hour / 24) % 2 === 0 ? 1.2 : 0.8)),
  ),
});

describe("forecastChain", () => {
  it("takes the first model that answers", () => {
    const chain = forecastChain("c", [constant("a", null), constant("b", 1e-3)], constant("last", 1e-3));
    const explained = chain.fit(history).explain(realised(1e-3));
    expect(explained).to.deep.equal({
      variances: flatVariances(1e-3),
      model: "b",
      driftScale: 1,
      atFloor: false,
    });
    expect(chain.fit(history).forecast(realised(1e-3))).to.deep.equal(flatVariances(1e-3));
  });

  it("falls back on the last model when no other answers, and gives none without it", () => {
    const fitted = forecastChain("c", [constant("a", null)], constant("last", 2e-3)).fit(history);
    expect(fitted.explain(history)).to.deep.equal({
      variances: flatVariances(2e-3),
      model: "last",
      driftScale: 1,
      atFloor: false,
    });
    expect(forecastChain("c", [], constant("last", null)).fit(history).forecast(history)).to.equal(null);
  });

  it("leaves out a model that lacks history, but hides no other failure", () => {
    const failing = (code: "series-too-short" | "weights-invalid"): VolatilityModel => ({
      name: "failing",
      fit: () => {
        throw new CoreError(code, {});
      },
    });
    const short = forecastChain("c", [failing("series-too-short")], constant("last", 1)).fit(history);
    expect(short.explain(history)?.model).to.equal("last");
    expect(() => forecastChain("c", [failing("weights-invalid")], constant("last", 1)).fit(history)).to.throw(
      "weights-invalid",
    );
  });

  it("keeps the volatility at 0.8 times the last model's or above", () => {
    const fitted = forecastChain("c", [constant("a", 1e-3)], constant("last", 4e-3)).fit(history);
    const explained = fitted.explain(realised(1e-3));
    expect(Math.sqrt(explained?.variances[24] ?? NaN)).to.be.closeTo(0.8 * Math.sqrt(4e-3), 1e-15);
    expect(explained?.atFloor).to.equal(true);
  });

  it("scales forecasts that have been off by more than chance, within bounds", () => {
    const fitted = forecastChain("c", [constant("a", 1e-3)], constant("last", 1e-9)).fit(history);
    const scale = (variance: number) => fitted.explain(realised(variance))?.driftScale ?? NaN;
    // Ratios 1.2 r and 0.8 r in turn: standard error 0.2 r sqrt(60 / 59) / sqrt(60) = 0.2 r / sqrt(59).
    expect(scale(1.5e-3)).to.be.closeTo(1.5 * (1 - 0.4 / Math.sqrt(59)), 1e-9);
    expect(scale(0.9e-3)).to.be.closeTo(0.9 * (1 + 0.4 / Math.sqrt(59)), 1e-9);
    expect(scale(1.04e-3)).to.equal(1);
    expect(scale(9e-3)).to.equal(2);
    expect(scale(0.1e-3)).to.equal(0.8);
  });

  it("judges drift by full days up to midnight, the same for all hours of a day", () => {
    const fitted = forecastChain("c", [constant("a", 1e-3)], constant("last", 1e-9)).fit(history);
    const drifting = realised(2e-3);
    const scaleAt = (hours: number) => fitted.explain(knownAfter(drifting, hours))?.driftScale;
    expect(scaleAt(24 * 90 + 23)).to.equal(scaleAt(24 * 90));
    expect(scaleAt(24 * 20)).to.equal(1);
  });
});

describe("houseChain", () => {
  const fitted = houseChain().fit(history);
  const without = (field: "impliedVol" | "rangeVariance") => ({
    ...history,
    [field]: history[field].map((value, hour) => (hour >= history.close.length - 48 ? NaN : value)),
  });

  it("uses implied vol, then prices alone, then the moving average", () => {
    expect(fitted.explain(history)?.model).to.equal("log-har-prices-and-implied-vol");
    expect(fitted.explain(without("impliedVol"))?.model).to.equal("log-har-prices");
    expect(fitted.explain(without("rangeVariance"))?.model).to.equal("hourly-ewma-deseasonalised");
  });
});
