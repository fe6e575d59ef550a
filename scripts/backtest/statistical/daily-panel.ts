import { loadDailyHistory } from "../../../keeper/adapters/replay/daily-history.ts";
import type { JointHistory } from "../../../keeper/core/scenarios/history.ts";
import { modelledAtTheMoneyVariance } from "../../../keeper/core/surface/modelled-smile.ts";
import { DAYS_PER_YEAR, SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import { dailyLogChanges } from "../../../keeper/core/volatility/changes.ts";
import { ewmaFilter, START_DAYS } from "../../../keeper/core/volatility/ewma.ts";
import { MARKETS, type Market } from "../../../keeper/ports/market-data.ts";
import { RISK_PREMIUM, REVERSION_PER_YEAR } from "../../../keeper/adapters/replay/modelled-episode.ts";
import { loadEarlyCloses } from "../early-closes.ts";

/** Tenor of the vol index and of the straddles, years. */
export const INDEX_TENOR_YEARS = 30 / DAYS_PER_YEAR;

/** One market on the panel's calendar; null and NaN where nothing was observed. */
interface PanelMarket {
  /** Spot at the end of each day, USD. */
  readonly closes: readonly (number | null)[];
  /** 30-day implied vol at the end of each day from the published index alone. */
  readonly publishedVol: readonly (number | null)[];
  /** 30-day implied vol modelled from the returns up to each day. */
  readonly modelledVol: readonly (number | null)[];
}

/** BTC and ETH on one calendar of consecutive days. */
export interface DailyPanel {
  /** Days since 1 January 1970, each named by the midnight (UTC) that ends it. */
  readonly days: readonly number[];
  readonly markets: Readonly<Record<Market, PanelMarket>>;
}

/** Reads the project's daily history, with earlier closes before it. Gaps stay gaps. */
export function readDailyPanel(dataFolder: string): DailyPanel {
  const known = new Map<number, Readonly<Record<Market, { close: number; vol: number | null }>>>();
  for (const { observedAtSeconds, BTC, ETH } of loadEarlyCloses(dataFolder)) {
    known.set(Math.floor(observedAtSeconds / SECONDS_PER_DAY), {
      BTC: { close: BTC, vol: null },
      ETH: { close: ETH, vol: null },
    });
  }
  for (const { observedAtSeconds, priceSource, markets } of loadDailyHistory(dataFolder).days) {
    if (priceSource !== "exchange-close") continue;
    const value = (market: Market) => ({
      close: markets[market].closeUsd,
      vol: markets[market].impliedVol?.vol ?? null,
    });
    known.set(Math.floor(observedAtSeconds / SECONDS_PER_DAY), { BTC: value("BTC"), ETH: value("ETH") });
  }
  const present = [...known.keys()].sort((a, b) => a - b);
  const [first, last] = [present[0]!, present.at(-1)!];
  const days = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const market = (name: Market): PanelMarket => {
    const closes = days.map((day) => known.get(day)?.[name].close ?? null);
    const publishedVol = days.map((day) => known.get(day)?.[name].vol ?? null);
    return { closes, publishedVol, modelledVol: modelledVols(closes) };
  };
  return { days, markets: { BTC: market("BTC"), ETH: market("ETH") } };
}

/**
 * 30-day vol of a mean-reverting variance whose level now is the EWMA of returns and whose long run is their mean so far, times a risk
 * premium: the model of the demo's episodes, day by day. No day knows of a later one.
 */
function modelledVols(closes: readonly (number | null)[]): readonly (number | null)[] {
  const changes = dailyLogChanges(closes);
  const forecast = ewmaFilter().fit(changes);
  const dailyVols = [...forecast.dailyVolBefore, forecast.dailyVol];
  let sum = 0;
  let counted = 0;
  return closes.map((close, day) => {
    const change = changes[day - 1] ?? NaN;
    if (!Number.isNaN(change)) {
      sum += change * change;
      counted++;
    }
    if (close === null || counted < START_DAYS) return null;
    const annual = (variance: number) => RISK_PREMIUM * Math.sqrt(variance * DAYS_PER_YEAR);
    const term = {
      shortVol: annual(dailyVols[day]! ** 2),
      longRunVol: annual(sum / counted),
      reversionPerYear: REVERSION_PER_YEAR,
    };
    return Math.sqrt(modelledAtTheMoneyVariance(term, INDEX_TENOR_YEARS) / INDEX_TENOR_YEARS);
  });
}

/** Which index a straddle's vol is read from. */
export type VolSource = "modelled" | "published";

/** The panel up to a day (exclusive), with one of the two indices, as the scenario builder takes it. */
export function jointHistory(panel: DailyPanel, source: VolSource, until: number): JointHistory {
  const vols = source === "modelled" ? "modelledVol" : "publishedVol";
  return {
    days: panel.days.slice(0, until),
    markets: MARKETS.map((name, market) => ({
      market,
      closes: panel.markets[name].closes.slice(0, until),
      volIndex: panel.markets[name][vols].slice(0, until),
    })),
  };
}
