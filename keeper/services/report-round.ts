import { observationBytes, type ObservationContext } from "../core/protocol/observation-bytes.ts";
import { aggregateObservations, type Observation } from "../core/report/aggregate.ts";
import type { RiskReport, SignedReport } from "../core/report/typed-data.ts";
import { unpackMarketWord } from "../core/report/words.ts";
import type {
  Gossip,
  GossipMessage,
  ObserveMessage,
  ProposalMessage,
  SignedObservation,
} from "../ports/gossip.ts";
import type { Hex } from "../ports/hex.ts";
import type { KeeperSet, OracleChain, OracleHeader, SubmittedTransaction } from "../ports/oracle-chain.ts";
import type { NetworkSigner } from "../ports/network-signer.ts";
import type { ReportSigner } from "../ports/signer.ts";
import type { SigningRecord } from "../ports/signing-record.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { compareHex, gather, orderSignatures } from "./gather.ts";

/** Largest distance of a proposed spot from a keeper's own, in bps, at which it still signs. */
const MAX_SPOT_DEVIATION_BPS = 200n;
const BPS = 10_000n;
/** Epochs that a round may skip: a report near the top of the epoch's range would be the last one ever. */
const MAX_EPOCHS_AHEAD = 1_000_000n;
const ZERO_ROOT: Hex = `0x${"00".repeat(32)}`;

/** What a keeper needs to take part in rounds. */
export interface RoundParticipant {
  readonly chain: OracleChain;
  readonly gossip: Gossip;
  readonly signer: ReportSigner;
  readonly network: NetworkSigner;
  readonly record: SigningRecord;
  readonly telemetry: Telemetry;
  /** The keeper's own view of the markets at a time. */
  observe(observedAtSeconds: number): Promise<Observation>;
}

/** Which keeper leads an epoch: each in turn. */
export function leaderOf(epoch: bigint, { keepers }: KeeperSet): Hex {
  const leader = keepers.length === 0 ? undefined : keepers[Number(epoch % BigInt(keepers.length))];
  if (leader === undefined)
    throw new RangeError("the keeper set is empty: set keepers in the registry first");
  return leader;
}

/** A keeper refuses to sign: the reason names what differs. */
export class SigningRefused extends Error {
  readonly code = "signing-refused";

  constructor(reason: string) {
    super(`refused to sign: ${reason}`);
    this.name = "SigningRefused";
  }
}

/**
 * Follows rounds until the signal aborts: answers an opened round with an observation and a proposal with a signature over the report
 * it builds itself. Errors are logged and the keeper goes on.
 */
export function followRounds(participant: RoundParticipant, signal: AbortSignal): void {
  const { gossip, telemetry } = participant;
  const unsubscribe = gossip.subscribe((from, message) => {
    answer(participant, from, message).catch((error: unknown) => {
      telemetry.warn("round-message-failed", { kind: message.kind, from, reason: String(error) });
    });
  });
  signal.addEventListener("abort", unsubscribe, { once: true });
}

async function answer(participant: RoundParticipant, from: Hex, message: GossipMessage): Promise<void> {
  if (message.kind !== "observe" && message.kind !== "proposal") return;
  const { chain, gossip } = participant;
  const { epoch, round } = message;
  const [keeperSet, header] = await Promise.all([chain.keeperSet(), chain.header()]);
  if (from !== leaderOf(epoch, keeperSet))
    throw new SigningRefused(`${from} does not lead epoch ${epoch.toString()}`);
  requireNext(epoch, round, header);
  if (message.kind === "observe") {
    const { observedAtSeconds } = message;
    const observation = await participant.observe(observedAtSeconds);
    const bytes = observationBytes({ ...message, configDigest: keeperSet.configDigest }, observation);
    const signature = participant.network.sign(bytes);
    gossip.publish({ kind: "observation", epoch, round, observedAtSeconds, observation, signature });
    return;
  }
  const report = buildReport(message, keeperSet);
  await requireSignable(participant, keeperSet, message, report);
  const domain = await chain.oracleDomain();
  const reportHash = participant.signer.hashReport(domain, report);
  const slot = `report/${keeperSet.configDigest}/${epoch.toString()}/${round.toString()}`;
  if (!(await participant.record.record(slot, reportHash)))
    throw new SigningRefused(`another report stands recorded for ${slot}`);
  const signature = await participant.signer.signReport(domain, report);
  gossip.publish({ kind: "signature", epoch, round, reportHash, signature });
}

function requireNext(epoch: bigint, round: number, header: OracleHeader): void {
  const name = `epoch ${epoch.toString()} round ${round.toString()}`;
  if (epoch < header.epoch || (epoch === header.epoch && round <= header.round))
    throw new SigningRefused(`${name} is not after the chain's`);
  if (epoch - header.epoch > MAX_EPOCHS_AHEAD)
    throw new SigningRefused(`${name} is more than ${MAX_EPOCHS_AHEAD.toString()} epochs ahead`);
}

/** The report that a proposal's observations make: a pure function of them, so every honest keeper builds the same bytes. */
function buildReport(proposal: ProposalMessage, { configDigest, keepers, quorum }: KeeperSet): RiskReport {
  const members = new Set(keepers);
  const authors = new Set(proposal.observations.map(({ from }) => from));
  if (authors.size !== proposal.observations.length) throw new SigningRefused("one keeper observed twice");
  for (const author of authors)
    if (!members.has(author)) throw new SigningRefused(`${author} is not a keeper`);
  if (authors.size < quorum)
    throw new SigningRefused(`${authors.size.toString()} observations, ${quorum.toString()} needed`);
  const { pegBps, markets, smiles } = aggregateObservations(
    proposal.observations.map(({ observation }) => observation),
  );
  return {
    configDigest,
    epoch: proposal.epoch,
    round: proposal.round,
    observedAt: proposal.observedAtSeconds,
    blockNumber: proposal.blockNumber,
    blockHash: proposal.blockHash,
    pegBps,
    accountRoot: ZERO_ROOT,
    markets,
    smiles,
  };
}

async function requireSignable(
  participant: RoundParticipant,
  keeperSet: KeeperSet,
  proposal: ProposalMessage,
  report: RiskReport,
): Promise<void> {
  const { chain } = participant;
  const { blockNumber, blockHash } = proposal;
  const block = await chain.block(blockNumber);
  if (block?.hash !== blockHash) {
    throw new SigningRefused(`block ${blockNumber.toString()} is not ${blockHash} on this chain`);
  }
  const context = { ...proposal, configDigest: keeperSet.configDigest };
  for (const signed of proposal.observations) {
    if (!madeByAuthor(participant.network, keeperSet, context, signed)) {
      throw new SigningRefused(`the proposal carries an observation that ${signed.from} did not make`);
    }
  }
  const own = await participant.observe(proposal.observedAtSeconds);
  for (const [index, { market }] of own.markets.entries()) {
    const word = report.markets[index];
    const spotE8 = word === undefined ? 0n : unpackMarketWord(word).spotE8;
    if (deviationBps(spotE8, market.spotE8) > MAX_SPOT_DEVIATION_BPS) {
      throw new SigningRefused(
        `market ${market.market.toString()}: spot ${spotE8.toString()} against own ${market.spotE8.toString()}`,
      );
    }
  }
  if (report.markets.length !== own.markets.length)
    throw new SigningRefused("the report lists other markets");
}

/**
 * Leads one round: opens it, gathers observations, proposes them and gathers signatures over the report.
 * @throws the signal's reason when it aborts before a quorum has signed
 */
export async function leadRound(
  participant: RoundParticipant,
  epoch: bigint,
  round: number,
  observedAtSeconds: number,
  signal: AbortSignal,
): Promise<SignedReport> {
  const { chain } = participant;
  const [keeperSet, block] = await Promise.all([chain.keeperSet(), chain.latestBlock()]);
  const opening: ObserveMessage = { kind: "observe", epoch, round, observedAtSeconds };
  const observations = await gatherObservations(participant, opening, keeperSet, signal);
  const proposal: ProposalMessage = {
    kind: "proposal",
    epoch,
    round,
    observedAtSeconds,
    blockNumber: block.number,
    blockHash: block.hash,
    observations,
  };
  const report = buildReport(proposal, keeperSet);
  return { report, signatures: await gatherSignatures(participant, proposal, report, keeperSet, signal) };
}

/** The first sound observation of each of n - f keepers, rising by author. */
async function gatherObservations(
  { chain, gossip, network }: RoundParticipant,
  opening: ObserveMessage,
  keeperSet: KeeperSet,
  signal: AbortSignal,
): Promise<readonly SignedObservation[]> {
  const { keepers, faults, configDigest } = keeperSet;
  const markets = (await chain.forecastLimits()).map(({ market }) => market);
  const observations = new Map<Hex, SignedObservation>();
  const open = () => {
    gossip.publish(opening);
  };
  await gather(gossip, signal, open, (from, message) => {
    const counts =
      message.kind === "observation" &&
      message.epoch === opening.epoch &&
      message.round === opening.round &&
      keepers.includes(from) &&
      !observations.has(from) &&
      isSound(message.observation, markets) &&
      madeByAuthor(network, keeperSet, { ...opening, configDigest }, { ...message, from });
    if (counts) {
      const { observation, signature } = message;
      observations.set(from, { from, observation, signature });
    }
    return observations.size >= keepers.length - faults;
  });
  return [...observations.values()].sort((a, b) => compareHex(a.from, b.from));
}

/** A quorum of the keepers' own signatures over the report that a proposal makes. */
async function gatherSignatures(
  { chain, gossip, signer }: RoundParticipant,
  proposal: ProposalMessage,
  report: RiskReport,
  { keepers, quorum }: KeeperSet,
  signal: AbortSignal,
): Promise<readonly Hex[]> {
  const domain = await chain.oracleDomain();
  const signatures = new Map<Hex, Hex>();
  const propose = () => {
    gossip.publish(proposal);
  };
  await gather(gossip, signal, propose, (from, message) => {
    const counts =
      message.kind === "signature" &&
      keepers.includes(from) &&
      signer.reportSigner(domain, report, message.signature) === from;
    if (counts) signatures.set(from, message.signature);
    return signatures.size >= quorum;
  });
  return orderSignatures(signatures, quorum);
}

/** Posts a signed report unless the chain already has one as new. */
export async function transmitReport(
  chain: OracleChain,
  { report, signatures }: SignedReport,
): Promise<SubmittedTransaction | null> {
  const header = await chain.header();
  const isStale =
    header.epoch > report.epoch || (header.epoch === report.epoch && header.round >= report.round);
  return isStale ? null : chain.submitReport(report, signatures);
}

/** Whether a report could be made of this observation alone: one that could not would keep all others from making theirs. */
function isSound(observation: Observation, markets: readonly number[]): boolean {
  try {
    const { markets: words } = aggregateObservations([observation]);
    return (
      words.length === markets.length &&
      words.every((word, index) => unpackMarketWord(word).market === BigInt(markets[index] ?? -1))
    );
  } catch {
    return false;
  }
}

function deviationBps(valueE8: bigint, referenceE8: bigint): bigint {
  const distance = valueE8 > referenceE8 ? valueE8 - referenceE8 : referenceE8 - valueE8;
  return (distance * BPS) / referenceE8;
}

/** Whether the author's network key signed an observation for this round. */
function madeByAuthor(
  network: NetworkSigner,
  { keepers, networkKeys }: KeeperSet,
  context: ObservationContext,
  { from, observation, signature }: SignedObservation,
): boolean {
  const key = networkKeys[keepers.indexOf(from)];
  return key !== undefined && network.verify(key, observationBytes(context, observation), signature);
}
