import { observationBytes } from "../../core/protocol/observation-bytes.ts";
import { slotAt } from "../../core/protocol/parameters.ts";
import { isReportNeeded } from "../../core/protocol/report-need.ts";
import { nameOfRound, type RoundId } from "../../core/protocol/round-id.ts";
import type { Observation } from "../../core/report/aggregate.ts";
import { markOfReport } from "../../core/report/report-mark.ts";
import type { ReportHead, RiskReport } from "../../core/report/typed-data.ts";
import type {
  ObservationMessage,
  ObserveMessage,
  ProposalMessage,
  SignatureMessage,
} from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { OracleHeader } from "../../ports/oracle-chain.ts";
import type { Evidence } from "./evidence.ts";
import { requireReadInTime, requireWithinFeeds } from "./feed-band.ts";
import type { Finals } from "./finals.ts";
import { SigningRefused, type Committee, type ProtocolParts } from "./parts.ts";
import { markOnItsWay } from "./report-before.ts";
import { completeRound, hearSignature, noteOwn, type Round, type Rounds } from "./rounds.ts";
import { readPosted, type PostedReport } from "./standing.ts";
import { buildReport, requireAcceptable, requireSignable } from "./verify-proposal.ts";

/** Slots by which a signature may be early or late before it is not worth remembering. */
const NEAR_SLOTS = 4;
const MILLISECONDS = 1_000;
/** Moments for which a round may be opened: a leader that restarted within its slot opens it anew. */
const MAX_MOMENTS = 3;
/** Proposals of one round that are looked at. */
const MAX_PROPOSALS = 4;

export interface FollowerParts extends ProtocolParts {
  readonly rounds: Rounds;
  readonly finals: Finals;
  readonly evidence: Evidence;
  readonly firstSlotToSign: number;
  readonly committee: () => Committee;
  /** The epoch this keeper takes part in, and who leads it. */
  readonly epoch: () => bigint;
  readonly leader: () => Hex;
  /** The round's slot needs no more: it has its report, or it needs none. */
  decided(round: RoundId): void;
}

/** A keeper's answers to whoever leads. Each rejects with SigningRefused when the message is not one to answer. */
export interface Follower {
  observe(from: Hex, message: ObserveMessage): Promise<void>;
  proposal(from: Hex, message: ProposalMessage): Promise<void>;
  signature(from: Hex, message: SignatureMessage): Promise<void>;
}

export function createFollower(parts: FollowerParts): Follower {
  const { gossip, rounds } = parts;
  return {
    observe: async (from, message) => {
      requireTurn(parts, from, message);
      const round = rounds.of(message);
      const { observedAtSeconds } = message;
      // The answer to the first asking is on its way, and late when this keeper is busy: more of the same would make it busier.
      if (round.looking.has(observedAtSeconds)) return;
      round.looking.add(observedAtSeconds);
      try {
        gossip.send(from, await observeOnce(parts, round, message));
      } finally {
        round.looking.delete(observedAtSeconds);
      }
    },
    proposal: async (from, message) => {
      requireTurn(parts, from, message);
      const round = rounds.of(message);
      if (round.signed !== null) {
        // All others heard it, or get the whole report.
        gossip.send(from, round.signed.message);
        await complete(parts, round);
        return;
      }
      if (round.checking || round.isIdle) return;
      round.checking = true;
      try {
        await answerProposal(parts, round, message);
      } finally {
        round.checking = false;
      }
    },
    signature: async (from, message) => {
      if (!isOfInterest(parts, message.head)) return;
      const round = rounds.of(message.head);
      const signed = hearSignature(round, from, message, parts.committee(), parts.signer);
      if (signed === null) return;
      parts.evidence.note(signed);
      await complete(parts, round);
    },
  };
}

/** Whether a head is of the configuration in force, and of a round about now. */
function isOfInterest(
  { clock, parameters, committee, epoch }: FollowerParts,
  { configDigest, epoch: given, round }: ReportHead,
): boolean {
  const isNear = Math.abs(slotAt(clock.nowSeconds(), parameters) - round) <= NEAR_SLOTS;
  const isInForce = configDigest === committee().keeperSet.configDigest;
  return isInForce && isNear && given >= epoch() && given <= epoch() + 1n;
}

/** @throws SigningRefused unless the sender leads this epoch and its clock is near this keeper's */
function requireTurn(
  { epoch, leader, clock, parameters }: FollowerParts,
  from: Hex,
  message: ObserveMessage | ProposalMessage,
): void {
  if (message.epoch !== epoch())
    throw new SigningRefused(`epoch ${message.epoch.toString()} is not the present ${epoch().toString()}`);
  if (from !== leader()) throw new SigningRefused(`${from} does not lead epoch ${message.epoch.toString()}`);
  const { observedAtSeconds } = message;
  if (slotAt(observedAtSeconds, parameters) !== message.round)
    throw new SigningRefused(
      `time ${observedAtSeconds.toString()} is not in slot ${message.round.toString()}`,
    );
  const offset = observedAtSeconds - clock.nowSeconds();
  const { maxClockOffsetSeconds, progressMs } = parameters;
  if (offset > maxClockOffsetSeconds || -offset > maxClockOffsetSeconds + progressMs / MILLISECONDS)
    throw new SigningRefused(`observed ${offset.toString()} s from this keeper's time`);
}

/** What this keeper says it sees at a moment: one thing, however often it is asked. */
function observeOnce(
  parts: FollowerParts,
  round: Round,
  { observedAtSeconds }: ObserveMessage,
): Promise<ObservationMessage> {
  const known = round.own.get(observedAtSeconds);
  if (known !== undefined) return known;
  if (round.own.size >= MAX_MOMENTS)
    throw new SigningRefused(`round ${nameOfRound(round)} was opened for too many moments`);
  const observed = signObservation(parts, round, observedAtSeconds);
  round.own.set(observedAtSeconds, observed);
  observed.catch(() => round.own.delete(observedAtSeconds));
  return observed;
}

async function signObservation(
  parts: FollowerParts,
  { epoch, round }: RoundId,
  observedAtSeconds: number,
): Promise<ObservationMessage> {
  const { network, committee } = parts;
  const observation = await parts.observe(observedAtSeconds);
  const { configDigest } = committee().keeperSet;
  const context = { configDigest, epoch, round, observedAtSeconds };
  const signature = network.sign(observationBytes(context, observation));
  return { kind: "observation", epoch, round, observedAtSeconds, observation, signature };
}

/** The report that a proposal makes, built once however often the leader repeats it; what was wrong with it stays wrong. */
function reportOf(
  parts: FollowerParts,
  round: Round,
  proposal: ProposalMessage,
  committee: Committee,
): RiskReport {
  // The signatures bind the observations: two proposals of one name differ only when one of them is forged.
  const name = [
    proposal.observedAtSeconds,
    proposal.blockNumber,
    proposal.blockHash,
    ...proposal.observations.map(({ from, signature }) => `${from}/${signature}`),
  ].join();
  const known = round.built.get(name);
  if (known instanceof SigningRefused) throw known;
  if (known !== undefined) return known;
  if (round.built.size >= MAX_PROPOSALS)
    throw new SigningRefused(`the leader of round ${nameOfRound(round)} has proposed too many reports`);
  try {
    const report = buildReport(proposal, committee, parts.network);
    round.built.set(name, report);
    for (const { from, observation } of proposal.observations)
      parts.participation.observed(from, round.epoch, round.round, observation);
    return report;
  } catch (error) {
    if (error instanceof SigningRefused) round.built.set(name, error);
    throw error;
  }
}

async function answerProposal(parts: FollowerParts, round: Round, proposal: ProposalMessage): Promise<void> {
  const { chain, signer, store, gossip, finals } = parts;
  const committee = parts.committee();
  if (!committee.keeperSet.keepers.includes(signer.address))
    throw new SigningRefused(
      `${signer.address} is not among the keepers of ${committee.keeperSet.configDigest}`,
    );
  const report = reportOf(parts, round, proposal, committee);
  const posted = await readPosted(parts, committee.limits);
  await requireSignable(report, await ownView(parts, round, report.observedAt), {
    header: posted.header,
    newest: finals.newestReport,
    chain,
  });
  if (!(await isWorthSigning(parts, report, posted, committee))) {
    round.isIdle = true;
    parts.decided(round);
    return;
  }
  // The store is new and may have forgotten what was signed; that was said as the keeper began.
  if (round.round < parts.firstSlotToSign) return;
  const head = signer.headOf(report);
  const hash = signer.hashHead(committee.domain, head);
  const { configDigest } = committee.keeperSet;
  const slot = `report/${configDigest}/${nameOfRound(round)}`;
  if (!(await store.record(slot, hash, { configDigest, round: round.round })))
    throw new SigningRefused(`another report stands recorded for ${slot}`);
  const signature = await signer.signReport(committee.domain, report);
  const message: SignatureMessage = { kind: "signature", head, signature };
  noteOwn(round, gossip.self, { report, hash, message });
  parts.proposalSigned?.(configDigest, proposal);
  gossip.publish(message);
  await complete(parts, round);
}

/** What this keeper told the leader that it sees at that moment, or sees now when it was not asked. */
async function ownView(parts: FollowerParts, round: Round, observedAtSeconds: number): Promise<Observation> {
  const own = await round.own.get(observedAtSeconds)?.catch(() => null);
  return own?.observation ?? parts.observe(observedAtSeconds);
}

/**
 * Whether a report is due.
 * @throws SigningRefused when it is and the oracle would refuse it
 */
async function isWorthSigning(
  parts: FollowerParts,
  report: RiskReport,
  { header, mark }: PostedReport,
  { limits }: Committee,
): Promise<boolean> {
  const { chain, parameters } = parts;
  const before = markOnItsWay(parts, header) ?? mark;
  const isNeeded =
    isReportNeeded(markOfReport(report), before, parameters) || (await isConfirmation(parts, report, header));
  if (!isNeeded) return false;
  requireAcceptable(report, limits, before);
  requireWithinFeeds(report, await chain.guardingFeeds());
  requireReadInTime(report.observedAt, parts.clock.nowSeconds(), parameters);
  return true;
}

/** Whether the report ends the quarantine of a market, and none on its way does. */
async function isConfirmation(
  { chain, finals }: FollowerParts,
  { epoch }: RoundId,
  header: OracleHeader,
): Promise<boolean> {
  const newestEpoch = finals.newest.epoch > header.epoch ? finals.newest.epoch : header.epoch;
  return epoch > newestEpoch && (await chain.quarantinedMarkets()) > 0;
}

async function complete(parts: FollowerParts, round: Round): Promise<void> {
  const { participation, finals, gossip } = parts;
  const final = completeRound(round, parts.committee(), (author) => {
    participation.signed(author, round.epoch, round.round);
  });
  if (final !== null) await finals.accept(final, gossip.self);
}
