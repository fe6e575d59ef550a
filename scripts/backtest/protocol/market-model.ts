import type { MarketState, Smile } from "../../../keeper/core/report/market-state.ts";
import {
  decodeScenarioSet,
  encodeScenarioSet,
  type GridScenarioSet,
} from "../../../keeper/core/report/scenario-set.ts";
import { jointResiduals } from "../../../keeper/core/scenarios/filtered-historical.ts";
import { thinScenarios } from "../../../keeper/core/scenarios/thin.ts";
import {
  modelledAtTheMoneyVariance,
  modelledSmile,
  type ModelledTerm,
} from "../../../keeper/core/surface/modelled-smile.ts";
import { DAYS_PER_YEAR, SECONDS_PER_DAY, SECONDS_PER_YEAR } from "../../../keeper/core/units.ts";
import { dailyLogChanges } from "../../../keeper/core/volatility/changes.ts";
import { DAILY_LAMBDA, ewmaFilter, ewmaUpdate } from "../../../keeper/core/volatility/ewma.ts";
import {
  historicalVolatility,
  postedDailyVol,
  type HistoricalVolatility,
} from "../../../keeper/core/volatility/posted-forecast.ts";
import { MARKETS, type Market } from "../../../keeper/ports/market-data.ts";
import { RISK_PREMIUM, REVERSION_PER_YEAR, SHAPE } from "../../../keeper/adapters/replay/modelled-episode.ts";
import {
  INDEX_TENOR_YEARS,
  jointHistory,
  type DailyPanel,
  type VolSource,
} from "../statistical/daily-panel.ts";
import { sourceOn } from "../statistical/forecast-days.ts";
import type { PathPoint } from "./price-path.ts";

const SCENARIOS = 256;
const SEED = 20_200_312;
/** Days of the index over which its long run is taken. */
const LONG_RUN_DAYS = 365;
const LEAST_SHORT_VOL = 0.1;

/** Where the smiles of an episode come from. */
export const SMILE_SOURCES: Readonly<Record<VolSource, string>> = {
  modelled: "modelled from realised vol",
  published: "modelled on DVOL",
};

/** A filter's forecast of a market's daily volatility at a moment, from what is known then; null when it has none. */
export type SigmaFilter = (market: Market, seconds: number) => number | null;

/** First day whose closes are the exchange's own (2 January 2018): keepers' history, on which the anti-procyclical rule stands, begins there. */
const FIRST_EXCHANGE_DAY = 17_533;

/** The forecast with the anti-procyclical rule (floor of whole history, stressed blend, slow fall), or as the filter gives it. */
export const POSTINGS = ["posted", "asFiltered"] as const;

export type Posting = (typeof POSTINGS)[number];

/** What keepers know before a moment, and how they go on from there. */
export interface MarketModel {
  readonly volSource: VolSource;
  /** The states that a report at this point would carry; call in order of time. */
  stateAt(point: PathPoint): Readonly<Record<Posting, readonly MarketState[]>>;
}

interface MarketKnowledge {
  readonly name: Market;
  readonly changes: Float64Array;
  /** Daily volatility by the EWMA after each day of the panel. */
  readonly dailyVolAfter: Float64Array;
  readonly meanSquare: number;
  readonly history: HistoricalVolatility;
  readonly volHistory: HistoricalVolatility;
  readonly volVolAfter: Float64Array;
  readonly longRunIndex: number;
}

/**
 * The model from a moment on: history, long runs and floors from the days of the panel that end before it.
 * @param filter of the spot's volatility; the EWMA moved on by the part of a day that has passed where it has no forecast
 * @param posts what was posted before the moment, by market and kind; later posts are put there
 */
export function marketModel(
  panel: DailyPanel,
  startSeconds: number,
  expiries: readonly number[],
  filter: SigmaFilter | undefined,
  posts: Posts = new Map(),
): MarketModel {
  const until = daysBefore(panel, startSeconds);
  const volSource = sourceOn(startSeconds / SECONDS_PER_DAY);
  const knowledge = MARKETS.map((name) => knowledgeOf(panel, name, until, volSource));
  const post = poster(posts);
  return {
    volSource,
    stateAt: ({ seconds, spots, indexVols }) => {
      const states = knowledge.map((known, market) => {
        const spot = spots[market]!;
        const moved = movedOn(panel, known, seconds, spot);
        const sigma = filter?.(known.name, seconds) ?? Math.sqrt(moved);
        const psi = known.volVolAfter[lastDay(panel, seconds)]!;
        const term = termOf(known, volSource, moved, indexVols[market] ?? null);
        const common = { market, spot, dispersion: 0, depthUsd: 0, openInterestUsd: 0 };
        const smiles = smilesOf(term, expiries, seconds);
        return {
          posted: {
            ...common,
            smiles,
            sigma: post(`${known.name} spot`, sigma, known.history, seconds),
            psi: post(`${known.name} vol`, psi, known.volHistory, seconds),
          },
          asFiltered: { ...common, smiles, sigma, psi },
        };
      });
      return {
        posted: states.map(({ posted }) => posted),
        asFiltered: states.map(({ asFiltered }) => asFiltered),
      };
    },
  };
}

/** Last posts by market and kind. */
export type Posts = Map<string, { readonly dailyVol: number; readonly seconds: number }>;

/** Posts forecasts by the anti-procyclical rule, each key against its own last post. */
function poster(
  last: Posts,
): (key: string, vol: number, history: HistoricalVolatility, seconds: number) => number {
  return (key, vol, history, seconds) => {
    const before = last.get(key);
    const previous =
      before === undefined
        ? undefined
        : { dailyVol: before.dailyVol, elapsedDays: (seconds - before.seconds) / SECONDS_PER_DAY };
    const dailyVol = postedDailyVol(vol, history, previous);
    last.set(key, { dailyVol, seconds });
    return dailyVol;
  };
}

/** Days of the panel that have ended at a moment. */
function daysBefore(panel: DailyPanel, seconds: number): number {
  return panel.days.findLastIndex((day) => day * SECONDS_PER_DAY <= seconds) + 1;
}

function knowledgeOf(panel: DailyPanel, name: Market, until: number, source: VolSource): MarketKnowledge {
  const market = panel.markets[name];
  const index = source === "modelled" ? market.modelledVol : market.publishedVol;
  const changes = dailyLogChanges(market.closes);
  const before = changes.subarray(0, until - 1);
  const squares = before.filter((change) => !Number.isNaN(change)).map((change) => change * change);
  const indexChanges = dailyLogChanges(index);
  const recent = index.slice(Math.max(0, until - LONG_RUN_DAYS), until).filter((vol) => vol !== null);
  return {
    name,
    changes,
    dailyVolAfter: after(changes),
    meanSquare: squares.reduce((sum, square) => sum + square, 0) / squares.length,
    history: historicalVolatility(before.subarray(Math.max(0, panel.days.indexOf(FIRST_EXCHANGE_DAY)))),
    volHistory: historicalVolatility(indexChanges.subarray(0, until - 1)),
    volVolAfter: after(indexChanges),
    longRunIndex: recent.reduce((sum, vol) => sum + vol, 0) / recent.length,
  };
}

/** EWMA volatility after each day of the levels: entry d knows the change that ends with day d and none later. */
function after(changes: Float64Array): Float64Array {
  const { dailyVol, dailyVolBefore } = ewmaFilter().fit(changes);
  return Float64Array.from([...dailyVolBefore, dailyVol]);
}

function lastDay(panel: DailyPanel, seconds: number): number {
  return Math.min(panel.days.length - 1, Math.floor(seconds / SECONDS_PER_DAY) - panel.days[0]!);
}

/** The EWMA variance moved on by the change since the last daily close for the part of a day that has passed. */
function movedOn(
  panel: DailyPanel,
  { name, dailyVolAfter }: MarketKnowledge,
  seconds: number,
  spot: number,
): number {
  const day = lastDay(panel, seconds);
  const close = panel.markets[name].closes[day] ?? null;
  const days = seconds / SECONDS_PER_DAY - panel.days[day]!;
  const variance = dailyVolAfter[day]! ** 2;
  if (close === null || days <= 0) return variance;
  return ewmaUpdate(variance, Math.log(spot / close) / Math.sqrt(days), DAILY_LAMBDA ** days);
}

/** The term structure: from the index where it is published, else from the EWMA and the mean square so far, times the risk premium. */
function termOf(
  { meanSquare, longRunIndex }: MarketKnowledge,
  source: VolSource,
  dailyVariance: number,
  indexVol: number | null,
): ModelledTerm {
  if (source === "modelled" || indexVol === null) {
    const annual = (variance: number) => RISK_PREMIUM * Math.sqrt(variance * DAYS_PER_YEAR);
    return {
      shortVol: annual(dailyVariance),
      longRunVol: annual(meanSquare),
      reversionPerYear: REVERSION_PER_YEAR,
    };
  }
  // The share of today's excess variance that thirty days keep, so that the modelled thirty-day vol is the index.
  const unit = { shortVol: Math.SQRT2, longRunVol: 1, reversionPerYear: REVERSION_PER_YEAR };
  const kept = modelledAtTheMoneyVariance(unit, INDEX_TENOR_YEARS) / INDEX_TENOR_YEARS - 1;
  const shortVariance = longRunIndex ** 2 + (indexVol ** 2 - longRunIndex ** 2) / kept;
  return {
    shortVol: Math.max(LEAST_SHORT_VOL, Math.sqrt(Math.max(0, shortVariance))),
    longRunVol: longRunIndex,
    reversionPerYear: REVERSION_PER_YEAR,
  };
}

function smilesOf(term: ModelledTerm, expiries: readonly number[], seconds: number): readonly Smile[] {
  return expiries.map((expiry) => {
    const { sigma, ...rest } = modelledSmile(term, SHAPE, (expiry - seconds) / SECONDS_PER_YEAR);
    return { expiry, forwardRatio: 1, discount: 1, slice: { ...rest, s: sigma } };
  });
}

/** The set that keepers would have stored on the evening before, as the contract reads it. */
export function scenarioSetBefore(panel: DailyPanel, seconds: number): GridScenarioSet {
  const history = jointHistory(panel, sourceOn(seconds / SECONDS_PER_DAY), daysBefore(panel, seconds));
  const residuals = jointResiduals(history, { seed: SEED });
  const { scenarios, weights } = thinScenarios(residuals, { count: SCENARIOS, seed: SEED });
  return decodeScenarioSet(
    encodeScenarioSet({
      markets: scenarios.markets.map(({ market }) => market),
      scenarios: Array.from(weights, (weight, index) => ({
        weight,
        shocks: scenarios.markets.map(({ z, y }) => ({ z: z[index]!, y: y[index]! })),
      })),
    }),
  );
}
