import { LAB_MARKETS, labObservation, type LabReport } from "./lab-world.ts";

const MEDIAN = 0.5;
const HIGH_QUANTILE = 0.99;
/** What the project promises. */
const MEDIAN_BAR_MS = 1_500;
const RSS_BAR_BYTES = 200_000_000;

export interface LabFigures {
  readonly medianMs: number;
  readonly p99Ms: number;
  /** Rounds in which no keeper had a complete report. */
  readonly missedRounds: number;
  readonly maxRssBytes: number;
  /** Rounds for which two different reports were complete. */
  readonly conflicts: number;
  /** Spots that no two honest keepers enclose. */
  readonly outOfRange: number;
  readonly refused: number;
  readonly dropped: number;
  /** One line for each promise that was broken. */
  readonly problems: readonly string[];
}

export interface LabSpan {
  readonly count: number;
  readonly firstRound: number;
  readonly lastRound: number;
  /** Keepers were killed: a round whose leader was just ended may stay without a report. */
  readonly mayMiss: boolean;
}

/** @param byProcess the reports that each process had, those of restarted keepers apart */
export function judgeLab(byProcess: readonly (readonly LabReport[])[], span: LabSpan): LabFigures {
  const all = byProcess.flat().filter(({ round }) => round >= span.firstRound && round <= span.lastRound);
  const hashes = new Map<string, Set<string>>();
  const fastest = new Map<number, number>();
  for (const { round, epoch, hash, sinceSlotMs } of all) {
    const name = `${epoch}/${round}`;
    hashes.set(name, (hashes.get(name) ?? new Set()).add(hash));
    fastest.set(round, Math.min(fastest.get(round) ?? Number.POSITIVE_INFINITY, sinceSlotMs));
  }
  const times = [...fastest.values()].sort((a, b) => a - b);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  const figures = {
    medianMs: at(MEDIAN),
    p99Ms: at(HIGH_QUANTILE),
    missedRounds: span.lastRound - span.firstRound + 1 - fastest.size,
    maxRssBytes: Math.max(0, ...all.map(({ rssBytes }) => rssBytes)),
    conflicts: [...hashes.values()].filter(({ size }) => size > 1).length,
    outOfRange: all.filter((report) => !isWithinHonest(report, span.count)).length,
    refused: byProcess.reduce((sum, reports) => sum + (reports.at(-1)?.refused ?? 0), 0),
    dropped: byProcess.reduce((sum, reports) => sum + (reports.at(-1)?.dropped ?? 0), 0),
  };
  return { ...figures, problems: problemsOf(figures, span) };
}

function isWithinHonest({ spotsE8 }: LabReport, count: number): boolean {
  return LAB_MARKETS.every((_, market) => {
    const views = Array.from(
      { length: count },
      (__, i) => labObservation(i).markets[market]?.market.spotE8 ?? 0n,
    );
    const spotE8 = BigInt(spotsE8[market] ?? "0");
    return views.some((view) => view <= spotE8) && views.some((view) => view >= spotE8);
  });
}

function problemsOf(figures: Omit<LabFigures, "problems">, { mayMiss }: LabSpan): readonly string[] {
  const { medianMs, missedRounds, maxRssBytes, conflicts, outOfRange } = figures;
  const problems: string[] = [];
  if (conflicts > 0) problems.push(`${conflicts} rounds have two reports`);
  if (outOfRange > 0) problems.push(`${outOfRange} reports left the honest range`);
  if (!(medianMs <= MEDIAN_BAR_MS))
    problems.push(`the median of ${medianMs} ms is above ${MEDIAN_BAR_MS} ms`);
  if (missedRounds > 0 && !mayMiss) problems.push(`${missedRounds} rounds have no report`);
  if (maxRssBytes > RSS_BAR_BYTES) problems.push(`${maxRssBytes} bytes of memory are above ${RSS_BAR_BYTES}`);
  return problems;
}
