import { trafficLight, type BaselZone } from "../../../keeper/core/statistics/basel-traffic-light.ts";
import { christoffersenTest, kupiecTest } from "../../../keeper/core/statistics/exceedance-tests.ts";
import {
  shortfallTest,
  UNCONDITIONAL_CRITICAL_5_PERCENT,
  type ShortfallDay,
} from "../../../keeper/core/statistics/shortfall-tests.ts";
import { BPS, SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import { readDailyPanel } from "./daily-panel.ts";
import { forecastDays, WINDOW_DAYS, type ForecastDay } from "./forecast-days.ts";
import { riskMethods } from "./methods.ts";
import { factorPnl, portfolioPnl, PORTFOLIOS } from "./portfolios.ts";
import { ES_CONFIDENCE_BPS, VAR_CONFIDENCE_BPS, type RiskForecast, type RiskMethod } from "./risk-method.ts";

/** Window of the traffic light. */
const BASEL_DAYS = 250;
const REJECTION_LEVEL = 0.05;
/** A calm year: root mean square daily return of BTC below this annual vol. */
const CALM_ANNUAL_VOL = 0.6;
const DAYS_PER_YEAR = 365;

/** One portfolio's backtest under one method. */
interface PortfolioResult {
  readonly portfolio: string;
  readonly days: number;
  readonly exceedances: number;
  readonly expected: number;
  readonly byYear: Readonly<Record<string, number>>;
  readonly kupiecP: number;
  readonly independenceP: number;
  readonly conditionalCoverageP: number;
  /** None of the three tests rejects at 5 %. */
  readonly passes: boolean;
  /** Most exceedances in a window of 250 days, with the worst zone of all windows and of those that lie within calm years. */
  readonly worstWindow: number;
  readonly worstZone: BaselZone;
  readonly worstCalmZone: BaselZone;
  /** Acerbi and Szekely (2014) on 97.5 % expected shortfall. */
  readonly z1: number | null;
  readonly z2: number;
  /** Lowest Z2 over the windows of 250 days, and the share of them below the 5 % critical value. */
  readonly lowestWindowZ2: number;
  readonly windowsBelowCritical: number;
  /** Mean of the forecast value at risk per dollar of notional. */
  readonly meanValueAtRisk: number;
}

export interface MethodResult {
  readonly method: string;
  readonly title: string;
  readonly portfolios: readonly PortfolioResult[];
  readonly passed: number;
}

export interface StatisticalResult {
  readonly from: string;
  readonly to: string;
  readonly days: number;
  readonly windowDays: number;
  readonly confidenceBps: number;
  readonly calmYears: readonly number[];
  readonly annualVolByYear: Readonly<Record<string, number>>;
  readonly methods: readonly MethodResult[];
  readonly bars: {
    /** FHS: BTC and ETH, long and short, are not rejected. */
    readonly singleMarketsPass: boolean;
    /** FHS: share of all portfolios not rejected. */
    readonly shareOfPortfolios: number;
    readonly calmWindowsPass: boolean;
  };
}

interface Outcome {
  readonly day: number;
  readonly pnl: readonly number[];
  /** By method, then by portfolio. */
  readonly forecasts: readonly (readonly RiskForecast[])[];
}

/** Runs every method over every day and portfolio since 2018. Progress is the share done, 0 to 1. */
export function runStatisticalStudy(
  dataFolder: string,
  onProgress: (share: number) => void,
): StatisticalResult {
  const panel = readDailyPanel(dataFolder);
  const riskModels = riskMethods();
  const outcomes: Outcome[] = [];
  const returns: { readonly year: number; readonly square: number }[] = [];
  for (const day of forecastDays(panel)) {
    outcomes.push(outcomeOf(day, riskModels));
    returns.push({ year: yearOf(day.day), square: day.actual.BTC.logReturn ** 2 });
    onProgress((day.day - panel.days[0]!) / (panel.days.at(-1)! - panel.days[0]!));
  }
  const vols = annualVols(returns);
  const calmYears = Object.keys(vols)
    .map(Number)
    .filter((year) => vols[year]! < CALM_ANNUAL_VOL);
  const methods = riskModels.map(({ name, title }, method): MethodResult => {
    const portfolios = PORTFOLIOS.map((_, index) => resultOf(outcomes, method, index, calmYears));
    return { method: name, title, portfolios, passed: portfolios.filter(({ passes }) => passes).length };
  });
  return {
    from: dateOf(outcomes[0]!.day),
    to: dateOf(outcomes.at(-1)!.day),
    days: outcomes.length,
    windowDays: WINDOW_DAYS,
    confidenceBps: VAR_CONFIDENCE_BPS,
    calmYears,
    annualVolByYear: vols,
    methods,
    bars: barsOf(methods[0]!),
  };
}

function outcomeOf(day: ForecastDay, methods: readonly RiskMethod[]): Outcome {
  const factors = factorPnl(day.actual, day.vols);
  return {
    day: day.day,
    pnl: PORTFOLIOS.map((portfolio) => portfolioPnl(portfolio, factors)),
    forecasts: methods.map((method) => method.forecast(day)),
  };
}

function barsOf({ portfolios, passed }: MethodResult): StatisticalResult["bars"] {
  const single = ["long BTC", "short BTC", "long ETH", "short ETH"];
  return {
    singleMarketsPass: portfolios
      .filter(({ portfolio }) => single.includes(portfolio))
      .every(({ passes }) => passes),
    shareOfPortfolios: passed / portfolios.length,
    calmWindowsPass: portfolios.every(({ worstCalmZone }) => worstCalmZone !== "red"),
  };
}

function resultOf(
  outcomes: readonly Outcome[],
  method: number,
  index: number,
  calmYears: readonly number[],
): PortfolioResult {
  const probability = 1 - VAR_CONFIDENCE_BPS / BPS;
  const forecasts = outcomes.map((outcome) => outcome.forecasts[method]![index]!);
  const exceeded = outcomes.map(({ pnl }, at) => pnl[index]! + forecasts[at]!.valueAtRisk < 0);
  const hits = exceeded.filter((hit) => hit).length;
  const kupiec = kupiecTest(hits, exceeded.length, probability);
  const { independence, conditionalCoverage } = christoffersenTest(exceeded, probability);
  const windows = baselWindows(outcomes, exceeded, calmYears);
  const shortfall = shortfallDays(outcomes, forecasts, index);
  const byYear: Record<string, number> = {};
  for (const [at, { day }] of outcomes.entries()) {
    const year = yearOf(day).toString();
    byYear[year] = (byYear[year] ?? 0) + Number(exceeded[at]);
  }
  return {
    portfolio: PORTFOLIOS[index]!.name,
    days: exceeded.length,
    exceedances: hits,
    expected: exceeded.length * probability,
    byYear,
    kupiecP: kupiec.pValue,
    independenceP: independence.pValue,
    conditionalCoverageP: conditionalCoverage.pValue,
    passes: [kupiec, independence, conditionalCoverage].every(({ pValue }) => pValue >= REJECTION_LEVEL),
    ...windows,
    ...shortfall,
    meanValueAtRisk: forecasts.reduce((sum, { valueAtRisk }) => sum + valueAtRisk, 0) / forecasts.length,
  };
}

/** The traffic light of every window of 250 days; a window is calm when it begins and ends in calm years. */
function baselWindows(
  outcomes: readonly Outcome[],
  exceeded: readonly boolean[],
  calmYears: readonly number[],
): Pick<PortfolioResult, "worstWindow" | "worstZone" | "worstCalmZone"> {
  let count = 0;
  let worstWindow = 0;
  let worstCalm = 0;
  for (let day = 0; day < exceeded.length; day++) {
    count += Number(exceeded[day]) - Number(exceeded[day - BASEL_DAYS] ?? false);
    if (day < BASEL_DAYS - 1) continue;
    worstWindow = Math.max(worstWindow, count);
    const years = [outcomes[day - BASEL_DAYS + 1]!, outcomes[day]!].map((outcome) => yearOf(outcome.day));
    if (years.every((year) => calmYears.includes(year))) worstCalm = Math.max(worstCalm, count);
  }
  const zone = (hits: number) => trafficLight(hits, BASEL_DAYS, 1 - VAR_CONFIDENCE_BPS / BPS).zone;
  return { worstWindow, worstZone: zone(worstWindow), worstCalmZone: zone(worstCalm) };
}

function shortfallDays(
  outcomes: readonly Outcome[],
  forecasts: readonly RiskForecast[],
  index: number,
): Pick<PortfolioResult, "z1" | "z2" | "lowestWindowZ2" | "windowsBelowCritical"> {
  const tail = 1 - ES_CONFIDENCE_BPS / BPS;
  const days = outcomes.map(({ pnl }, at): ShortfallDay => ({
    pnl: pnl[index]!,
    valueAtRisk: forecasts[at]!.shortfallValueAtRisk,
    expectedShortfall: forecasts[at]!.expectedShortfall,
  }));
  const whole = shortfallTest(days, tail);
  const windows = Array.from(
    { length: days.length - BASEL_DAYS + 1 },
    (_, start) => shortfallTest(days.slice(start, start + BASEL_DAYS), tail).unconditional,
  );
  return {
    z1: whole.conditional ?? null,
    z2: whole.unconditional,
    lowestWindowZ2: Math.min(...windows),
    windowsBelowCritical:
      windows.filter((z2) => z2 < UNCONDITIONAL_CRITICAL_5_PERCENT).length / windows.length,
  };
}

function annualVols(
  returns: readonly { readonly year: number; readonly square: number }[],
): Readonly<Record<string, number>> {
  const years = [...new Set(returns.map(({ year }) => year))];
  return Object.fromEntries(
    years.map((year) => {
      const squares = returns.filter((it) => it.year === year).map(({ square }) => square);
      const mean = squares.reduce((sum, square) => sum + square, 0) / squares.length;
      return [year, Math.sqrt(mean * DAYS_PER_YEAR)];
    }),
  );
}

/** The year in which a day ends its 24 hours. */
function yearOf(day: number): number {
  return new Date((day - 1) * SECONDS_PER_DAY * 1_000).getUTCFullYear();
}

function dateOf(day: number): string {
  return new Date((day - 1) * SECONDS_PER_DAY * 1_000).toISOString().slice(0, 10);
}
