// What was measured of a network of keepers, and what is wrong with it. Pure: test/scripts/network/lab-verdict.test.ts shows each judgement fail.

/** What the project promises. */
const MEDIAN_BAR_MS = 1_500;
const MEMORY_BAR_BYTES = 200_000_000;
const MEDIAN = 0.5;
const HIGH_QUANTILE = 0.99;
/** The chain's newest report may be so many slots older for each keeper that is faulty: its round is lost, or its turn to transmit passes. */
const LATE_SLOTS_PER_FAULT = 2;

/** A keeper logged that it holds a report with a quorum of signatures. */
export interface SignedLine {
  readonly keeper: string;
  readonly epoch: bigint;
  readonly round: number;
  readonly sinceSlotMs: number;
}

/** A report that the chain accepted. */
export interface AcceptedReport {
  readonly epoch: bigint;
  readonly round: number;
  readonly observedAtSeconds: number;
  readonly blockSeconds: number;
}

/** A leader's term; it ends when the next one begins. */
export interface Term {
  readonly epoch: bigint;
  readonly leader: string;
  readonly beganMs: number;
}

/** A keeper was away. */
export interface Absence {
  readonly keeper: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** All that a run showed. */
export interface LabRecord {
  readonly quorum: number;
  readonly slotSeconds: number;
  readonly heartbeatSeconds: number;
  /** Rounds that count. */
  readonly firstRound: number;
  readonly lastRound: number;
  readonly hostile: readonly string[];
  readonly killed: readonly Absence[];
  readonly signed: readonly SignedLine[];
  /** In the chain's order. */
  readonly accepted: readonly AcceptedReport[];
  /** The chain's time when the measuring ended. */
  readonly endSeconds: number;
  /** In rising order of epoch. */
  readonly terms: readonly Term[];
  readonly peakBytes: readonly number[];
  /** Processor time of each keeper that lived through all rounds that count, by its round, ms. */
  readonly processorMsPerRound: readonly number[];
  /** Of those that were told to end. */
  readonly exitCodes: readonly (number | null)[];
  /** Rounds with two reports, a line for each. */
  readonly conflicts: readonly string[];
  /** Values outside the honest range, a line for each. */
  readonly outOfRange: readonly string[];
}

export interface LabFigures {
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly missedRounds: number;
  /** Rounds that faulty leaders may cost. */
  readonly allowedRounds: number;
  readonly missedHeartbeats: number;
  /** Of the chain's newest report. */
  readonly longestAgeSeconds: number;
  readonly maxPeakBytes: number;
  /** The most that a keeper used; NaN where the system does not say. */
  readonly processorMsPerRound: number;
  readonly reports: number;
  /** One line for each promise that was broken. */
  readonly problems: readonly string[];
}

export function judgeLab(record: LabRecord): LabFigures {
  const times = timesToSigned(record);
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(share * times.length))] ?? Number.NaN;
  const ages = agesOnChain(record);
  const limitSeconds = record.heartbeatSeconds + record.slotSeconds;
  const figures = {
    medianMs: at(MEDIAN),
    p99Ms: at(HIGH_QUANTILE),
    missedRounds: record.lastRound - record.firstRound + 1 - times.length,
    allowedRounds: allowedRounds(record),
    missedHeartbeats: ages.filter((age) => age > limitSeconds).length,
    longestAgeSeconds: Math.max(0, ...ages),
    maxPeakBytes: Math.max(0, ...record.peakBytes),
    processorMsPerRound:
      record.processorMsPerRound.length === 0 ? Number.NaN : Math.max(...record.processorMsPerRound),
    reports: record.accepted.length,
  };
  return { ...figures, problems: problemsOf(figures, record) };
}

/** For each round that 2f + 1 keepers hold a report of, when the last of these 2f + 1 had it, rising. */
function timesToSigned({ signed, quorum, firstRound, lastRound }: LabRecord): readonly number[] {
  const byRound = new Map<number, Map<string, number>>();
  for (const { keeper, round, sinceSlotMs } of signed) {
    if (round < firstRound || round > lastRound) continue;
    const held = byRound.get(round) ?? new Map<string, number>();
    held.set(keeper, Math.min(held.get(keeper) ?? Number.POSITIVE_INFINITY, sinceSlotMs));
    byRound.set(round, held);
  }
  return [...byRound.values()]
    .flatMap((held) => [...held.values()].sort((a, b) => a - b)[quorum - 1] ?? [])
    .sort((a, b) => a - b);
}

/** How old each report was on the chain when a newer one came there, or at the end, seconds. */
function agesOnChain({ accepted, endSeconds, firstRound, lastRound }: LabRecord): readonly number[] {
  return accepted.flatMap(({ observedAtSeconds, round }, index) => {
    const next = accepted[index + 1];
    const counts = round <= lastRound && (next === undefined || next.round > firstRound);
    return counts ? [(next?.blockSeconds ?? endSeconds) - observedAtSeconds] : [];
  });
}

/** A round for each kill, for each term that a dead keeper leads, and for each term of a hostile one. */
export function allowedRounds({
  killed,
  terms,
  hostile,
}: Pick<LabRecord, "killed" | "terms" | "hostile">): number {
  const isLost = ({ leader, beganMs }: Term, index: number): boolean => {
    const endedMs = terms[index + 1]?.beganMs ?? Number.POSITIVE_INFINITY;
    const isAway = killed.some(
      ({ keeper, fromMs, toMs }) => keeper === leader && fromMs < endedMs && toMs > beganMs,
    );
    return isAway || hostile.includes(leader);
  };
  return killed.length + terms.filter(isLost).length;
}

function problemsOf(figures: Omit<LabFigures, "problems">, record: LabRecord): readonly string[] {
  const { medianMs, missedRounds, missedHeartbeats, longestAgeSeconds, maxPeakBytes } = figures;
  const { heartbeatSeconds, slotSeconds, hostile, killed, exitCodes, conflicts, outOfRange } = record;
  const faulty = hostile.length + Math.min(1, killed.length);
  const maxAgeSeconds = heartbeatSeconds + slotSeconds * (1 + LATE_SLOTS_PER_FAULT * faulty);
  const problems = [...conflicts, ...outOfRange];
  if (!(medianMs <= MEDIAN_BAR_MS))
    problems.push(`the median of ${medianMs} ms is above ${MEDIAN_BAR_MS} ms`);
  if (missedRounds > figures.allowedRounds)
    problems.push(`${missedRounds} rounds have no report, ${figures.allowedRounds} may have none`);
  if (faulty === 0 && missedHeartbeats > 0)
    problems.push(`${missedHeartbeats} heartbeats were missed, the longest gap is ${longestAgeSeconds} s`);
  if (faulty > 0 && longestAgeSeconds > maxAgeSeconds)
    problems.push(`the chain's report was ${longestAgeSeconds} s old, at most ${maxAgeSeconds} s`);
  if (maxPeakBytes > MEMORY_BAR_BYTES)
    problems.push(`${maxPeakBytes} bytes of memory are above ${MEMORY_BAR_BYTES}`);
  if (exitCodes.some((code) => code !== 0))
    problems.push(`exit codes ${exitCodes.join(", ")}, all must be 0`);
  return problems;
}
