import { ewmaFilter } from "./ewma.ts";
import type { VolatilityFilter, VolatilityForecast } from "./filter.ts";
import { fitGarch, GARCH_LEAST_DAYS } from "./garch.ts";
import type { GarchSpecification } from "./garch.ts";
import { garchForecast, garchVariances } from "./garch-likelihood.ts";
import { dailyChangesToNow, HOURS_PER_DAY } from "./hourly-history.ts";
import type { VolatilityModel } from "./model.ts";

/** Days between two estimates of the filter. */
const REFIT_DAYS = 30;
const DAYS_PER_WEEK = 7;
/** Days the model learns from: the level of variance long ago is not that of now. */
const TRAINING_DAYS = 1_000;

/** GARCH or GJR as a model: estimated on the daily changes that end at the fit; variances of later days add up over the week. */
export function garchModel(specification: GarchSpecification): VolatilityModel {
  return {
    name: nameOf(specification),
    fit: (history) => {
      const { parameters } = fitGarch(dailyChangesToNow(history).subarray(-TRAINING_DAYS), specification);
      return {
        forecast: (known) => {
          const { next } = garchVariances(dailyChangesToNow(known), parameters);
          const week = garchForecast(parameters, next, DAYS_PER_WEEK);
          return {
            1: next / HOURS_PER_DAY,
            24: next,
            168: week.reduce((sum, variance) => sum + variance, 0),
          };
        },
      };
    },
  };
}

/**
 * GARCH or GJR as a filter of daily changes. The forecast of each day uses parameters estimated on earlier days only, anew every thirtieth day;
 * before there are 250 of them it is the moving average's.
 */
export function garchFilter(specification: GarchSpecification): VolatilityFilter {
  return { name: nameOf(specification), fit: (series) => filterSeries(series, specification) };
}

function filterSeries(series: ArrayLike<number>, specification: GarchSpecification): VolatilityForecast {
  const changes = Float64Array.from(series);
  const average = ewmaFilter().fit(changes);
  const dailyVolBefore = Float64Array.from(average.dailyVolBefore);
  let dailyVol = average.dailyVol;
  let observed = 0;
  let estimateAt = 0;
  for (let day = 0; day <= changes.length; day++) {
    const due = observed >= GARCH_LEAST_DAYS && day >= estimateAt;
    if (due) {
      const { parameters } = fitGarch(changes.subarray(0, day), specification);
      estimateAt = day + REFIT_DAYS;
      const { before, next } = garchVariances(changes.subarray(0, estimateAt), parameters, day);
      for (let ahead = day; ahead < before.length; ahead++) dailyVolBefore[ahead] = Math.sqrt(before[ahead]!);
      dailyVol = Math.sqrt(next);
    }
    if (day < changes.length && !Number.isNaN(changes[day])) observed++;
  }
  return { dailyVol, dailyVolBefore };
}

function nameOf({ asymmetric, innovations }: GarchSpecification): string {
  return `${asymmetric ? "gjr" : "garch"}-${innovations}`;
}
