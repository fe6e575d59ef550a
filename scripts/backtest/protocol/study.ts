import { readDailyPanel } from "../statistical/daily-panel.ts";
import { drawBooks, type BookKind, type RelativeBook } from "./books.ts";
import { openChainFilters } from "./chain-filter.ts";
import { loadCrashBars } from "./crash-bars.ts";
import { CRASHES } from "./episodes.ts";
import { POSTINGS, scenarioSetBefore, type Posting } from "./market-model.ts";
import { walkOrdinaryDays, type AverageCapital } from "./ordinary-days.ts";
import { COMPARED_MODELS, MODEL_TITLES, type ComparedModel } from "./parameters.ts";
import { openRecordedBars } from "./recorded-bars.ts";
import {
  procyclicality,
  replayEpisode,
  type Procyclicality,
  type ReplayedEpisode,
} from "./replay-episode.ts";
import { noOutcome, simulate, type Outcome } from "./simulate.ts";

/** Shortest bars that are replayed, seconds. */
const LEAST_BAR_SECONDS = 300;
/** Share of the opening notional that bidders together take on in a quarter of an hour. */
const BIDDER_CAPACITY = 0.1;
const BISECTIONS = 4;
/** The search for equal bad debt comes down from the largest factor by this much a step. */
const SHRINK = 0.94;
const LARGEST_FACTOR = 3;
const LEAST_FACTOR = 0.05;
/** Capital at which bad debt is compared before and after the settings were chosen, as shares of static margin's. */
const CAPITAL_SHARES = [1, 0.5, 0.4, 0.3] as const;
/** Settings were chosen on the crashes that begin before this moment. */
const CHOSEN_BEFORE_SECONDS = Date.UTC(2023, 0, 1) / 1000;

export const KINDS: readonly BookKind[] = ["linear", "option"];

/** A model over all episodes. */
export interface ModelResult {
  readonly kind: BookKind;
  readonly model: ComparedModel;
  readonly title: string;
  readonly posting: Posting;
  /** Initial margin per unit of notional: on an average day since 2020, and at the openings in the episodes. */
  readonly averageCapital: number;
  readonly crashCapital: number;
  /** As configured, shares of the notional opened. */
  readonly badDebtShare: number;
  readonly liquidatedShare: number;
  readonly calledShare: number;
  readonly insolventShare: number;
  readonly badDebtByEpisode: readonly number[];
  /** Largest over all episodes. */
  readonly procyclicality: Procyclicality;
  /** Margin scaled so that capital on an average day is static's: factor, and bad debt over static's. */
  readonly equalCapital: { readonly factor: number; readonly badDebtRatio: number };
  /** The same with the capital at the openings in the episodes. */
  readonly equalCrashCapital: { readonly factor: number; readonly badDebtRatio: number };
  /** Margin scaled so that bad debt is static's: capital on an average day over static's, less one. */
  readonly capitalChangeAtEqualDebt: number;
  /** Bad debt as a share of notional when an average day costs a share of static's capital: crashes up to 2022, and those after. */
  readonly debtByCapital: readonly {
    readonly capitalShare: number;
    readonly until2022: number;
    readonly after: number;
  }[];
}

export interface ProtocolResult {
  readonly filter: string;
  readonly books: number;
  readonly bidderCapacity: number;
  readonly episodes: readonly {
    readonly id: string;
    readonly title: string;
    readonly smiles: string;
    readonly barMinutes: readonly [number, number];
    readonly reports: number;
  }[];
  readonly results: readonly ModelResult[];
}

/** Sends the same books through every crash. Progress is text for people. */
export function runProtocolStudy(
  projectFolder: string,
  dataFolder: string | undefined,
  onProgress: (text: string) => void,
): ProtocolResult {
  const panel = readDailyPanel(projectFolder);
  const books = drawBooks();
  const filters = dataFolder === undefined ? undefined : openChainFilters(dataFolder);
  const recorded = dataFolder === undefined ? undefined : openRecordedBars(dataFolder);
  const ownBars = recorded === undefined ? loadCrashBars(projectFolder) : [];
  onProgress("protocol: capital on ordinary days");
  const crashes = CRASHES.map((episode) => ({
    episode,
    scenarios: scenarioSetBefore(panel, episode.startSeconds),
  }));
  const { capital, postsBefore } = walkOrdinaryDays(panel, books, crashes, filters);
  const episodes = crashes.map((crash, index) => {
    const { episode } = crash;
    onProgress(`protocol: ${episode.title} (${index + 1} of ${CRASHES.length})`);
    const bars =
      recorded?.of(episode, LEAST_BAR_SECONDS) ??
      ownBars.filter(
        ({ endSeconds }) => endSeconds > episode.startSeconds && endSeconds <= episode.endSeconds,
      );
    return replayEpisode(panel, crash, bars, books, {
      filter: filters?.fitAt(episode.startSeconds),
      posts: postsBefore.get(episode.id),
    });
  });
  const results = KINDS.flatMap((kind) => {
    onProgress(`protocol: ${kind} books, equal capital and equal bad debt`);
    return kindResults(books, episodes, capital, kind);
  });
  return {
    filter:
      filters === undefined ? "EWMA of daily returns, moved on within the day" : "house chain (log-HAR)",
    books: books.length,
    bidderCapacity: BIDDER_CAPACITY,
    episodes: episodes.map(({ episode, smileSource, barMinutes, measures }) => ({
      id: episode.id,
      title: episode.title,
      smiles: smileSource,
      barMinutes,
      reports: measures.posted.seconds.length,
    })),
    results,
  };
}

interface Pool {
  readonly total: Outcome;
  readonly until2022: Outcome;
  readonly after: Outcome;
  readonly badDebtByEpisode: readonly number[];
}

type PoolOf = (posting: Posting, model: ComparedModel, factor: number) => Pool;

/** Every account of one kind of book through all crashes under a model scaled by a factor. */
function pooled(
  books: readonly RelativeBook[],
  episodes: readonly ReplayedEpisode[],
  kind: BookKind,
): PoolOf {
  return (posting, model, factor) => {
    const outcomes = episodes.map(({ measures }) =>
      simulate(books, measures[posting], COMPARED_MODELS.indexOf(model), {
        factor,
        bidderCapacity: BIDDER_CAPACITY,
        kind,
      }),
    );
    const early = (index: number) => episodes[index]!.episode.startSeconds < CHOSEN_BEFORE_SECONDS;
    return {
      total: outcomes.reduce(addOutcomes, noOutcome()),
      until2022: outcomes.filter((_, index) => early(index)).reduce(addOutcomes, noOutcome()),
      after: outcomes.filter((_, index) => !early(index)).reduce(addOutcomes, noOutcome()),
      badDebtByEpisode: outcomes.map(({ badDebt, notional }) => badDebt / notional),
    };
  };
}

function kindResults(
  books: readonly RelativeBook[],
  episodes: readonly ReplayedEpisode[],
  capital: AverageCapital,
  kind: BookKind,
): readonly ModelResult[] {
  const poolOf = pooled(books, episodes, kind);
  const reference = { pool: poolOf("posted", "static", 1).total, capital: capital.posted.static[kind] };
  return POSTINGS.flatMap((posting) =>
    COMPARED_MODELS.filter((model) => posting === "posted" || model !== "static").map(
      (model): ModelResult => ({
        kind,
        model,
        title: MODEL_TITLES[model],
        posting,
        averageCapital: capital[posting][model][kind],
        ...asConfigured(poolOf(posting, model, 1)),
        procyclicality: worstProcyclicality(books, episodes, posting, model, kind),
        ...atEqualTerms((factor) => poolOf(posting, model, factor), capital[posting][model][kind], reference),
        ...(model === "static" ? { capitalChangeAtEqualDebt: 0 } : {}),
      }),
    ),
  );
}

function asConfigured({ total, badDebtByEpisode }: Pool) {
  return {
    crashCapital: shareOf(total, "capital"),
    badDebtShare: shareOf(total, "badDebt"),
    liquidatedShare: shareOf(total, "liquidated"),
    calledShare: total.called / total.accounts,
    insolventShare: total.insolvent / total.accounts,
    badDebtByEpisode,
  };
}

/** A model held against the reference at the same capital and at the same bad debt. */
function atEqualTerms(
  poolAt: (factor: number) => Pool,
  averageCapitalShare: number,
  reference: { readonly pool: Outcome; readonly capital: number },
) {
  const referenceDebt = shareOf(reference.pool, "badDebt");
  const debtAt = (factor: number) => shareOf(poolAt(factor).total, "badDebt");
  const at = (factor: number) => ({ factor, badDebtRatio: debtAt(factor) / referenceDebt });
  const ownCrashCapital = shareOf(poolAt(1).total, "capital");
  return {
    equalCapital: at(reference.capital / averageCapitalShare),
    equalCrashCapital: at(shareOf(reference.pool, "capital") / ownCrashCapital),
    capitalChangeAtEqualDebt:
      (factorOfDebt(debtAt, referenceDebt) * averageCapitalShare) / reference.capital - 1,
    debtByCapital: CAPITAL_SHARES.map((capitalShare) => {
      const { until2022, after } = poolAt((capitalShare * reference.capital) / averageCapitalShare);
      return {
        capitalShare,
        until2022: shareOf(until2022, "badDebt"),
        after: shareOf(after, "badDebt"),
      };
    }),
  };
}

function shareOf(outcome: Outcome, what: "capital" | "badDebt" | "liquidated"): number {
  return outcome[what] / outcome.notional;
}

function addOutcomes(a: Outcome, b: Outcome): Outcome {
  return {
    capital: a.capital + b.capital,
    notional: a.notional + b.notional,
    badDebt: a.badDebt + b.badDebt,
    liquidated: a.liquidated + b.liquidated,
    accounts: a.accounts + b.accounts,
    called: a.called + b.called,
    insolvent: a.insolvent + b.insolvent,
  };
}

/**
 * The factor down to which margin may shrink with bad debt no more than `target` all the way: bad debt need not fall evenly as margin
 * rises, so the search comes from above and stops at the first crossing.
 */
function factorOfDebt(debtAt: (factor: number) => number, target: number): number {
  let high = LARGEST_FACTOR;
  while (high > LEAST_FACTOR && debtAt(high * SHRINK) <= target) high *= SHRINK;
  let low = high * SHRINK;
  for (let step = 0; step < BISECTIONS; step++) {
    const middle = (low + high) / 2;
    if (debtAt(middle) > target) low = middle;
    else high = middle;
  }
  return high;
}

function worstProcyclicality(
  books: readonly RelativeBook[],
  episodes: readonly ReplayedEpisode[],
  posting: Posting,
  model: ComparedModel,
  kind: BookKind,
): Procyclicality {
  const all = episodes.map(({ measures }) =>
    procyclicality(measures[posting], books, kind, COMPARED_MODELS.indexOf(model)),
  );
  const worst = (key: keyof Procyclicality) => Math.max(...all.map((it) => it[key]));
  return {
    peakToTrough: worst("peakToTrough"),
    largestOneDayRise: worst("largestOneDayRise"),
    largestFiveDayRise: worst("largestFiveDayRise"),
  };
}
