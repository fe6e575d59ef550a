import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import type { DailyPanel } from "../statistical/daily-panel.ts";
import { EXPIRY_DAYS, positionsOf, type RelativeBook } from "./books.ts";
import type { ChainFilters } from "./chain-filter.ts";
import { marketModel, POSTINGS, type Posting } from "./market-model.ts";
import { COMPARED_MODELS, INITIAL_FACTOR, type ComparedModel } from "./parameters.ts";
import type { ReplayedEpisode } from "./replay-episode.ts";
import { bookMeasurer, listingOf } from "./unit-margins.ts";

const FIRST_DAY = Date.UTC(2020, 0, 1) / 1000 / SECONDS_PER_DAY;
const STEP_DAYS = 7;
/** The chain of filters is fitted anew after so many days. */
const REFIT_DAYS = 56;
const EXPIRY_HOURS_SHARE = 1 / 3;

/** Initial margin per unit of notional on an average day, by posting, model and kind of book. */
export type AverageCapital = Readonly<
  Record<Posting, Readonly<Record<ComparedModel, Readonly<Record<RelativeBook["kind"], number>>>>>
>;

/**
 * What the same books, struck anew, would have had to post every seventh evening since 2020, calm or not. Crashes are 88 of some 2,000 days: an average over
 * crashes alone is not what an owner of capital pays. Scenario sets are those of the last episode before.
 */
export function averageCapital(
  panel: DailyPanel,
  books: readonly RelativeBook[],
  episodes: readonly ReplayedEpisode[],
  filters: ChainFilters | undefined,
): AverageCapital {
  const sums = new Map<string, { margin: number; gross: number }>();
  let filter: ReturnType<ChainFilters["fitAt"]> | undefined;
  for (let day = panel.days.indexOf(FIRST_DAY), step = 0; day < panel.days.length; day += STEP_DAYS, step++) {
    const seconds = panel.days[day]! * SECONDS_PER_DAY;
    if ((step * STEP_DAYS) % REFIT_DAYS === 0) filter = filters?.fitAt(seconds);
    const { BTC, ETH } = panel.markets;
    const spots = [BTC.closes[day], ETH.closes[day]];
    const [btc, eth] = spots;
    if (typeof btc !== "number" || typeof eth !== "number") continue;
    const expiries = EXPIRY_DAYS.map((days) => seconds + (days + EXPIRY_HOURS_SHARE) * SECONDS_PER_DAY);
    const point = {
      seconds,
      spots: [btc, eth] as const,
      indexVols: [BTC.publishedVol[day] ?? null, ETH.publishedVol[day] ?? null] as const,
    };
    const set = (episodes.findLast(({ episode }) => episode.startSeconds <= seconds) ?? episodes[0]!)
      .scenarios;
    const states = marketModel(panel, seconds, expiries, filter).stateAt(point);
    const listing = listingOf(books.map((book) => positionsOf(book, [btc, eth], expiries)));
    const measure = bookMeasurer(listing, set);
    for (const posting of POSTINGS) {
      for (const [index, { maintenance, grossUsd }] of measure(states[posting], seconds).entries()) {
        for (const model of COMPARED_MODELS) {
          const key = `${posting} ${model} ${books[index]!.kind}`;
          const sum = sums.get(key) ?? { margin: 0, gross: 0 };
          sums.set(key, { margin: sum.margin + maintenance[model], gross: sum.gross + grossUsd });
        }
      }
    }
  }
  const of = (posting: Posting, model: ComparedModel, kind: RelativeBook["kind"]) => {
    const { margin, gross } = sums.get(`${posting} ${model} ${kind}`)!;
    return (INITIAL_FACTOR * margin) / gross;
  };
  const byModel = (posting: Posting) =>
    Object.fromEntries(
      COMPARED_MODELS.map((model) => [
        model,
        { linear: of(posting, model, "linear"), option: of(posting, model, "option") },
      ]),
    ) as AverageCapital[Posting];
  return { posted: byModel("posted"), asFiltered: byModel("asFiltered") };
}
