import { expect } from "chai";
import vectors from "../../../vectors/garch.json" with { type: "json" };
import { CoreError } from "../../../../keeper/core/errors.ts";
import { ewmaFilter } from "../../../../keeper/core/volatility/ewma.ts";
import { garchStandardErrors } from "../../../../keeper/core/volatility/garch-errors.ts";
import {
  GARCH_ORDER,
  garchForecast,
  garchLogLikelihood,
  garchVariances,
} from "../../../../keeper/core/volatility/garch-likelihood.ts";
import type { GarchParameters } from "../../../../keeper/core/volatility/garch-likelihood.ts";
import { garchFilter, garchModel } from "../../../../keeper/core/volatility/garch-model.ts";
import { fitGarch, GARCH_LEAST_DAYS } from "../../../../keeper/core/volatility/garch.ts";
import type { GarchSpecification } from "../../../../keeper/core/volatility/garch.ts";
import { dailyChangesToNow } from "../../../../keeper/core/volatility/hourly-history.ts";
import { simulateHours } from "../../../support/simulated-hours.ts";

const ESTIMATE_TOLERANCE = 1e-5;
const ERROR_TOLERANCE = 1e-3;
const { series } = vectors;
const NORMAL: GarchSpecification = { asymmetric: false, innovations: "normal", persistence: "below-one" };

describe("fitGarch", () => {
  for (const expected of vectors.fits) {
    const innovations = expected.innovations === "normal" ? "normal" : "student-t";
    for (const persistence of ["below-one", "free"] as const) {
      const specification = { asymmetric: expected.asymmetric, innovations, persistence } as const;
      const label = `${expected.asymmetric ? "GJR" : "GARCH"} with ${innovations} innovations, persistence ${persistence}`;

      it(`finds the maximum that scipy finds: ${label}`, () => {
        const { parameters, logLikelihood } = fitGarch(series, specification);
        expect(logLikelihood).to.be.closeTo(expected.logLikelihood, 1e-8);
        const found = new Map<string, number | null>(Object.entries(parameters));
        for (const [name, value] of Object.entries(expected.parameters))
          expect(found.get(name), name).to.be.closeTo(
            value,
            ESTIMATE_TOLERANCE * Math.max(1, Math.abs(value)),
          );
      });
    }

    it(`finds its three kinds of standard errors and its forecasts: ${innovations}, asymmetric ${expected.asymmetric.toString()}`, () => {
      const fit = fitGarch(series, {
        asymmetric: expected.asymmetric,
        innovations,
        persistence: "below-one",
      });
      const errors = garchStandardErrors(series, fit);
      for (const kind of ["hessian", "outerProduct", "robust"] as const) {
        const found = new Map(Object.entries(errors[kind]));
        const names = Object.entries(expected.standardErrors[kind]);
        expect(found.size).to.equal(names.length);
        for (const [name, value] of names)
          expect(found.get(name), `${kind} ${name}`).to.be.closeTo(value, ERROR_TOLERANCE * value);
      }
      const { next } = garchVariances(series, fit.parameters);
      for (const [day, variance] of garchForecast(fit.parameters, next, 7).entries())
        expect(variance).to.be.closeTo(expected.forecast[day] ?? NaN, ESTIMATE_TOLERANCE * variance);
    });
  }

  it("does not depend on the unit of the series", () => {
    const small = fitGarch(
      series.map((change) => change / 1e4),
      NORMAL,
    ).parameters;
    const { parameters } = fitGarch(series, NORMAL);
    expect(small.omega * 1e8).to.be.closeTo(parameters.omega, 1e-7);
    expect(small.alpha).to.be.closeTo(parameters.alpha, 1e-6);
  });

  it("leaves days without observation out", () => {
    const gap = [...series.slice(0, 400), NaN, ...series.slice(400)];
    expect(fitGarch(gap, NORMAL).parameters.beta).to.be.closeTo(
      fitGarch(series, NORMAL).parameters.beta,
      1e-7,
    );
    const { before } = garchVariances(gap, fitGarch(gap, NORMAL).parameters);
    expect(before[401]).to.equal(before[400]);
  });

  it("reaches a maximum that lies at persistence one", () => {
    const ever = series.map((change, day) => change * Math.exp(day / 150));
    for (const asymmetric of [false, true])
      for (const innovations of ["normal", "student-t"] as const) {
        const { alpha, beta, gamma } = fitGarch(ever, { ...NORMAL, asymmetric, innovations }).parameters;
        expect(alpha + beta + gamma / 2).to.be.within(0.999, 1);
      }
  });

  it("refuses too few days and a series that does not move", () => {
    const code = (values: number[], expected: string) =>
      expect(() => fitGarch(values, NORMAL))
        .to.throw(CoreError)
        .with.property("code", expected);
    code(series.slice(0, GARCH_LEAST_DAYS - 1), "series-too-short");
    code(
      series.map(() => 0),
      "argument-out-of-domain",
    );
  });
});

describe("garchLogLikelihood", () => {
  const parameters: GarchParameters = { mu: 0.1, omega: 0.2, alpha: 0.1, beta: 0.6, gamma: 0.15, nu: 7 };

  for (const nu of [null, 7]) {
    it(`has the gradient of its differences, ${nu === null ? "normal" : "Student-t"}`, () => {
      const at = { ...parameters, nu };
      const gradient = new Float64Array(GARCH_ORDER.length);
      garchLogLikelihood(series, at, gradient);
      const scratch = new Float64Array(GARCH_ORDER.length);
      for (const [index, name] of GARCH_ORDER.entries()) {
        const value = at[name];
        if (value === null) continue;
        const value1 = garchLogLikelihood(series, { ...at, [name]: value + 1e-6 }, scratch);
        const value2 = garchLogLikelihood(series, { ...at, [name]: value - 1e-6 }, scratch);
        expect(gradient[index], name).to.be.closeTo((value1 - value2) / 2e-6, 1e-3);
      }
    });
  }

  it("is the sum of its scores", () => {
    const gradient = new Float64Array(GARCH_ORDER.length);
    const sum = new Float64Array(GARCH_ORDER.length);
    garchLogLikelihood(series, parameters, gradient, (score) => {
      for (const [index, value] of score.entries()) sum[index]! += value;
    });
    expect(sum).to.deep.equal(gradient);
  });
});

describe("garchVariances", () => {
  it("agrees with the values printed in QuantLib's test of a GARCH recursion", () => {
    const parameters = { mu: 0, omega: 0.2, alpha: 0.2, beta: 0.3, gamma: 0, nu: null };
    const { before } = garchVariances(new Float64Array(10).fill(0.1), parameters);
    const printed = [
      0.452769, 0.513323, 0.530141, 0.5350841, 0.536558, 0.536999, 0.537132, 0.537171, 0.537183, 0.537187,
    ];
    for (const [day, vol] of printed.entries())
      expect(Math.sqrt(before[day] ?? NaN)).to.be.closeTo(vol, 1e-6);
  });
});

describe("garchFilter", () => {
  const filter = garchFilter(NORMAL);

  it("is the moving average until there are enough days, then the model of the days before", () => {
    const { dailyVol, dailyVolBefore } = filter.fit(series);
    const average = ewmaFilter().fit(series).dailyVolBefore;
    expect(dailyVolBefore.subarray(0, GARCH_LEAST_DAYS)).to.deep.equal(average.subarray(0, GARCH_LEAST_DAYS));
    const estimateAt = GARCH_LEAST_DAYS + 30 * 21;
    const { parameters } = fitGarch(series.slice(0, estimateAt), NORMAL);
    const { before, next } = garchVariances(series, parameters, estimateAt);
    expect(dailyVolBefore[899]).to.equal(Math.sqrt(before[899] ?? NaN));
    expect(dailyVol).to.equal(fitNext(series));
    expect(next).to.be.greaterThan(0);
  });

  /** The forecast after the last day comes from an estimate on the 30-day grid that starts with the first. */
  const fitNext = (values: readonly number[]) => {
    const estimateAt = GARCH_LEAST_DAYS + 30 * Math.floor((values.length - GARCH_LEAST_DAYS) / 30);
    const { parameters } = fitGarch(values.slice(0, estimateAt), NORMAL);
    return Math.sqrt(garchVariances(values, parameters, estimateAt).next);
  };

  it("lets no later day into a forecast", () => {
    const cut = 700;
    const scrambled = series.map((change, day) => (day < cut ? change : change * 5 - 3));
    const [one, other] = [filter.fit(series), filter.fit(scrambled)];
    expect(other.dailyVolBefore.subarray(0, cut + 1)).to.deep.equal(one.dailyVolBefore.subarray(0, cut + 1));
    expect(other.dailyVolBefore[cut + 1]).to.not.equal(one.dailyVolBefore[cut + 1]);
  });
});

describe("garchModel", () => {
  it("adds up the days of the week ahead and shares the day among its hours", () => {
    const { history } = simulateHours(9, 24 * 400);
    const forecast = garchModel(NORMAL).fit(history).forecast(history);
    const changes = dailyChangesToNow(history);
    const { parameters } = fitGarch(changes, NORMAL);
    const { next } = garchVariances(changes, parameters);
    expect(forecast?.[24]).to.equal(next);
    expect(forecast?.[1]).to.equal(next / 24);
    const days = garchForecast(parameters, next, 7);
    expect(forecast?.[168]).to.be.closeTo(
      days.reduce((sum, variance) => sum + variance, 0),
      1e-15,
    );
  });
});
