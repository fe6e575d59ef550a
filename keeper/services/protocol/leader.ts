import type { ObservationMessage, ProposalMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import { compareHex } from "./order-signatures.ts";
import type { Committee, ProtocolParts } from "./parts.ts";
import type { Round, Rounds } from "./rounds.ts";
import { isMadeByAuthor, isSound } from "./verify-proposal.ts";

export interface LeaderParts extends Pick<
  ProtocolParts,
  "chain" | "gossip" | "network" | "timer" | "parameters" | "telemetry"
> {
  readonly rounds: Rounds;
  committee(): Committee;
  /** Whether the round is still this keeper's to lead and not decided. */
  isOpen(round: Round): boolean;
}

/** A keeper's work in the rounds it leads. */
export interface Leader {
  /** Asks everyone for observations, again and again until the round is decided or over. */
  open(round: Round, observedAtSeconds: number): void;
  /** An observation came in. */
  hear(from: Hex, message: ObservationMessage): void;
}

export function createLeader(parts: LeaderParts, signal: AbortSignal): Leader {
  const { chain, gossip, network, timer, parameters, telemetry, rounds } = parts;
  const { resendMs, graceMs } = parameters;

  const say = (round: Round, observedAtSeconds: number): void => {
    const { epoch } = round;
    gossip.publish(round.proposal ?? { kind: "observe", epoch, round: round.round, observedAtSeconds });
  };
  const sayUntilDecided = async (round: Round, observedAtSeconds: number): Promise<void> => {
    while (parts.isOpen(round)) {
      say(round, observedAtSeconds);
      await timer.sleep(resendMs, signal);
    }
  };
  const propose = async (round: Round, observedAtSeconds: number): Promise<void> => {
    const missing = () => round.observations.size < parts.committee().keeperSet.keepers.length;
    if (missing()) await timer.sleep(graceMs, signal);
    const block = await chain.latestBlock();
    if (!parts.isOpen(round)) return;
    const proposal: ProposalMessage = {
      kind: "proposal",
      epoch: round.epoch,
      round: round.round,
      observedAtSeconds,
      blockNumber: block.number,
      blockHash: block.hash,
      observations: [...round.observations.values()].sort((a, b) => compareHex(a.from, b.from)),
    };
    round.proposal = proposal;
    gossip.publish(proposal);
  };
  const failed = (round: Round) => (error: unknown) => {
    round.proposing = false;
    if (!signal.aborted) telemetry.warn("round-not-led", { round: round.round, reason: String(error) });
  };

  return {
    open: (round, observedAtSeconds) => {
      round.observedAtSeconds = observedAtSeconds;
      sayUntilDecided(round, observedAtSeconds).catch(failed(round));
    },
    hear: (from, message) => {
      const round = rounds.known(message);
      if (round === null) return;
      const { observedAtSeconds, observations } = round;
      if (!parts.isOpen(round) || observedAtSeconds === null || observations.has(from)) return;
      const { keeperSet, markets } = parts.committee();
      const { observation, signature } = message;
      const context = { ...round, observedAtSeconds, configDigest: keeperSet.configDigest };
      const signed = { from, observation, signature };
      if (!isSound(observation, markets) || !isMadeByAuthor(network, keeperSet, context, signed)) return;
      observations.set(from, signed);
      if (observations.size < keeperSet.quorum || round.proposing) return;
      round.proposing = true;
      propose(round, observedAtSeconds).catch(failed(round));
    },
  };
}
