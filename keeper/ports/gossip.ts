import type { Observation } from "../core/report/aggregate.ts";
import type { Hex } from "./hex.ts";

/** One keeper's observation, as its author sent it. */
export interface AttributedObservation {
  readonly from: Hex;
  readonly observation: Observation;
}

/** The leader opens a round. */
export interface ObserveMessage {
  readonly kind: "observe";
  readonly epoch: bigint;
  readonly round: number;
  readonly observedAtSeconds: number;
}

/** A keeper answers with what it sees. */
export interface ObservationMessage {
  readonly kind: "observation";
  readonly epoch: bigint;
  readonly round: number;
  readonly observation: Observation;
}

/** The leader shows all observations, so that everyone can build the report for itself. */
export interface ProposalMessage {
  readonly kind: "proposal";
  readonly epoch: bigint;
  readonly round: number;
  readonly observedAtSeconds: number;
  readonly blockNumber: bigint;
  readonly blockHash: Hex;
  readonly observations: readonly AttributedObservation[];
}

/** A keeper signs the report it built. */
interface SignatureMessage {
  readonly kind: "signature";
  readonly epoch: bigint;
  readonly round: number;
  readonly reportHash: Hex;
  readonly signature: Hex;
}

/** The leader shows the scenario set it built from its history. */
export interface ScenarioProposalMessage {
  readonly kind: "scenario-proposal";
  readonly setId: bigint;
  readonly data: Hex;
}

/** A keeper that built the same set signs it. */
interface ScenarioSignatureMessage {
  readonly kind: "scenario-signature";
  readonly setId: bigint;
  readonly dataHash: Hex;
  readonly signature: Hex;
}

export type GossipMessage =
  | ObserveMessage
  | ObservationMessage
  | ProposalMessage
  | SignatureMessage
  | ScenarioProposalMessage
  | ScenarioSignatureMessage;

/** `from` is authenticated by the adapter: a message cannot be sent in another keeper's name. */
export type GossipHandler = (from: Hex, message: GossipMessage) => void;

/** Best-effort broadcast among keepers, the sender included. */
export interface Gossip {
  readonly self: Hex;
  publish(message: GossipMessage): void;
  /** Calls the handler for each message until the returned function is called. */
  subscribe(handler: GossipHandler): () => void;
}
