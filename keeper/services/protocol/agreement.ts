import { leaderOf } from "../../core/protocol/leaders.ts";
import type { RoundId } from "../../core/protocol/round-id.ts";
import type { SignedReport } from "../../core/report/typed-data.ts";
import type { GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import { createCatchUp, type CatchUp } from "./catch-up.ts";
import { createEvidence } from "./evidence.ts";
import { openFinals, type Finals } from "./finals.ts";
import { createFollower, type Follower } from "./follower.ts";
import { createLeader, type Leader } from "./leader.ts";
import { openPacemaker, type Pacemaker } from "./pacemaker.ts";
import type { Committee, ProtocolParts } from "./parts.ts";
import { createRareLog, type RareLog } from "./rare-log.ts";
import { markOnItsWay } from "./report-before.ts";
import { createRounds, type Round, type Rounds } from "./rounds.ts";
import { beginSlot, openSlot } from "./slots.ts";
import { firstSlotToSign, readStanding, type Standing } from "./standing.ts";

/** A keeper among the others: it answers everyone, and leads when it is its turn. */
export interface Agreement {
  readonly committee: Committee;
  /** The epoch this keeper takes part in. */
  readonly epoch: bigint;
  /** The newest round whose report it holds. */
  readonly newest: RoundId;
  /** Before it nothing may be signed: the store is new and may have replaced one that remembered what was signed. */
  readonly firstSlotToSign: number;
  /** Who leads that epoch. */
  leader(): Hex;
  isLeader(): boolean;
  /**
   * Begins a slot: its leader opens the round, all others expect it to. A slot that is not after the last is ignored, unless it is so far below that the
   * clock must have been ahead.
   */
  beginSlot(slot: number): Promise<void>;
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
  readonly log: RareLog;
  readonly firstSlot: number;
  /** When each peer was last given what it missed, ms. */
  readonly answeredAtMs: Map<Hex, number>;
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
  const { gossip } = parts;
  const { standing, finals, pacemaker, log } = organs;
  const unsubscribe = gossip.subscribe((from, message) => {
    if (!standing.committee.keeperSet.keepers.includes(from)) return;
    receive(organs, from, message).catch((error: unknown) => {
      if (!signal.aborted)
        log.warn("round-message-failed", from, { kind: message.kind, from, reason: String(error) });
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
    firstSlotToSign: organs.firstSlot,
    leader: () => leaderNow(organs),
    isLeader: () => leaderNow(organs) === gossip.self,
    beginSlot: (slot) => beginSlot(slotParts(organs), slot, signal),
  };
}

const leaderNow = ({ pacemaker, standing }: Pick<Organs, "pacemaker" | "standing">): Hex =>
  leaderOf(pacemaker.epoch, standing.committee.keeperSet.keepers, standing.committee.keeperSet.configDigest);

const slotParts = (organs: Organs) => ({
  ...organs.parts,
  ...organs,
  isLeader: () => leaderNow(organs) === organs.parts.gossip.self,
});

/** Whether a round is of the epoch that is led now, and its slot still to be decided. */
const isUndecided = (
  { epoch, round }: RoundId,
  pacemaker: Pacemaker,
  { slot, decidedSlot }: Standing,
): boolean => epoch === pacemaker.epoch && decidedSlot < round && round >= slot;

async function assemble(
  parts: ProtocolParts,
  accepted: (final: SignedReport) => void,
  signal: AbortSignal,
): Promise<Organs> {
  const standing = await readStanding(parts);
  const firstSlot = await firstSlotToSign(parts, standing.posted);
  const committee = () => standing.committee;
  const decided = ({ round }: RoundId) => {
    standing.decidedSlot = Math.max(standing.decidedSlot, round);
  };
  const log = createRareLog(parts);
  const evidence = createEvidence(parts);
  const finals = await openFinals({
    ...parts,
    log,
    evidence,
    committee,
    accepted: (final) => {
      decided(final.report);
      pacemaker.join(final.report.epoch);
      accepted(final);
    },
  });
  const pacemaker = await openView(parts, finals, standing, () => {
    openSlot(slotParts(organs), signal);
  });
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
    firstSlotToSign: firstSlot,
    epoch: () => pacemaker.epoch,
    leader: () => leaderNow({ pacemaker, standing }),
    decided,
  });
  const catchUp = createCatchUp({ ...parts, newest: () => finals.newest }, signal);
  const answeredAtMs = new Map<Hex, number>();
  const organs: Organs = {
    parts,
    signal,
    standing,
    finals,
    pacemaker,
    leader,
    follower,
    rounds,
    catchUp,
    log,
    firstSlot,
    answeredAtMs,
  };
  return organs;
}

/** The pacemaker, whose wishes are told to everyone; whoever leads an epoch that is entered opens the present slot. */
async function openView(
  { store, gossip, telemetry }: ProtocolParts,
  finals: Finals,
  standing: Standing,
  open: () => void,
): Promise<Pacemaker> {
  const sayEntered = (epoch: bigint) => {
    const { keepers, configDigest } = standing.committee.keeperSet;
    telemetry.info("epoch-entered", { epoch, leader: leaderOf(epoch, keepers, configDigest) });
  };
  const pacemaker = await openPacemaker({
    store,
    quorums: () => standing.committee.keeperSet,
    wished: (epoch) => {
      gossip.publish({ kind: "wish", epoch, newest: finals.newest });
    },
    entered: (epoch) => {
      sayEntered(epoch);
      standing.slotsInEpoch = 1;
      open();
    },
    failed: (error) => {
      telemetry.error("view-not-changed", { reason: String(error) });
    },
  });
  sayEntered(pacemaker.epoch);
  return pacemaker;
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
  const outcome = await finals.accept({ report, signatures }, from);
  if (outcome === "refused") return;
  const { epoch, round } = report;
  if (outcome === "held" && round > before.round + 1) catchUp.noticed(from, { epoch, round }, before);
  catchUp.took(from, { epoch, round });
}

async function tellMissed({ parts, finals, answeredAtMs }: Organs, peer: Hex, after: RoundId): Promise<void> {
  if (peer === parts.gossip.self || !isTime(parts, answeredAtMs, peer)) return;
  for (const final of await finals.after(after)) parts.gossip.send(peer, { kind: "final", ...final });
}
