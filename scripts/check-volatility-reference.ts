// Checks the volatility models against series that are other people's data and stay outside the project: the DEM/GBP returns of Bollerslev and Ghysels with the
// GARCH benchmark of Fiorentini, Calzolari and Panattoni (1996), and the S&P 500 realised variances of Bollerslev, Patton and Quaedvlieg (2016).
// Usage: node --import tsx scripts/check-volatility-reference.ts FOLDER, with garch-dem2gbp.json and har-rv-sp500.json in it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

import { losses, qlike, squaredError } from "../keeper/core/statistics/forecast-comparison.ts";
import { DAILY_LAMBDA, ewmaFilter } from "../keeper/core/volatility/ewma.ts";
import { garchStandardErrors } from "../keeper/core/volatility/garch-errors.ts";
import { garchForecast, garchVariances } from "../keeper/core/volatility/garch-likelihood.ts";
import { fitGarch } from "../keeper/core/volatility/garch.ts";
import type { GarchFit } from "../keeper/core/volatility/garch.ts";
import { fitHar, harForecast, TRADING_DAY_LAGS } from "../keeper/core/volatility/har.ts";

/** Absolute for estimates, log-likelihoods and forecasts; relative for standard errors. */
const ESTIMATE_TOLERANCE = 1e-5;
const STANDARD_ERROR_TOLERANCE = 1e-3;
const REGRESSION_TOLERANCE = 1e-8;

const numbers = z.record(z.string(), z.number());
const garchFile = z.object({
  data: z.object({ series: z.array(z.number()) }),
  own_exact_mle: z.object({
    params: numbers,
    loglik: z.number(),
    se_hessian: z.array(z.number()),
    se_opg: z.array(z.number()),
    se_qmle_bollerslev_wooldridge: z.array(z.number()),
    h_last5: z.array(z.number()),
    forecast_h_1_to_30: z.array(z.number()),
  }),
  "r_fgarch_4022.89": z.object({ student_t: numbers }),
  own_gjr: z.object({ params: numbers, loglik: z.number() }),
  "ewma_lambda_0.94": z.object({ "sigma2_2..6": z.array(z.number()), sigma2_next: z.number() }),
});
const harFile = z.object({
  ours: z.object({ HAR: numbers }),
  rows: z.array(z.tuple([z.string(), z.number(), z.number()])),
});

type Row = readonly [name: string, found: number, expected: number, tolerance: number];

function named(label: string, expected: Readonly<Record<string, number>>, fit: GarchFit): readonly Row[] {
  const { gamma, ...others } = fit.parameters;
  const found: Readonly<Record<string, number | null>> = {
    ...others,
    gamma_on_negative: gamma,
    loglik: fit.logLikelihood,
  };
  return Object.entries(expected).map(([name, value]) => [
    `${label} ${name}`,
    found[name] ?? NaN,
    value,
    ESTIMATE_TOLERANCE,
  ]);
}

function garchRows(folder: string): readonly Row[] {
  const file = garchFile.parse(JSON.parse(readFileSync(join(folder, "garch-dem2gbp.json"), "utf8")));
  const { series } = file.data;
  const exact = file.own_exact_mle;
  const normal = { asymmetric: false, innovations: "normal", persistence: "below-one" } as const;
  const fit = fitGarch(series, normal);
  const student = fitGarch(series, { asymmetric: false, innovations: "student-t", persistence: "free" });
  const gjr = fitGarch(series, { ...normal, asymmetric: true });
  const errors = garchStandardErrors(series, fit);
  const { before, next } = garchVariances(series, fit.parameters);
  const forecast = garchForecast(fit.parameters, next, exact.forecast_h_1_to_30.length);
  const kinds = [
    ["hessian", exact.se_hessian],
    ["outerProduct", exact.se_opg],
    ["robust", exact.se_qmle_bollerslev_wooldridge],
  ] as const;
  return [
    ...ewmaRows(series, file["ewma_lambda_0.94"]),
    ...named("GARCH", { ...exact.params, loglik: exact.loglik }, fit),
    ...named("GARCH-t", file["r_fgarch_4022.89"].student_t, student),
    ...named("GJR", { ...file.own_gjr.params, loglik: file.own_gjr.loglik }, gjr),
    ...kinds.flatMap(([kind, expected]) =>
      (["mu", "omega", "alpha", "beta"] as const).map((name, index): Row => {
        const value = expected[index] ?? NaN;
        return [
          `GARCH ${kind} error of ${name}`,
          errors[kind][name] ?? NaN,
          value,
          STANDARD_ERROR_TOLERANCE * value,
        ];
      }),
    ),
    ...exact.h_last5.map((value, index): Row => [
      `GARCH variance, last ${exact.h_last5.length - index}`,
      before[series.length - exact.h_last5.length + index]!,
      value,
      ESTIMATE_TOLERANCE,
    ]),
    ...exact.forecast_h_1_to_30.map((value, index): Row => [
      `GARCH forecast, day ${index + 1}`,
      forecast[index]!,
      value,
      ESTIMATE_TOLERANCE,
    ]),
  ];
}

function ewmaRows(
  series: readonly number[],
  expected: z.infer<typeof garchFile>["ewma_lambda_0.94"],
): readonly Row[] {
  const startVariance = series.reduce((sum, change) => sum + change * change, 0) / series.length;
  const { dailyVol, dailyVolBefore } = ewmaFilter({ lambda: DAILY_LAMBDA, startVariance }).fit(series);
  return [
    ...expected["sigma2_2..6"].map((value, index): Row => [
      `EWMA variance, day ${index + 2}`,
      dailyVolBefore[index + 1]! ** 2,
      value,
      REGRESSION_TOLERANCE,
    ]),
    ["EWMA variance after the last day", dailyVol ** 2, expected.sigma2_next, REGRESSION_TOLERANCE],
  ];
}

function harRows(folder: string): readonly Row[] {
  const file = harFile.parse(JSON.parse(readFileSync(join(folder, "har-rv-sp500.json"), "utf8")));
  const realised = file.rows.map(([, variance]) => variance);
  const fit = fitHar(realised, "levels");
  const first = Math.max(...TRADING_DAY_LAGS);
  const truth = realised.slice(first);
  const fitted = truth.map((_, index) => harForecast(fit, realised, first + index));
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const found: Readonly<Record<string, number | undefined>> = {
    b0: fit.coefficients[0],
    b_d: fit.coefficients[1],
    b_w: fit.coefficients[2],
    b_m: fit.coefficients[3],
    R2: fit.rSquared,
    qlike_in_sample: mean(losses(qlike, truth, fitted)),
    mse_in_sample: mean(losses(squaredError, truth, fitted)),
  };
  return Object.entries(file.ours.HAR).flatMap(([name, value]): readonly Row[] =>
    name in found ? [[`HAR ${name}`, found[name] ?? NaN, value, REGRESSION_TOLERANCE]] : [],
  );
}

const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error("name the folder that holds garch-dem2gbp.json and har-rv-sp500.json");
const rows = [...garchRows(folder), ...harRows(folder)];
const wrong = rows.filter(
  ([, found, expected, tolerance]) => !(Math.abs(found - expected) <= Math.abs(tolerance)),
);
for (const [name, found, expected] of wrong) console.log(`${name}: ${found}, reference ${expected}`);
console.log(`${rows.length - wrong.length} of ${rows.length} reference numbers agree`);
if (wrong.length > 0) process.exitCode = 1;
