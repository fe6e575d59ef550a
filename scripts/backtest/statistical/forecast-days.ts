import { jointResiduals } from "../../../keeper/core/scenarios/filtered-historical.ts";
import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import { dailyLogChanges } from "../../../keeper/core/volatility/changes.ts";
import { ewmaFilter } from "../../../keeper/core/volatility/ewma.ts";
import { MARKETS, type Market } from "../../../keeper/ports/market-data.ts";
import { jointHistory, type DailyPanel, type VolSource } from "./daily-panel.ts";
import type { JointMove } from "./portfolios.ts";

/** Days of the past that a method looks back on. */
export const WINDOW_DAYS = 500;
const FIRST_DAY = Date.UTC(2018, 0, 2) / 1000 / SECONDS_PER_DAY;
/** From here on the published index has history enough to tie its moves to the spot's (a start of 30 days and 100 more). */
const PUBLISHED_FROM_DAY = Date.UTC(2021, 8, 1) / 1000 / SECONDS_PER_DAY;
/** All runs draw alike; the number has no other meaning. */
const SEED = 20_200_312;

/** A day to be forecast, with everything known before it and what then happened. */
export interface ForecastDay {
  /** Days since 1 January 1970. */
  readonly day: number;
  readonly volSource: VolSource;
  /** 30-day implied vol the evening before. */
  readonly vols: Readonly<Record<Market, number>>;
  /** Daily volatility forecasts made the evening before: of the log return and of the log change of implied vol. */
  readonly sigma: Readonly<Record<Market, { readonly spot: number; readonly vol: number }>>;
  /** Joint standardised moves of the days before, oldest first, at most `WINDOW_DAYS`. */
  readonly residuals: readonly JointMove[];
  /** Joint moves of the days before as they were, oldest first, at most `WINDOW_DAYS`. */
  readonly past: readonly JointMove[];
  readonly actual: JointMove;
}

interface Series {
  readonly spot: Float64Array;
  readonly vol: Float64Array;
  readonly spotVolBefore: Float64Array;
  readonly volVolBefore: Float64Array;
}

function seriesOf(panel: DailyPanel, market: Market, source: VolSource): Series {
  const { closes, publishedVol, modelledVol } = panel.markets[market];
  const spot = dailyLogChanges(closes);
  const vol = dailyLogChanges(source === "modelled" ? modelledVol : publishedVol);
  return {
    spot,
    vol,
    spotVolBefore: ewmaFilter().fit(spot).dailyVolBefore,
    volVolBefore: ewmaFilter().fit(vol).dailyVolBefore,
  };
}

/**
 * Every day since 2018 on which both markets moved, forecast from the days before it alone: filters are sequential, and the residuals (with their
 * imputed vol moves, see filtered-historical.ts) are made anew each day from the history that ends the evening before.
 */
export function* forecastDays(panel: DailyPanel): Generator<ForecastDay> {
  const series = {
    modelled: { BTC: seriesOf(panel, "BTC", "modelled"), ETH: seriesOf(panel, "ETH", "modelled") },
    published: { BTC: seriesOf(panel, "BTC", "published"), ETH: seriesOf(panel, "ETH", "published") },
  };
  for (let change = 0; change + 1 < panel.days.length; change++) {
    const day = panel.days[change + 1]!;
    if (day < FIRST_DAY) continue;
    const volSource = sourceOn(day);
    const own = series[volSource];
    const move = (market: Market, at: number) => ({
      logReturn: own[market].spot[at]!,
      volChange: own[market].vol[at]!,
    });
    const actual = { BTC: move("BTC", change), ETH: move("ETH", change) };
    if (!isObserved(actual)) continue;
    const past: JointMove[] = [];
    for (let at = change - 1; at >= 0 && past.length < WINDOW_DAYS; at--) {
      const known = pastMove(series, volSource, at);
      if (isObserved(known)) past.unshift(known);
    }
    yield {
      day,
      volSource,
      vols: { BTC: volOf(panel, "BTC", volSource, change), ETH: volOf(panel, "ETH", volSource, change) },
      sigma: {
        BTC: { spot: own.BTC.spotVolBefore[change]!, vol: own.BTC.volVolBefore[change]! },
        ETH: { spot: own.ETH.spotVolBefore[change]!, vol: own.ETH.volVolBefore[change]! },
      },
      residuals: residualsBefore(panel, volSource, change + 1),
      past,
      actual,
    };
  }
}

/** Which index serves on a day. */
export function sourceOn(day: number): VolSource {
  return day < PUBLISHED_FROM_DAY ? "modelled" : "published";
}

/** Moves as they were; before the published index existed, the modelled index's. */
function pastMove(
  series: Readonly<Record<VolSource, Readonly<Record<Market, Series>>>>,
  source: VolSource,
  at: number,
): JointMove {
  const move = (market: Market) => {
    const observed = series[source][market].vol[at]!;
    return {
      logReturn: series[source][market].spot[at]!,
      volChange: Number.isNaN(observed) ? series.modelled[market].vol[at]! : observed,
    };
  };
  return { BTC: move("BTC"), ETH: move("ETH") };
}

function residualsBefore(panel: DailyPanel, source: VolSource, until: number): readonly JointMove[] {
  const { markets } = jointResiduals(jointHistory(panel, source, until), { seed: SEED });
  const [btc, eth] = [markets[MARKETS.indexOf("BTC")]!, markets[MARKETS.indexOf("ETH")]!];
  const from = Math.max(0, btc.z.length - WINDOW_DAYS);
  return Array.from({ length: btc.z.length - from }, (_, index) => ({
    BTC: { logReturn: btc.z[from + index]!, volChange: btc.y[from + index]! },
    ETH: { logReturn: eth.z[from + index]!, volChange: eth.y[from + index]! },
  }));
}

function volOf(panel: DailyPanel, market: Market, source: VolSource, day: number): number {
  const { publishedVol, modelledVol } = panel.markets[market];
  return (source === "modelled" ? modelledVol : publishedVol)[day]!;
}

function isObserved(move: JointMove): boolean {
  return MARKETS.every(
    (market) => !Number.isNaN(move[market].logReturn) && !Number.isNaN(move[market].volChange),
  );
}
