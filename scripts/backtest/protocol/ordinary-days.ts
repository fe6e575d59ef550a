import type { GridScenarioSet } from "../../../keeper/core/report/scenario-set.ts";
import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import type { DailyPanel } from "../statistical/daily-panel.ts";
import { EXPIRY_DAYS, positionsOf, type BookKind, type RelativeBook } from "./books.ts";
import type { ChainFilters } from "./chain-filter.ts";
import type { CrashEpisode } from "./episodes.ts";
import { marketModel, POSTINGS, type Posting, type Posts } from "./market-model.ts";
import { COMPARED_MODELS, INITIAL_FACTOR, type ComparedModel } from "./parameters.ts";
import { bookMeasurer, listingOf, type BookMeasure } from "./unit-margins.ts";

/** Posting begins before margin is measured, so that the slow fall of earlier posts is in it. */
const FIRST_POST_DAY = Date.UTC(2019, 9, 1) / 1000 / SECONDS_PER_DAY;
const FIRST_DAY = Date.UTC(2020, 0, 1) / 1000 / SECONDS_PER_DAY;
const STEP_DAYS = 7;
/** The chain of filters is fitted anew after so many days. */
const REFIT_DAYS = 56;
const EXPIRY_HOURS_SHARE = 1 / 3;

/** Initial margin per unit of notional on an average day, by posting, model and kind of book. */
export type AverageCapital = Readonly<
  Record<Posting, Readonly<Record<ComparedModel, Readonly<Record<BookKind, number>>>>>
>;

/** A crash and the scenario set of the evening before it. */
export interface PreparedCrash {
  readonly episode: CrashEpisode;
  readonly scenarios: GridScenarioSet;
}

/** Ordinary days from 2020 on: what they cost, and what had been posted when each crash began. */
export interface OrdinaryDays {
  readonly capital: AverageCapital;
  /** By the id of the episode. */
  readonly postsBefore: ReadonlyMap<string, Posts>;
}

/**
 * What the same books, struck anew, would have had to post every seventh evening since 2020, calm or not. Crashes are 88 of some 2,000 days: an average over
 * crashes alone is not what an owner of capital pays. Forecasts are posted every evening, each against the one before. Scenario sets are those of the last crash before.
 */
export function walkOrdinaryDays(
  panel: DailyPanel,
  books: readonly RelativeBook[],
  crashes: readonly PreparedCrash[],
  filters: ChainFilters | undefined,
): OrdinaryDays {
  const sums = new CapitalSums();
  const posts: Posts = new Map();
  const postsBefore = new Map<string, Posts>();
  let filter: ReturnType<ChainFilters["fitAt"]> | undefined;
  for (const [index, day] of panel.days.entries()) {
    if (day < FIRST_POST_DAY) continue;
    const seconds = day * SECONDS_PER_DAY;
    if ((day - FIRST_POST_DAY) % REFIT_DAYS === 0) filter = filters?.fitAt(seconds);
    const { BTC, ETH } = panel.markets;
    const [btc, eth] = [BTC.closes[index], ETH.closes[index]];
    if (typeof btc === "number" && typeof eth === "number") {
      const spots = [btc, eth] as const;
      const expiries = EXPIRY_DAYS.map((days) => seconds + (days + EXPIRY_HOURS_SHARE) * SECONDS_PER_DAY);
      const indexVols = [BTC.publishedVol[index] ?? null, ETH.publishedVol[index] ?? null] as const;
      const model = marketModel(panel, seconds, expiries, filter, posts);
      const states = model.stateAt({ seconds, spots, indexVols });
      if (day >= FIRST_DAY && (day - FIRST_DAY) % STEP_DAYS === 0) {
        const listing = listingOf(books.map((book) => positionsOf(book, spots, expiries)));
        const measure = bookMeasurer(listing, setOn(crashes, seconds));
        for (const posting of POSTINGS) sums.add(posting, books, measure(states[posting], seconds));
      }
    }
    for (const { episode } of crashes)
      if (episode.startSeconds === seconds) postsBefore.set(episode.id, new Map(posts));
  }
  return { capital: sums.averages(), postsBefore };
}

function setOn(crashes: readonly PreparedCrash[], seconds: number): GridScenarioSet {
  return (crashes.findLast(({ episode }) => episode.startSeconds <= seconds) ?? crashes[0]!).scenarios;
}

/** Margin and gross notional by posting, model and kind of book. */
class CapitalSums {
  readonly #sums = new Map<string, { margin: number; gross: number }>();

  add(posting: Posting, books: readonly RelativeBook[], measures: readonly BookMeasure[]): void {
    for (const [index, { maintenance, grossUsd }] of measures.entries()) {
      for (const model of COMPARED_MODELS) {
        const key = `${posting} ${model} ${books[index]!.kind}`;
        const sum = this.#sums.get(key) ?? { margin: 0, gross: 0 };
        this.#sums.set(key, { margin: sum.margin + maintenance[model], gross: sum.gross + grossUsd });
      }
    }
  }

  averages(): AverageCapital {
    const of = (posting: Posting, model: ComparedModel, kind: BookKind) => {
      const { margin, gross } = this.#sums.get(`${posting} ${model} ${kind}`)!;
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
}
