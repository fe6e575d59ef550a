import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import type { DailyPanel } from "../statistical/daily-panel.ts";
import { expiriesAfter, positionsOf, type RelativeBook } from "./books.ts";
import type { JointBar } from "./crash-bars.ts";
import type { CrashEpisode } from "./episodes.ts";
import {
  marketModel,
  POSTINGS,
  SMILE_SOURCES,
  type Posting,
  type Posts,
  type SigmaFilter,
} from "./market-model.ts";
import type { PreparedCrash } from "./ordinary-days.ts";
import { COMPARED_MODELS } from "./parameters.ts";
import { pathOf, reportPoints } from "./price-path.ts";
import type { EpisodeMeasures } from "./simulate.ts";
import { bookMeasurer, listingOf } from "./unit-margins.ts";

/** An episode with every book measured at every report, under both postings. */
export interface ReplayedEpisode {
  readonly episode: CrashEpisode;
  readonly smileSource: string;
  /** Shortest and longest bar, minutes. */
  readonly barMinutes: readonly [number, number];
  readonly measures: Readonly<Record<Posting, EpisodeMeasures>>;
}

const MINUTE_SECONDS = 60;

/** Walks an episode report by report and measures every book; surfaces are shared by all books of a report. Posts go on from those before. */
export function replayEpisode(
  panel: DailyPanel,
  { episode, scenarios }: PreparedCrash,
  bars: readonly JointBar[],
  books: readonly RelativeBook[],
  { filter, posts }: { readonly filter: SigmaFilter | undefined; readonly posts: Posts | undefined },
): ReplayedEpisode {
  const reports = reportPoints(pathOf(bars));
  const expiries = expiriesAfter(episode.endSeconds);
  const model = marketModel(panel, episode.startSeconds, expiries, filter, new Map(posts));
  const measure = bookMeasurer(
    listingOf(books.map((book) => positionsOf(book, reports[0]!.spots, expiries))),
    scenarios,
  );
  const seconds = reports.map((point) => point.seconds);
  const measures = {
    posted: emptyMeasures(seconds, books.length),
    asFiltered: emptyMeasures(seconds, books.length),
  };
  for (const [report, point] of reports.entries()) {
    const states = model.stateAt(point);
    for (const posting of POSTINGS) {
      const into = measures[posting];
      into.dailyVols[report] = Math.max(...states[posting].map(({ sigma }) => sigma));
      for (const [book, measured] of measure(states[posting], point.seconds).entries()) {
        const at = report * books.length + book;
        into.value[at] = measured.value;
        into.grossUsd[at] = measured.grossUsd;
        for (const [index, name] of COMPARED_MODELS.entries())
          into.maintenance[index]![at] = measured.maintenance[name];
      }
    }
  }
  const spans = bars.map((bar) => bar.seconds / MINUTE_SECONDS);
  return {
    episode,
    smileSource: SMILE_SOURCES[model.volSource],
    barMinutes: [Math.min(...spans), Math.max(...spans)],
    measures,
  };
}

function emptyMeasures(seconds: readonly number[], books: number) {
  const array = () => new Float64Array(seconds.length * books);
  return {
    seconds,
    dailyVols: new Float64Array(seconds.length),
    value: array(),
    grossUsd: array(),
    maintenance: COMPARED_MODELS.map(array),
  };
}

/** How much margin moves: the largest over the smallest, and the largest rise over one and five days, as shares. */
export interface Procyclicality {
  readonly peakToTrough: number;
  readonly largestOneDayRise: number;
  readonly largestFiveDayRise: number;
}

/** Of the margin per unit of notional of one kind of books together, which never change. */
export function procyclicality(
  measures: EpisodeMeasures,
  books: readonly RelativeBook[],
  kind: RelativeBook["kind"],
  model: number,
): Procyclicality {
  const perNotional = measures.seconds.map((_, report) => {
    let margin = 0;
    let gross = 0;
    for (const [book, it] of books.entries()) {
      if (it.kind !== kind) continue;
      margin += measures.maintenance[model]![report * books.length + book]!;
      gross += measures.grossUsd[report * books.length + book]!;
    }
    return margin / gross;
  });
  return {
    peakToTrough: Math.max(...perNotional) / Math.min(...perNotional),
    largestOneDayRise: largestRise(measures.seconds, perNotional, 1),
    largestFiveDayRise: largestRise(measures.seconds, perNotional, 5),
  };
}

function largestRise(seconds: readonly number[], values: readonly number[], days: number): number {
  let largest = 0;
  let from = 0;
  for (let to = 0; to < values.length; to++) {
    while (seconds[to]! - seconds[from]! > days * SECONDS_PER_DAY) from++;
    const low = values.slice(from, to + 1).reduce((least, value) => Math.min(least, value), Infinity);
    largest = Math.max(largest, values[to]! / low - 1);
  }
  return largest;
}
