import type { Gossip, GossipMessage, ScenarioProposalMessage, SignedScenarioSet } from "../ports/gossip.ts";
import type { Hex } from "../ports/hex.ts";
import type { OracleChain } from "../ports/oracle-chain.ts";
import type { ReportSigner } from "../ports/signer.ts";
import type { SigningRecord } from "../ports/signing-record.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { gather, orderSignatures } from "./gather.ts";
import { SigningRefused } from "./report-round.ts";

/** What a keeper needs to agree on scenario sets. */
export interface ScenarioParticipant {
  readonly chain: OracleChain;
  readonly gossip: Gossip;
  readonly signer: ReportSigner;
  readonly record: SigningRecord;
  readonly telemetry: Telemetry;
  /** The encoded set that this keeper's own history makes; the same history gives the same bytes. */
  buildScenarioSet(): Promise<Hex>;
}

/** Follows proposals of scenario sets until the signal aborts: builds the same set and signs it when the bytes agree. */
export function followScenarioSets(participant: ScenarioParticipant, signal: AbortSignal): void {
  const { gossip, telemetry } = participant;
  const unsubscribe = gossip.subscribe((from, message) => {
    if (message.kind !== "scenario-proposal") return;
    sign(participant, message).catch((error: unknown) => {
      telemetry.warn("scenario-proposal-failed", { from, setId: message.setId, reason: String(error) });
    });
  });
  signal.addEventListener("abort", unsubscribe, { once: true });
}

async function sign(
  participant: ScenarioParticipant,
  { setId, data }: ScenarioProposalMessage,
): Promise<void> {
  const { chain, gossip, signer, record } = participant;
  const [own, keeperSet, domain, lastSetId] = await Promise.all([
    participant.buildScenarioSet(),
    chain.keeperSet(),
    chain.scenarioDomain(),
    chain.scenarioSetId(),
  ]);
  if (setId !== lastSetId + 1n)
    throw new SigningRefused(`set ${setId.toString()} does not follow the chain's ${lastSetId.toString()}`);
  if (own !== data)
    throw new SigningRefused(`set ${setId.toString()} differs from the one this keeper's history makes`);
  const { configDigest } = keeperSet;
  const dataHash = signer.hashData(data);
  const slot = `scenarios/${configDigest}/${setId.toString()}`;
  if (!(await record.record(slot, dataHash)))
    throw new SigningRefused(`another set stands recorded for ${slot}`);
  const signature = await signer.signScenarioSet(domain, { configDigest, setId, dataHash });
  gossip.publish({ kind: "scenario-signature", setId, dataHash, signature });
}

/**
 * Builds the set of a number, proposes it and gathers a quorum of signatures.
 * @throws the signal's reason when it aborts before a quorum has signed
 */
export async function leadScenarioSet(
  participant: ScenarioParticipant,
  setId: bigint,
  signal: AbortSignal,
): Promise<SignedScenarioSet> {
  const { chain, gossip, signer } = participant;
  const [{ configDigest, keepers, quorum }, domain, data] = await Promise.all([
    chain.keeperSet(),
    chain.scenarioDomain(),
    participant.buildScenarioSet(),
  ]);
  const dataHash = signer.hashData(data);
  const signatures = new Map<Hex, Hex>();
  const propose = () => {
    gossip.publish({ kind: "scenario-proposal", setId, data });
  };
  await gather(gossip, signal, propose, (from: Hex, message: GossipMessage) => {
    const counts =
      message.kind === "scenario-signature" &&
      keepers.includes(from) &&
      signer.scenarioSetSigner(domain, { configDigest, setId, dataHash }, message.signature) === from;
    if (counts) signatures.set(from, message.signature);
    return signatures.size >= quorum;
  });
  return { setId, data, configDigest, signatures: orderSignatures(signatures, quorum) };
}
