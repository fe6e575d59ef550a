import {
  dieboldMarianoNeweyWest,
  losses,
  qlike,
} from "../../../keeper/core/statistics/forecast-comparison.ts";
import { ewmaFilter } from "../../../keeper/core/volatility/ewma.ts";
import { houseChain } from "../../../keeper/core/volatility/forecast-chain.ts";
import { garchModel } from "../../../keeper/core/volatility/garch-model.ts";
import { harModel } from "../../../keeper/core/volatility/har.ts";
import { realisedVariance } from "../../../keeper/core/volatility/hourly-history.ts";
import type { HourlyHistory } from "../../../keeper/core/volatility/hourly-history.ts";
import { hourlyEwmaModel } from "../../../keeper/core/volatility/hourly-ewma.ts";
import { logHarModel } from "../../../keeper/core/volatility/log-har.ts";
import { dailyModel } from "../../../keeper/core/volatility/model.ts";
import type { HorizonHours, VolatilityModel } from "../../../keeper/core/volatility/model.ts";
import { walkForward } from "../../../keeper/core/volatility/walk-forward.ts";
import type { WalkForwardForecasts } from "../../../keeper/core/volatility/walk-forward.ts";
import { MARKETS } from "../../../keeper/ports/market-data.ts";
import type { Market } from "../../../keeper/ports/market-data.ts";
import { readHourlyHistory } from "./history.ts";

const MILLISECONDS_PER_HOUR = 3_600_000;
/** First month of the study and how many there are: September 2021 to August 2025 (UTC). */
const FROM = { year: 2021, month: 8 };
const MONTHS = 48;

const BELOW_ONE = { persistence: "below-one" } as const;

/** One horizon of the study. Forecasts are made every `stepHours`; the first model is what the others are measured against. */
interface Design {
  readonly hours: HorizonHours;
  readonly stepHours: number;
  readonly models: readonly VolatilityModel[];
  /** Autocovariances of the loss difference in the Diebold-Mariano test: the overlap of forecasts and some clustering beyond. */
  readonly lags: number;
}

const DAILY_MODELS: readonly VolatilityModel[] = [
  dailyModel(ewmaFilter()),
  garchModel({ asymmetric: false, innovations: "normal", ...BELOW_ONE }),
  garchModel({ asymmetric: true, innovations: "student-t", ...BELOW_ONE }),
  hourlyEwmaModel("left-in"),
  hourlyEwmaModel("taken-out"),
  harModel("levels"),
  harModel("logs"),
  logHarModel("prices"),
  logHarModel("prices-and-implied-vol"),
  houseChain(),
];

const HOURLY_MODELS: readonly VolatilityModel[] = [
  hourlyEwmaModel("left-in"),
  hourlyEwmaModel("taken-out"),
  logHarModel("prices"),
  logHarModel("prices-and-implied-vol"),
  houseChain(),
];

const DESIGNS: readonly Design[] = [
  { hours: 24, stepHours: 24, models: DAILY_MODELS, lags: 10 },
  { hours: 168, stepHours: 24, models: DAILY_MODELS, lags: 14 },
  { hours: 1, stepHours: 1, models: HOURLY_MODELS, lags: 48 },
];

/** How one model did; ratios are to the first model of its horizon. */
export interface ModelScore {
  readonly model: string;
  readonly qlike: number;
  readonly qlikeRatio: number;
  /** Mean of realised over forecast variance: one when calibrated. */
  readonly calibration: number;
  /** Largest rise and fall of the forecast volatility from one forecast to the next, as factors. */
  readonly largestRise: number;
  readonly largestFall: number;
  /** Diebold-Mariano statistic and two-sided p-value on QLIKE, negative when better; null for the first model. */
  readonly dieboldMariano: { readonly statistic: number; readonly pValue: number } | null;
}

/** All models of a market and horizon on the origins at which each of them has a forecast. */
interface MarketScores {
  readonly market: Market;
  readonly origins: number;
  readonly models: readonly ModelScore[];
}

export interface HorizonStudy {
  readonly hours: HorizonHours;
  readonly markets: readonly MarketScores[];
  /** Losses averaged over the markets at origins that all have. */
  readonly pooled: readonly Pick<ModelScore, "model" | "qlikeRatio" | "dieboldMariano">[];
}

interface MarketLosses {
  readonly scores: MarketScores;
  /** Loss of each model by origin. */
  readonly byOrigin: ReadonlyMap<number, readonly number[]>;
}

/**
 * Walk-forward forecasts of both markets from September 2021 to August 2025, models fitted anew on the first of each month on what was
 * known then. Realised variance of 24 h and 7 d: sum of squared hourly log-returns of spot, all of them present; of 1 h: Parkinson's range variance.
 * @throws DataFolderError
 */
export function studyForecasts(
  dataFolder: string,
  onProgress: (text: string) => void,
): readonly HorizonStudy[] {
  const histories = MARKETS.map((market) => ({ market, history: readHourlyHistory(dataFolder, market) }));
  const months = Array.from(
    { length: MONTHS + 1 },
    (_, month) => Date.UTC(FROM.year, FROM.month + month) / MILLISECONDS_PER_HOUR,
  );
  const known = new Map<string, WalkForwardForecasts>();
  return DESIGNS.map((design) => {
    const origins = originsOf(design, months);
    const markets = histories.map(({ market, history }) => {
      const forecasts = design.models.map((model) => {
        onProgress(`${market}, next ${design.hours} h, ${model.name}`);
        const key = `${market} ${design.stepHours} ${model.name}`;
        const found = known.get(key) ?? walkForward(model, history, { origins, refits: months.slice(0, -1) });
        known.set(key, found);
        return found[design.hours];
      });
      return scoreMarket(market, history, design, origins, forecasts);
    });
    return {
      hours: design.hours,
      markets: markets.map(({ scores }) => scores),
      pooled: pool(design, markets),
    };
  });
}

/** Moments `stepHours` apart from the start of the study to its end. */
function originsOf({ stepHours }: Design, months: readonly number[]): readonly number[] {
  const [from, to] = [months[0]!, months.at(-1)!];
  return Array.from({ length: Math.floor((to - from) / stepHours) }, (_, step) => from + step * stepHours);
}

function realisedAfter(history: HourlyHistory, origin: number, hours: HorizonHours): number {
  const next = origin - history.firstHour;
  if (hours === 1) return history.rangeVariance[next] ?? NaN;
  return realisedVariance(history.logReturn, next, hours);
}

function scoreMarket(
  market: Market,
  history: HourlyHistory,
  { hours, models, lags }: Design,
  origins: readonly number[],
  forecasts: readonly Float64Array[],
): MarketLosses {
  const realised = origins.map((origin) => realisedAfter(history, origin, hours));
  const used = origins.flatMap((_, index) =>
    realised[index]! > 0 && forecasts.every((forecast) => forecast[index]! > 0) ? [index] : [],
  );
  const truth = used.map((index) => realised[index]!);
  const kept = forecasts.map((forecast) => used.map((index) => forecast[index]!));
  const lossesOf = kept.map((forecast) => losses(qlike, truth, forecast));
  return {
    scores: {
      market,
      origins: used.length,
      models: models.map(({ name }, model) => ({
        model: name,
        ...relativeTo(lossesOf[0]!, lossesOf[model]!, model === 0 ? null : lags),
        qlike: mean(lossesOf[model]!),
        calibration: mean(truth.map((variance, index) => variance / kept[model]![index]!)),
        ...leaps(kept[model]!),
      })),
    },
    byOrigin: new Map(used.map((index, row) => [origins[index]!, lossesOf.map((loss) => loss[row]!)])),
  };
}

function relativeTo(benchmark: ArrayLike<number>, loss: ArrayLike<number>, lags: number | null) {
  return {
    qlikeRatio: mean(loss) / mean(benchmark),
    dieboldMariano: lags === null ? null : dieboldMarianoNeweyWest(loss, benchmark, lags),
  };
}

function pool({ models, lags }: Design, markets: readonly MarketLosses[]): HorizonStudy["pooled"] {
  const [first, ...others] = markets.map(({ byOrigin }) => byOrigin);
  const common = [...(first?.keys() ?? [])].filter((origin) => others.every((losses) => losses.has(origin)));
  const pooled = models.map((_, model) =>
    common.map((origin) => mean(markets.map(({ byOrigin }) => byOrigin.get(origin)![model]!))),
  );
  return models.map(({ name }, model) => ({
    model: name,
    ...relativeTo(pooled[0]!, pooled[model]!, model === 0 ? null : lags),
  }));
}

function leaps(variances: readonly number[]) {
  let [largestRise, largestFall] = [1, 1];
  for (let index = 1; index < variances.length; index++) {
    const factor = Math.sqrt(variances[index]! / variances[index - 1]!);
    largestRise = Math.max(largestRise, factor);
    largestFall = Math.min(largestFall, factor);
  }
  return { largestRise, largestFall };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += values[index]!;
  return sum / values.length;
}
