import { leaderOf } from "../../core/protocol/leaders.ts";
import { slotAt } from "../../core/protocol/parameters.ts";
import type { RoundId } from "../../core/protocol/round-id.ts";
import type { ReportLimits } from "../../core/report/report-checks.ts";
import type { ReportMark } from "../../core/report/report-mark.ts";
import type { SignedReport } from "../../core/report/typed-data.ts";
import type { GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { OracleHeader } from "../../ports/oracle-chain.ts";
import { createCatchUp, type CatchUp } from "./catch-up.ts";
import { createEvidence } from "./evidence.ts";
import { openFinals, type Finals } from "./finals.ts";
import { createFollower, type Follower } from "./follower.ts";
import { createLeader, type Leader } from "./leader.ts";
import { openPacemaker, type Pacemaker } from "./pacemaker.ts";
import type { Committee, ProtocolParts } from "./parts.ts";
import { markOnItsWay, readChainMark } from "./report-before.ts";
import { createRounds, type Round, type Rounds } from "./rounds.ts";

/** A keeper among the others: it answers everyone, and leads when it is its turn. */
export interface Agreement {
  readonly committee: Committee;
  /** The epoch this keeper takes part in. */
  readonly epoch: bigint;
  /** The newest round whose report it holds. */
  readonly newest: RoundId;
  /** Who leads that epoch. */
  leader(): Hex;
  isLeader(): boolean;
  /** Begins a slot: its leader opens the round, all others expect it to. A slot that is not after the last is ignored. */
  beginSlot(slot: number): Promise<void>;
}

/** What changes while a keeper takes part. */
interface Standing {
  committee: Committee;
  /** The chain's last report as of the present slot. */
  posted: PostedReport;
  /** The slot that is to be decided. */
  slot: number;
  /** The last slot that was. */
  decidedSlot: number;
  slotsInEpoch: number;
  /** When each peer was last given what it missed, ms. */
  readonly answeredAtMs: Map<Hex, number>;
}

interface PostedReport {
  readonly header: OracleHeader;
  readonly mark: ReportMark | null;
}

interface Organs {
  readonly parts: ProtocolParts;
  readonly signal: AbortSignal;
  readonly standing: Standing;
  readonly finals: Finals;
  readonly pacemaker: Pacemaker;
  readonly leader: Leader;
  readonly follower: Follower;
  readonly rounds: Rounds;
  readonly catchUp: CatchUp;
}

/**
 * Joins the agreement on reports until the signal aborts.
 * @param accepted is told each report that is complete and newer than all before
 */
export async function joinAgreement(
  parts: ProtocolParts,
  accepted: (final: SignedReport) => void,
  signal: AbortSignal,
): Promise<Agreement> {
  const organs = await assemble(parts, accepted, signal);
  const { gossip, telemetry } = parts;
  const { standing, finals, pacemaker } = organs;
  const unsubscribe = gossip.subscribe((from, message) => {
    if (!standing.committee.keeperSet.keepers.includes(from)) return;
    receive(organs, from, message).catch((error: unknown) => {
      if (!signal.aborted)
        telemetry.warn("round-message-failed", { kind: message.kind, from, reason: String(error) });
    });
  });
  signal.addEventListener("abort", unsubscribe, { once: true });
  gossip.publish({ kind: "catch-up", after: finals.newest });
  return {
    get committee() {
      return standing.committee;
    },
    get epoch() {
      return pacemaker.epoch;
    },
    get newest() {
      return finals.newest;
    },
    leader: () => leaderNow(organs),
    isLeader: () => leaderNow(organs) === gossip.self,
    beginSlot: (slot) => beginSlot(organs, slot),
  };
}

async function readCommittee({ chain }: Pick<ProtocolParts, "chain">): Promise<Committee> {
  const [keeperSet, domain, limits] = await Promise.all([
    chain.keeperSet(),
    chain.oracleDomain(),
    chain.reportLimits(),
  ]);
  return { keeperSet, domain, limits };
}

async function readPosted(
  { chain }: Pick<ProtocolParts, "chain">,
  limits: ReportLimits,
): Promise<PostedReport> {
  const header = await chain.header();
  return { header, mark: await readChainMark(chain, header, limits) };
}

const leaderNow = ({ pacemaker, standing }: Pick<Organs, "pacemaker" | "standing">): Hex =>
  leaderOf(pacemaker.epoch, standing.committee.keeperSet.keepers, standing.committee.keeperSet.configDigest);

/** Whether a round is of the epoch that is led now, and its slot still to be decided. */
const isUndecided = (
  { epoch, round }: RoundId,
  pacemaker: Pacemaker,
  { slot, decidedSlot }: Standing,
): boolean => epoch === pacemaker.epoch && decidedSlot < round && round >= slot;

const isDecided = ({ decidedSlot, slot }: Standing): boolean => decidedSlot >= slot;

function standingWith(committee: Committee, posted: PostedReport): Standing {
  return {
    committee,
    posted,
    slot: Number.NEGATIVE_INFINITY,
    decidedSlot: Number.NEGATIVE_INFINITY,
    slotsInEpoch: 0,
    answeredAtMs: new Map(),
  };
}

async function assemble(
  parts: ProtocolParts,
  accepted: (final: SignedReport) => void,
  signal: AbortSignal,
): Promise<Organs> {
  const { gossip, telemetry } = parts;
  const first = await readCommittee(parts);
  const standing = standingWith(first, await readPosted(parts, first.limits));
  const committee = () => standing.committee;
  const decided = ({ round }: RoundId) => {
    standing.decidedSlot = Math.max(standing.decidedSlot, round);
  };
  const evidence = createEvidence(parts);
  const finals = await openFinals({
    ...parts,
    evidence,
    committee,
    accepted: (final) => {
      decided(final.report);
      pacemaker.join(final.report.epoch);
      accepted(final);
    },
  });
  const pacemaker: Pacemaker = await openPacemaker(
    {
      store: parts.store,
      quorums: () => committee().keeperSet,
      wished: (epoch) => {
        gossip.publish({ kind: "wish", epoch, newest: finals.newest });
      },
      entered: (epoch) => {
        telemetry.info("epoch-entered", { epoch, leader: leaderNow({ pacemaker, standing }) });
        standing.slotsInEpoch = 1;
        openSlot(organs);
      },
      failed: (error) => {
        telemetry.error("view-not-changed", { reason: String(error) });
      },
    },
    standing.posted.header.epoch,
  );
  const rounds = createRounds();
  const before = () => markOnItsWay({ ...parts, finals }, standing.posted.header) ?? standing.posted.mark;
  const isOpen = (round: Round) => !signal.aborted && isUndecided(round, pacemaker, standing);
  const leader = createLeader({ ...parts, rounds, committee, before, isOpen }, signal);
  const follower = createFollower({
    ...parts,
    rounds,
    finals,
    evidence,
    committee,
    epoch: () => pacemaker.epoch,
    leader: () => leaderNow({ pacemaker, standing }),
    decided,
  });
  const catchUp = createCatchUp({ ...parts, newest: () => finals.newest }, signal);
  const organs: Organs = { parts, signal, standing, finals, pacemaker, leader, follower, rounds, catchUp };
  return organs;
}

/** Leads the slot when it is this keeper's turn, and expects progress in any case; a slot that is decided needs neither. */
function openSlot(organs: Organs): void {
  const { parts, standing, pacemaker, leader, rounds } = organs;
  if (isDecided(standing)) return;
  if (leaderNow(organs) === parts.gossip.self) {
    const now = parts.clock.nowSeconds();
    leader.open(rounds.of({ epoch: pacemaker.epoch, round: slotAt(now, parts.parameters) }), now);
  }
  expectProgress(organs);
}

/** Asks for another leader when the slot is not decided in time, and again as long as nothing changes. */
function expectProgress({ parts, signal, standing, pacemaker }: Organs): void {
  const { timer, parameters, telemetry } = parts;
  const { slot } = standing;
  const { epoch } = pacemaker;
  const isWaiting = () => standing.slot === slot && pacemaker.epoch === epoch && !isDecided(standing);
  const watch = async () => {
    await timer.sleep(parameters.progressMs, signal);
    if (isWaiting()) {
      telemetry.warn("leader-made-no-progress", { epoch, slot });
      pacemaker.wishForNext();
    }
  };
  watch().catch(() => undefined);
}

/** Says again where this keeper stands: so that lost wishes do not matter, and who was away learns what it missed. */
function announce({ parts, pacemaker, finals }: Organs): void {
  parts.gossip.publish({ kind: "wish", epoch: pacemaker.wish, newest: finals.newest });
}

/** Announces the view until the slot is decided or over. */
async function announceUntilDecided(organs: Organs, slot: number): Promise<void> {
  const { parts, signal, standing } = organs;
  do {
    announce(organs);
    await parts.timer.sleep(parts.parameters.resendMs, signal);
  } while (standing.slot === slot && !isDecided(standing));
}

async function beginSlot(organs: Organs, slot: number): Promise<void> {
  const { parts, signal, standing, pacemaker } = organs;
  if (slot <= standing.slot) return;
  const [committee, quarantinedMarkets] = await Promise.all([
    readCommittee(parts),
    parts.chain.quarantinedMarkets(),
  ]);
  const posted = await readPosted(parts, committee.limits);
  if (slot <= standing.slot || signal.aborted) return;
  const { header } = posted;
  standing.committee = committee;
  standing.posted = posted;
  standing.slot = slot;
  standing.slotsInEpoch++;
  pacemaker.join(header.epoch);
  announceUntilDecided(organs, slot).catch(() => undefined);
  const isTermOver = standing.slotsInEpoch > parts.parameters.slotsPerEpoch;
  // A jump wants another leader's confirmation, and soon: the term of the one who reported it ends.
  const isJumpUnconfirmed = quarantinedMarkets > 0 && pacemaker.epoch <= header.epoch;
  if (isTermOver || isJumpUnconfirmed) pacemaker.wishForNext();
  if (isJumpUnconfirmed) expectProgress(organs);
  else openSlot(organs);
}

async function receive(organs: Organs, from: Hex, message: GossipMessage): Promise<void> {
  const { follower, leader, pacemaker, catchUp } = organs;
  switch (message.kind) {
    case "observe":
      return follower.observe(from, message);
    case "proposal":
      return follower.proposal(from, message);
    case "signature":
      return follower.signature(from, message);
    case "observation":
      leader.hear(from, message);
      return;
    case "final":
      return takeFinal(organs, from, message);
    case "wish":
      pacemaker.heard(from, message.epoch);
      catchUp.noticed(from, message.newest);
      return;
    case "catch-up":
      return tellMissed(organs, from, message.after);
    case "scenario-proposal":
    case "scenario-signature":
    case "scenario-final":
      return;
  }
}

/** True when a peer was not answered within the last resend time: notes that it is answered now. */
function isTime({ timer, parameters }: ProtocolParts, answeredAtMs: Map<Hex, number>, peer: Hex): boolean {
  const now = timer.nowMs();
  if (now - (answeredAtMs.get(peer) ?? Number.NEGATIVE_INFINITY) < parameters.resendMs) return false;
  answeredAtMs.set(peer, now);
  return true;
}

/** Takes a report in, and asks its sender for those between when it does not follow the last one held. */
async function takeFinal(
  { finals, catchUp }: Organs,
  from: Hex,
  { report, signatures }: SignedReport,
): Promise<void> {
  const before = finals.newest;
  if (!(await finals.accept({ report, signatures }))) return;
  const { epoch, round } = report;
  if (round > before.round + 1) catchUp.noticed(from, { epoch, round }, before);
  catchUp.took(from, { epoch, round });
}

async function tellMissed({ parts, finals, standing }: Organs, peer: Hex, after: RoundId): Promise<void> {
  if (peer === parts.gossip.self || !isTime(parts, standing.answeredAtMs, peer)) return;
  for (const final of await finals.after(after)) parts.gossip.send(peer, { kind: "final", ...final });
}
