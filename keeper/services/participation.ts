import type { MarketsView } from "../core/report/aggregate.ts";
import type { RiskReport } from "../core/report/typed-data.ts";
import { unpackMarketWord } from "../core/report/words.ts";
import { forgetOldest } from "../core/remembered.ts";
import type { Hex } from "../ports/hex.ts";
import type { ReportStamp } from "../ports/keeper-status.ts";

const BPS = 10_000;

/** How one keeper took part in the reports so far. */
interface MemberRecord {
  readonly lastReport: ReportStamp | null;
  readonly deviationBps: number | null;
  readonly signedStreak: number;
  readonly missedStreak: number;
}

/** Follows who signs which report and how far each keeper's prices are from the medians. */
export interface Participation {
  /** A signature over a round's report was heard, verified by the caller. */
  signed(member: Hex, epoch: bigint, round: number): void;
  /** A keeper's own observation of a round was heard. */
  observed(member: Hex, epoch: bigint, round: number, observation: MarketsView): void;
  /** A report is complete; `signers` are those whose signatures it carries. Reports before the newest are ignored. */
  completed(report: RiskReport, signers: readonly Hex[]): void;
  /** Streaks count the report before a newer one came: until then signatures may still arrive. */
  of(member: Hex): MemberRecord;
  readonly newest: ReportStamp | null;
}

interface Round {
  readonly epoch: bigint;
  readonly round: number;
  readonly signers: Set<Hex>;
  readonly observations: Map<Hex, MarketsView>;
  report: RiskReport | null;
}

interface MutableRecord {
  lastReport: ReportStamp | null;
  deviationBps: number | null;
  signedStreak: number;
  missedStreak: number;
}

/** Rounds that are remembered while they are open. */
const MAX_OPEN_ROUNDS = 16;

/** @param members the keepers of the set now */
export function createParticipation(members: () => readonly Hex[]): Participation {
  const open = new Map<string, Round>();
  const records = new Map<Hex, MutableRecord>();
  let newest: Round | null = null;

  const recordOf = (member: Hex): MutableRecord => {
    const known = records.get(member);
    if (known !== undefined) return known;
    const fresh = { lastReport: null, deviationBps: null, signedStreak: 0, missedStreak: 0 };
    records.set(member, fresh);
    return fresh;
  };
  const roundOf = (epoch: bigint, round: number): Round => {
    const name = `${epoch.toString()}/${round.toString()}`;
    const known = open.get(name);
    if (known !== undefined) return known;
    const fresh: Round = { epoch, round, signers: new Set(), observations: new Map(), report: null };
    open.set(name, fresh);
    forgetOldest(open, MAX_OPEN_ROUNDS);
    return fresh;
  };
  const noteSigner = (round: Round, member: Hex): void => {
    round.signers.add(member);
    if (round.report !== null) recordOf(member).lastReport = stampOf(round.report);
  };

  return {
    signed: (member, epoch, round) => {
      noteSigner(roundOf(epoch, round), member);
    },
    observed: (member, epoch, round, observation) => {
      const entry = roundOf(epoch, round);
      entry.observations.set(member, observation);
      if (entry.report !== null) recordOf(member).deviationBps = deviationBps(entry.report, observation);
    },
    completed: (report, signers) => {
      const round = roundOf(report.epoch, report.round);
      if (newest !== null && round !== newest) {
        if (!isAfter(round, newest)) return;
        for (const member of members()) closeRound(recordOf(member), newest.signers.has(member));
      }
      newest = round;
      round.report = report;
      for (const signer of [...round.signers, ...signers]) noteSigner(round, signer);
      for (const [member, observation] of round.observations)
        recordOf(member).deviationBps = deviationBps(report, observation);
    },
    of: (member) => ({ ...recordOf(member) }),
    get newest() {
      const report = newest?.report ?? null;
      return report === null ? null : stampOf(report);
    },
  };
}

function closeRound(record: MutableRecord, signed: boolean): void {
  record.signedStreak = signed ? record.signedStreak + 1 : 0;
  record.missedStreak = signed ? 0 : record.missedStreak + 1;
}

function isAfter(a: Round, b: Round): boolean {
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.round > b.round);
}

function stampOf({ epoch, round, observedAt }: RiskReport): ReportStamp {
  return { epoch, round, observedAtSeconds: observedAt };
}

/** Distance of an observation's spots from a report's, the largest by size over the markets, bps; null when no market is shared. */
function deviationBps(report: RiskReport, observation: MarketsView): number | null {
  const spots = new Map(
    report.markets.map((word) => unpackMarketWord(word)).map((m) => [m.market, m.spotE8]),
  );
  let largest: number | null = null;
  for (const { market } of observation.markets) {
    const median = spots.get(market.market);
    if (median === undefined || median === 0n) continue;
    const bps = (Number(market.spotE8 - median) / Number(median)) * BPS;
    if (largest === null || Math.abs(bps) > Math.abs(largest)) largest = bps;
  }
  return largest;
}
