import { transmissionTurn } from "../../core/protocol/leaders.ts";
import { SECONDS_PER_DAY } from "../../core/units.ts";
import type {
  GossipMessage,
  ScenarioProposalMessage,
  ScenarioSignatureMessage,
  SignedScenarioSet,
} from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import { orderSignatures } from "./order-signatures.ts";
import type { Agreement } from "./agreement.ts";
import { SigningRefused, type ProtocolParts } from "./parts.ts";

export interface ScenarioParts extends Pick<
  ProtocolParts,
  "chain" | "gossip" | "signer" | "store" | "clock" | "timer" | "telemetry" | "parameters"
> {
  readonly agreement: Pick<Agreement, "committee" | "epoch" | "isLeader" | "leader">;
  /** The encoded set that this keeper's own history makes; the same history gives the same bytes. */
  buildScenarioSet(): Promise<Hex>;
}

/** Agreement on the day's scenario set. */
export interface ScenarioAgreement {
  /** As leader: proposes the next set, unless the day has its set. */
  propose(): Promise<void>;
}

/** The set that this keeper signed last. */
interface Draft {
  readonly setId: bigint;
  readonly data: Hex;
  readonly dataHash: Hex;
}

/** Follows proposals of scenario sets until the signal aborts: builds the same set and signs it when the bytes agree, one a day. */
export async function joinScenarioAgreement(
  parts: ScenarioParts,
  accepted: (final: SignedScenarioSet) => void,
  signal: AbortSignal,
): Promise<ScenarioAgreement> {
  const { chain, gossip, telemetry, clock } = parts;
  const domain = await chain.scenarioDomain();
  const heard = new Map<Hex, ScenarioSignatureMessage>();
  let draft: Draft | null = null;
  let newestSetId = 0n;
  let agreedDay = Number.NEGATIVE_INFINITY;

  const finish = (final: SignedScenarioSet | null) => {
    if (final === null || final.setId <= newestSetId) return;
    newestSetId = final.setId;
    agreedDay = dayOf(clock.nowSeconds());
    gossip.publish({ kind: "scenario-final", ...final });
    accepted(final);
  };
  const receive = async (from: Hex, message: GossipMessage): Promise<void> => {
    if (message.kind === "scenario-proposal") {
      draft = await sign(parts, domain, from, message);
      finish(complete(parts, domain, draft, heard));
    } else if (message.kind === "scenario-signature") {
      heard.set(from, message);
      if (draft !== null) finish(complete(parts, domain, draft, heard));
    } else if (message.kind === "scenario-final") {
      const { setId, data, configDigest, signatures } = message;
      if (hasQuorum(parts, domain, message)) finish({ setId, data, configDigest, signatures });
    }
  };
  const unsubscribe = gossip.subscribe((from, message) => {
    if (!parts.agreement.committee.keeperSet.keepers.includes(from)) return;
    receive(from, message).catch((error: unknown) => {
      if (!signal.aborted)
        telemetry.warn("scenario-message-failed", { kind: message.kind, from, reason: String(error) });
    });
  });
  signal.addEventListener("abort", unsubscribe, { once: true });
  return {
    propose: async () => {
      if (!parts.agreement.isLeader() || dayOf(clock.nowSeconds()) <= agreedDay) return;
      const [data, setId] = await Promise.all([parts.buildScenarioSet(), chain.scenarioSetId()]);
      gossip.publish({ kind: "scenario-proposal", setId: setId + 1n, data });
    },
  };
}

const dayOf = (seconds: number): number => Math.floor(seconds / SECONDS_PER_DAY);

async function sign(
  parts: ScenarioParts,
  domain: SigningDomain,
  from: Hex,
  { setId, data }: ScenarioProposalMessage,
): Promise<Draft> {
  const { chain, gossip, signer, store, clock, agreement } = parts;
  const { configDigest, keepers } = agreement.committee.keeperSet;
  if (from !== agreement.leader()) throw new SigningRefused(`${from} does not lead`);
  if (!keepers.includes(signer.address))
    throw new SigningRefused(`${signer.address} is not among the keepers of ${configDigest}`);
  const [own, lastSetId] = await Promise.all([parts.buildScenarioSet(), chain.scenarioSetId()]);
  if (setId !== lastSetId + 1n)
    throw new SigningRefused(`set ${setId.toString()} does not follow the chain's ${lastSetId.toString()}`);
  if (own !== data)
    throw new SigningRefused(`set ${setId.toString()} differs from the one this keeper's history makes`);
  const dataHash = signer.hashData(data);
  const day = dayOf(clock.nowSeconds());
  const slots = [
    `scenarios/${configDigest}/${setId.toString()}`,
    `scenario-day/${configDigest}/${day.toString()}`,
  ];
  for (const slot of slots)
    if (!(await store.record(slot, dataHash)))
      throw new SigningRefused(`another set stands recorded for ${slot}`);
  const signature = await signer.signScenarioSet(domain, { configDigest, setId, dataHash });
  gossip.publish({ kind: "scenario-signature", setId, dataHash, signature });
  return { setId, data, dataHash };
}

/** The set with a quorum of the signatures heard; null while they are too few. */
function complete(
  { signer, agreement }: ScenarioParts,
  domain: SigningDomain,
  { setId, data, dataHash }: Draft,
  heard: ReadonlyMap<Hex, ScenarioSignatureMessage>,
): SignedScenarioSet | null {
  const { configDigest, quorum } = agreement.committee.keeperSet;
  const matching = [...heard].filter(
    ([, message]) => message.setId === setId && message.dataHash === dataHash,
  );
  if (matching.length < quorum) return null;
  const valid = matching.filter(
    ([from, { signature }]) =>
      signer.scenarioSetSigner(domain, { configDigest, setId, dataHash }, signature) === from,
  );
  if (valid.length < quorum) return null;
  const signatures = new Map(valid.map(([from, { signature }]) => [from, signature]));
  return { setId, data, configDigest, signatures: orderSignatures(signatures, quorum) };
}

function hasQuorum(
  { signer, agreement }: ScenarioParts,
  domain: SigningDomain,
  { setId, data, configDigest, signatures }: SignedScenarioSet,
): boolean {
  const { keeperSet } = agreement.committee;
  if (configDigest !== keeperSet.configDigest || signatures.length !== keeperSet.quorum) return false;
  const dataHash = signer.hashData(data);
  const authors = signatures.map((each) =>
    signer.scenarioSetSigner(domain, { configDigest, setId, dataHash }, each),
  );
  return (
    new Set(authors).size === authors.length &&
    authors.every((author) => author !== null && keeperSet.keepers.includes(author))
  );
}

/** Publishes a set when it is this keeper's turn, after a last look at the chain. */
export async function publishScenarioSet(
  { chain, signer, timer, telemetry, parameters, agreement }: Omit<ScenarioParts, "buildScenarioSet">,
  final: SignedScenarioSet,
  signal: AbortSignal,
): Promise<void> {
  const { setId, data, configDigest, signatures } = final;
  const { keepers } = agreement.committee.keeperSet;
  const turn = transmissionTurn(signer.address, { epoch: setId, round: 0 }, keepers, configDigest);
  if (turn > 0) await timer.sleep(turn * parameters.stageMs, signal);
  if ((await chain.scenarioSetId()) >= setId) return;
  await chain.publishScenarioSet(setId, data, configDigest, signatures);
  telemetry.info("scenario-set-posted", { setId, turn });
}
