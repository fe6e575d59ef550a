import { SECONDS_PER_DAY } from "../../core/units.ts";
import type {
  GossipMessage,
  ScenarioProposalMessage,
  ScenarioSignatureMessage,
  SignedScenarioSet,
} from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { PostedScenarioSet } from "../../ports/oracle-chain.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { OwnScenarios } from "../scenarios.ts";
import type { Agreement } from "./agreement.ts";
import { orderSignatures, quorumOf } from "./order-signatures.ts";
import { SigningRefused, type ProtocolParts } from "./parts.ts";
import { createSpacing, type Spacing } from "./spacing.ts";

export interface ScenarioParts extends Pick<
  ProtocolParts,
  "chain" | "gossip" | "signer" | "store" | "clock" | "timer" | "telemetry" | "parameters"
> {
  readonly agreement: Pick<Agreement, "committee" | "isLeader" | "leader">;
  /** The set that this keeper's own history makes; the same history gives the same bytes. */
  readonly own: OwnScenarios;
}

/** Agreement on the day's scenario set. */
export interface ScenarioAgreement {
  /**
   * As leader: proposes the next set, again and again until it is complete or another leads. Returns at once when the day needs none, and while
   * an earlier call is at it.
   */
  lead(): Promise<void>;
}

/** The set that this keeper signed last, with the signatures over it that hold. */
interface Draft {
  readonly data: Hex;
  readonly message: ScenarioSignatureMessage;
  readonly configDigest: Hex;
  readonly signatures: Map<Hex, Hex>;
}

/** The newest set with a quorum that this keeper knows. */
interface Held {
  readonly final: SignedScenarioSet;
  readonly dataHash: Hex;
}

interface Organs {
  readonly parts: ScenarioParts;
  readonly domain: SigningDomain;
  readonly signal: AbortSignal;
  readonly accepted: (final: SignedScenarioSet) => void;
  /** The last signature of each keeper, also those that came before this keeper signed. */
  readonly heard: Map<Hex, ScenarioSignatureMessage>;
  readonly isTime: Spacing;
  draft: Draft | null;
  held: Held | null;
  isLeading: boolean;
  isExamining: boolean;
}

/**
 * Follows proposals of scenario sets until the signal aborts, and signs those that this keeper's own history makes too.
 * @param accepted is told each set that is complete
 */
export async function joinScenarioAgreement(
  parts: ScenarioParts,
  accepted: (final: SignedScenarioSet) => void,
  signal: AbortSignal,
): Promise<ScenarioAgreement> {
  const { chain, gossip, telemetry, timer, parameters } = parts;
  const organs: Organs = {
    parts,
    domain: await chain.scenarioDomain(),
    signal,
    accepted,
    heard: new Map(),
    isTime: createSpacing(timer, parameters.resendMs),
    draft: null,
    held: null,
    isLeading: false,
    isExamining: false,
  };
  const unsubscribe = gossip.subscribe((from, message) => {
    if (!parts.agreement.committee.keeperSet.keepers.includes(from)) return;
    receive(organs, from, message).catch((error: unknown) => {
      if (!signal.aborted)
        telemetry.warn("scenario-message-failed", { kind: message.kind, from, reason: String(error) });
    });
  });
  signal.addEventListener("abort", unsubscribe, { once: true });
  return {
    lead: async () => {
      if (organs.isLeading) return;
      organs.isLeading = true;
      try {
        await proposeUntilDone(organs);
      } finally {
        organs.isLeading = false;
      }
    },
  };
}

/** Whatever a keeper sends of a kind, it costs the others one look in each resend time. */
async function receive(organs: Organs, from: Hex, message: GossipMessage): Promise<void> {
  const { kind } = message;
  if (kind !== "scenario-proposal" && kind !== "scenario-signature" && kind !== "scenario-final") return;
  if (!organs.isTime(`${kind}/${from}`)) return;
  if (kind === "scenario-proposal") await examine(organs, from, message);
  else if (kind === "scenario-final") await takeFinal(organs, message);
  else {
    organs.heard.set(from, message);
    count(organs, from, message);
    complete(organs);
  }
}

/** The one number that may be signed now. */
interface Opening {
  readonly inForce: PostedScenarioSet;
  /** The number after the chain's. */
  readonly setId: bigint;
  /** Where the number of the day's set is recorded, and whether it is this one or none yet. */
  readonly slot: string;
  readonly isFree: boolean;
}

async function openingNow({ chain, store, clock, agreement }: ScenarioParts): Promise<Opening> {
  const { configDigest } = agreement.committee.keeperSet;
  const inForce = await chain.scenarioSet();
  const setId = inForce.setId + 1n;
  const day = Math.floor(clock.nowSeconds() / SECONDS_PER_DAY);
  const slot = `scenario-number/${configDigest}/${day.toString()}`;
  const recorded = await store.recorded(slot);
  return { inForce, setId, slot, isFree: recorded === null || recorded === recordOf(setId) };
}

/** A set's number as the signing record keeps it. */
const recordOf = (setId: bigint): Hex => `0x${setId.toString(16).padStart(NUMBER_DIGITS, "0")}`;
const NUMBER_DIGITS = 16;

async function proposeUntilDone(organs: Organs): Promise<void> {
  const { parts, signal } = organs;
  const { gossip, timer, parameters } = parts;
  let pauseMs = parameters.resendMs;
  for (;;) {
    const wanted = await wantedSet(organs);
    if (wanted === null) return;
    gossip.publish({ kind: "scenario-proposal", ...wanted });
    // Others may have to build theirs first, or their data may come later in the day.
    pauseMs = Math.min(2 * pauseMs, parameters.progressMs);
    await timer.sleep(pauseMs, signal);
  }
}

/** The next set as this keeper's history makes it; null when another leads, or the day has its set. */
async function wantedSet(organs: Organs): Promise<Pick<ScenarioProposalMessage, "setId" | "data"> | null> {
  const { agreement, own, signer } = organs.parts;
  if (!agreement.isLeader()) return null;
  const { inForce, setId, isFree } = await openingNow(organs.parts);
  if (!isFree) return null;
  const data = await own.current(organs.signal);
  const dataHash = signer.hashData(data);
  const { configDigest } = agreement.committee.keeperSet;
  const { held } = organs;
  const isHeld =
    held?.final.setId === setId && held.dataHash === dataHash && held.final.configDigest === configDigest;
  return isHeld || dataHash === inForce.dataHash || !agreement.isLeader() ? null : { setId, data };
}

/** Looks at one proposal at a time; what comes meanwhile will come again. */
async function examine(organs: Organs, from: Hex, proposal: ScenarioProposalMessage): Promise<void> {
  if (from !== organs.parts.agreement.leader()) throw new SigningRefused(`${from} does not lead`);
  if (organs.isExamining) return;
  organs.isExamining = true;
  try {
    await signWhatIsOwn(organs, proposal);
  } finally {
    organs.isExamining = false;
  }
  complete(organs);
}

/**
 * Signs a set when everything that is cheap to check is right and the own history makes the same bytes. One number a day is signed, under which
 * the bytes may still change while the keepers' histories differ: the contract takes one set of a number, whichever comes first.
 */
async function signWhatIsOwn(organs: Organs, { setId, data }: ScenarioProposalMessage): Promise<void> {
  const { parts, domain, signal, heard } = organs;
  const { gossip, signer, store, own, agreement } = parts;
  const { configDigest, keepers } = agreement.committee.keeperSet;
  if (!keepers.includes(signer.address))
    throw new SigningRefused(`${signer.address} is not among the keepers of ${configDigest}`);
  const { inForce, setId: next, slot, isFree } = await openingNow(parts);
  if (setId !== next)
    throw new SigningRefused(
      `set ${setId.toString()} does not follow the chain's ${inForce.setId.toString()}`,
    );
  if (!isFree) throw new SigningRefused(`a set of another number stands recorded for ${slot}`);
  const dataHash = signer.hashData(data);
  if (dataHash === inForce.dataHash) throw new SigningRefused("the set in force holds the same bytes");
  if (data !== (await own.current(signal)))
    throw new SigningRefused(`set ${setId.toString()} differs from the one this keeper's history makes`);
  signal.throwIfAborted();
  const { draft } = organs;
  const isSigned =
    draft?.message.setId === setId &&
    draft.message.dataHash === dataHash &&
    draft.configDigest === configDigest;
  if (isSigned) {
    gossip.publish(draft.message);
    return;
  }
  if (!(await store.record(slot, recordOf(setId))))
    throw new SigningRefused(`a set of another number stands recorded for ${slot}`);
  const signature = await signer.signScenarioSet(domain, { configDigest, setId, dataHash });
  const message: ScenarioSignatureMessage = { kind: "scenario-signature", setId, dataHash, signature };
  organs.draft = { data, message, configDigest, signatures: new Map([[gossip.self, signature]]) };
  gossip.publish(message);
  for (const [author, early] of heard) count(organs, author, early);
}

/** Adds a keeper's signature to the draft's when it is over the draft. */
function count(
  { parts, domain, draft }: Organs,
  author: Hex,
  { setId, dataHash, signature }: ScenarioSignatureMessage,
): void {
  if (setId !== draft?.message.setId || dataHash !== draft.message.dataHash) return;
  const { configDigest } = draft;
  if (parts.signer.scenarioSetSigner(domain, { configDigest, setId, dataHash }, signature) === author)
    draft.signatures.set(author, signature);
}

/** Holds the draft once a quorum of the set in force has signed it. */
function complete(organs: Organs): void {
  const { parts, draft } = organs;
  const { configDigest, keepers, quorum } = parts.agreement.committee.keeperSet;
  if (draft?.configDigest !== configDigest) return;
  const signatures = new Map([...draft.signatures].filter(([author]) => keepers.includes(author)));
  if (signatures.size < quorum) return;
  const { data, message } = draft;
  const ordered = orderSignatures(signatures, quorum);
  hold(organs, { setId: message.setId, data, configDigest, signatures: ordered }, message.dataHash);
}

async function takeFinal(
  organs: Organs,
  { setId, data, configDigest, signatures }: SignedScenarioSet,
): Promise<void> {
  const { parts, domain } = organs;
  const { signer, chain, agreement } = parts;
  const { keeperSet } = agreement.committee;
  if (configDigest !== keeperSet.configDigest || signatures.length !== keeperSet.quorum) return;
  const dataHash = signer.hashData(data);
  if (!isNews(organs, { setId, configDigest }, dataHash)) return;
  if ((await chain.scenarioSet()).setId >= setId) return;
  const authorOf = (signature: Hex) =>
    signer.scenarioSetSigner(domain, { configDigest, setId, dataHash }, signature);
  if (quorumOf(signatures, keeperSet, authorOf) !== null)
    hold(organs, { setId, data, configDigest, signatures }, dataHash);
}

/** Of two sets of one number the later one counts that this keeper signed itself: what the others make of it is theirs to say. */
function isNews(
  { held, draft }: Organs,
  { setId, configDigest }: Pick<SignedScenarioSet, "setId" | "configDigest">,
  dataHash: Hex,
): boolean {
  if (held === null || held.final.configDigest !== configDigest) return true;
  if (setId !== held.final.setId) return setId > held.final.setId;
  return dataHash !== held.dataHash && dataHash === draft?.message.dataHash;
}

function hold(organs: Organs, final: SignedScenarioSet, dataHash: Hex): void {
  if (!isNews(organs, final, dataHash)) return;
  organs.held = { final, dataHash };
  organs.parts.gossip.publish({ kind: "scenario-final", ...final });
  organs.accepted(final);
}
