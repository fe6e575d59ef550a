import type { RoundId } from "../core/protocol/round-id.ts";
import type { Observation } from "../core/report/aggregate.ts";
import type { ReportHead, SignedReport } from "../core/report/typed-data.ts";
import type { Hex } from "./hex.ts";

/** One keeper's observation, as its author signed it. */
export interface SignedObservation {
  /** The author's report key. */
  readonly from: Hex;
  readonly observation: Observation;
  /** Ed25519 by the author's network key over `observationBytes`. */
  readonly signature: Hex;
}

/** The leader opens a round. */
export interface ObserveMessage extends RoundId {
  readonly kind: "observe";
  readonly observedAtSeconds: number;
}

/** A keeper answers the leader with what it sees; the author is the sender. */
export interface ObservationMessage extends RoundId {
  readonly kind: "observation";
  readonly observedAtSeconds: number;
  readonly observation: Observation;
  readonly signature: Hex;
}

/** The leader shows all observations, so that everyone can build the report for itself. */
export interface ProposalMessage extends RoundId {
  readonly kind: "proposal";
  readonly observedAtSeconds: number;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  /** Rising by author. */
  readonly observations: readonly SignedObservation[];
}

/** A keeper signs the report it built. The whole head goes along: whoever hears two of one round can prove it. */
export interface SignatureMessage {
  readonly kind: "signature";
  readonly head: ReportHead;
  readonly signature: Hex;
}

/** A report with a quorum of signatures: from whoever completed it, once more from everyone who first hears it, and as an answer to catch-up. */
interface FinalMessage extends SignedReport {
  readonly kind: "final";
}

/** A keeper wants an epoch to begin. */
interface WishMessage {
  readonly kind: "wish";
  readonly epoch: bigint;
  /** The newest report its sender holds: who holds less asks for the rest. */
  readonly newest: RoundId;
}

/** Signed reports that one answer to a catch-up holds at most. */
export const CATCH_UP_FINALS = 32;

/** A keeper that was away asks one peer for the finals after those it holds. */
interface CatchUpMessage {
  readonly kind: "catch-up";
  readonly after: RoundId;
}

/** The leader shows the scenario set it built from its history. */
export interface ScenarioProposalMessage {
  readonly kind: "scenario-proposal";
  readonly setId: bigint;
  readonly data: Hex;
}

/** A keeper that built the same set signs it. */
export interface ScenarioSignatureMessage {
  readonly kind: "scenario-signature";
  readonly setId: bigint;
  readonly dataHash: Hex;
  readonly signature: Hex;
}

/** A scenario set with enough signatures to be published. */
export interface SignedScenarioSet {
  readonly setId: bigint;
  readonly data: Hex;
  readonly configDigest: Hex;
  /** In rising order of signer. */
  readonly signatures: readonly Hex[];
}

/** A scenario set with a quorum of signatures, echoed like a report. */
interface ScenarioFinalMessage extends SignedScenarioSet {
  readonly kind: "scenario-final";
}

export type GossipMessage =
  | ObserveMessage
  | ObservationMessage
  | ProposalMessage
  | SignatureMessage
  | FinalMessage
  | WishMessage
  | CatchUpMessage
  | ScenarioProposalMessage
  | ScenarioSignatureMessage
  | ScenarioFinalMessage;

/** `from` is a report key, authenticated by the adapter: a message cannot be sent in another keeper's name. */
export type GossipHandler = (from: Hex, message: GossipMessage) => void;

/** Best-effort messages among keepers; they may be lost, late or out of order. */
export interface Gossip {
  readonly self: Hex;
  /** Sends to every keeper, the sender included. */
  publish(message: GossipMessage): void;
  /** Sends to one keeper, which may be the sender itself. */
  send(to: Hex, message: GossipMessage): void;
  /** Calls the handler for each message until the returned function is called. */
  subscribe(handler: GossipHandler): () => void;
}
