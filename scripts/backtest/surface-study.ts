// How the surface fit does on a folder of recorded option chains: errors, arbitrage on grids of its own, time.
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { findBookFault, type OptionQuote } from "../../keeper/core/surface/quotes.ts";
import { fitSurface, type ChainQuotes, type Surface } from "../../keeper/core/surface/fit-surface.ts";
import { readChains, type RecordedChain } from "../extract/option-chain.ts";
import { hasButterflyArbitrage, hasCalendarArbitrage } from "./surface-checks.ts";

/** Slices with fewer usable quotes than this are reported apart. */
const USABLE_QUOTES = 8;
const MONTH_OF_FILE = /^deribit_option_chain_(\d{4}-\d{2})\.csv\.gz$/;
const TAIL_SHARE = 0.95;

/** One expiry of one chain, as the study judged it. */
interface SliceVerdict {
  readonly fitted: boolean;
  readonly usableQuotes: number;
  readonly butterfly: boolean;
  /** Whether it crosses the next longer slice. */
  readonly calendar: boolean;
  readonly errorVolPoints: number;
  readonly insideSpreadShare: number;
  readonly repair: string;
}

/** Shares are of the slices with at least eight usable quotes. */
export interface SurfaceStudy {
  readonly snapshots: number;
  readonly chains: number;
  readonly slices: number;
  readonly slicesWithEnoughQuotes: number;
  readonly fittedShare: number;
  readonly butterflyFreeShare: number;
  readonly calendarConsistentShare: number;
  /** Fitted, free of butterfly arbitrage and in order with the next expiry. */
  readonly soundShare: number;
  /** Error of implied vol weighted by the inverse squared half spread, vol points. */
  readonly medianErrorVolPoints: number;
  readonly tailErrorVolPoints: number;
  readonly meanInsideSpreadShare: number;
  /** Fitted slices by what the fit and the calendar repair did. */
  readonly repairs: Readonly<Record<string, number>>;
  /** All markets of one snapshot, from quotes to surface. */
  readonly medianSnapshotMilliseconds: number;
  readonly tailSnapshotMilliseconds: number;
}

export interface SurfaceStudySettings {
  /** Folder of recorded history with the subfolder `deribit`. */
  readonly dataFolder: string;
  readonly onProgress: (done: number, text: string) => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** Quotes of a recorded chain in USD: premiums in coin are worth spot each, so that parity reads C - P = D (F - K). */
function quotesOf(chain: RecordedChain): ChainQuotes {
  const usd = (coin: number | null): number | null => (coin === null ? null : coin * chain.indexUsd);
  const quotes = chain.expiries.flatMap(({ expirySeconds, strikes }) =>
    strikes.flatMap(({ strikeUsd: strike, call, put }) => [
      ...(call === undefined
        ? []
        : [{ expirySeconds, strike, kind: "call" as const, bid: usd(call.bid), ask: usd(call.ask) }]),
      ...(put === undefined
        ? []
        : [{ expirySeconds, strike, kind: "put" as const, bid: usd(put.bid), ask: usd(put.ask) }]),
    ]),
  );
  return { spot: chain.indexUsd, quotes };
}

/** Out-of-the-money quotes with a sound two-sided book: what an expiry without a slice could have been fitted to. */
function twoSidedQuotes(quotes: readonly OptionQuote[], spot: number, expirySeconds: number): number {
  return quotes.filter(
    (quote) =>
      quote.expirySeconds === expirySeconds &&
      findBookFault(quote) === undefined &&
      (quote.kind === "call" ? quote.strike >= spot : quote.strike < spot),
  ).length;
}

function judge(surface: Surface, { spot, quotes }: ChainQuotes): readonly SliceVerdict[] {
  const dropped = surface.dropped
    .filter(({ reason }) => reason !== "expired")
    .map(({ expirySeconds, reason }) => ({
      fitted: false,
      usableQuotes: twoSidedQuotes(quotes, spot, expirySeconds),
      butterfly: false,
      calendar: false,
      errorVolPoints: NaN,
      insideSpreadShare: NaN,
      repair: reason,
    }));
  const fitted = surface.expiries.map(({ svi, report }, index) => {
    const longer = surface.expiries[index + 1];
    return {
      fitted: true,
      usableQuotes: report.points,
      butterfly: hasButterflyArbitrage(svi),
      calendar: longer !== undefined && hasCalendarArbitrage(svi, longer.svi),
      errorVolPoints: report.weightedRmseVolPoints,
      insideSpreadShare: report.insideSpreadShare,
      repair: `${report.butterflyRepair}, ${report.calendarRepair}`,
    };
  });
  return [...dropped, ...fitted];
}

/** Smallest value that `share` of the values do not exceed; NaN of none. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}

function shareOf<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  return items.filter(holds).length / items.length;
}

function countBy(names: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function summarise(
  chains: number,
  verdicts: readonly SliceVerdict[],
  milliseconds: ReadonlyMap<number, number>,
): SurfaceStudy {
  const judged = verdicts.filter(({ usableQuotes }) => usableQuotes >= USABLE_QUOTES);
  const fitted = judged.filter((verdict) => verdict.fitted);
  const errors = fitted.map(({ errorVolPoints }) => errorVolPoints);
  const times = [...milliseconds.values()];
  return {
    snapshots: milliseconds.size,
    chains,
    slices: verdicts.length,
    slicesWithEnoughQuotes: judged.length,
    fittedShare: fitted.length / judged.length,
    butterflyFreeShare: shareOf(judged, (verdict) => verdict.fitted && !verdict.butterfly),
    calendarConsistentShare: shareOf(judged, (verdict) => verdict.fitted && !verdict.calendar),
    soundShare: shareOf(judged, (verdict) => verdict.fitted && !verdict.butterfly && !verdict.calendar),
    medianErrorVolPoints: quantile(errors, 0.5),
    tailErrorVolPoints: quantile(errors, TAIL_SHARE),
    meanInsideSpreadShare:
      fitted.reduce((sum, { insideSpreadShare }) => sum + insideSpreadShare, 0) / fitted.length,
    repairs: countBy(judged.map(({ repair }) => repair)),
    medianSnapshotMilliseconds: quantile(times, 0.5),
    tailSnapshotMilliseconds: quantile(times, TAIL_SHARE),
  };
}

/**
 * Fits every recorded chain of the folder and judges every slice on grids denser and wider than those of the fit.
 * @throws Error when the folder holds no option chains
 */
export function studySurfaces({ dataFolder, onProgress, now }: SurfaceStudySettings): SurfaceStudy {
  const months = readdirSync(join(dataFolder, "deribit"))
    .flatMap((name) => MONTH_OF_FILE.exec(name)?.[1] ?? [])
    .sort();
  if (months.length === 0) throw new Error(`${dataFolder}: no files deribit/deribit_option_chain_*.csv.gz`);
  const verdicts: SliceVerdict[] = [];
  const milliseconds = new Map<number, number>();
  let chains = 0;
  for (const [index, month] of months.entries()) {
    onProgress(index / months.length, `option chains of ${month}`);
    for (const chain of readChains(dataFolder, [month], () => true)) {
      const quotes = quotesOf(chain);
      const start = now();
      const surface = fitSurface(quotes, chain.timeSeconds);
      milliseconds.set(chain.timeSeconds, (milliseconds.get(chain.timeSeconds) ?? 0) + now() - start);
      verdicts.push(...judge(surface, quotes));
      chains++;
    }
  }
  onProgress(1, "option chains fitted");
  return summarise(chains, verdicts, milliseconds);
}
