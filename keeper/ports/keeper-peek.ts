import type { RoundId } from "../core/protocol/round-id.ts";
import type { ProposalMessage } from "./gossip.ts";
import type { Hex } from "./hex.ts";
import type { Equivocation } from "./prosecutor.ts";

/** What a keeper shows to everyone. Whatever it answers is checked by whoever asks. */
export interface KeeperPeek {
  /** Where it is asked. */
  readonly name: string;
  /** The observations behind the report that it signed in a round; null when it keeps none. Rejects when it does not answer, or with no such thing. */
  proposal(configDigest: Hex, round: RoundId): Promise<ProposalMessage | null>;
  /** Proofs that a keeper signed two reports for one round, not on the chain yet. Rejects when it does not answer, or with no such thing. */
  evidence(): Promise<readonly Equivocation[]>;
}
