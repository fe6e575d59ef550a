import { nameOfRound, type RoundId } from "../../core/protocol/round-id.ts";
import { forgetOldest } from "../../core/remembered.ts";
import type { ProposalMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import { createWireCodec } from "./codec.ts";

/** Proposals that are kept: an hour of reports at one in 36 s, about 20 kB each. */
const KEPT_PROPOSALS = 100;

/** The signed observations behind the reports that this keeper signed last, as the bytes that went over the wire, for whoever recomputes them. */
export interface ProposalArchive {
  readonly keep: (configDigest: Hex, proposal: ProposalMessage) => void;
  /** Null when this keeper signed no report of the round, or too long ago. */
  readonly find: (configDigest: string, round: RoundId) => Uint8Array | null;
}

/** Lives as long as the process: a keeper of several that starts again is the one of them that cannot answer. */
export function createProposalArchive(): ProposalArchive {
  const kept = new Map<string, Uint8Array>();
  const nameOf = (configDigest: string, round: RoundId) =>
    `${configDigest.toLowerCase()}/${nameOfRound(round)}`;
  return {
    keep: (configDigest, proposal) => {
      kept.set(nameOf(configDigest, proposal), createWireCodec(() => [configDigest]).encode(proposal));
      forgetOldest(kept, KEPT_PROPOSALS);
    },
    find: (configDigest, round) => kept.get(nameOf(configDigest, round)) ?? null,
  };
}
