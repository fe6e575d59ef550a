import type { ReportMark } from "../../core/report/report-mark.ts";
import type { GossipMessage, ObservationMessage, ProposalMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ChainBlock, OracleChain } from "../../ports/oracle-chain.ts";
import { compareHex } from "./order-signatures.ts";
import type { Committee, ProtocolParts } from "./parts.ts";
import { isTooOftenWrong, noteWrong, type Round, type Rounds } from "./rounds.ts";
import { findUnsound, isMadeByAuthor } from "./verify-proposal.ts";

/**
 * Blocks behind the newest one at which a report names its block: a reorganisation that does not reach so deep leaves reports on their way alone.
 * The oracle compares hashes of the last 256 blocks.
 */
export const NAMED_BLOCK_DEPTH = 3n;

export interface LeaderParts extends Pick<
  ProtocolParts,
  "gossip" | "network" | "timer" | "parameters" | "telemetry"
> {
  readonly chain: Pick<OracleChain, "latestBlock" | "block">;
  readonly rounds: Rounds;
  committee(): Committee;
  /** The report that the next one is going to follow. */
  before(): ReportMark | null;
  /** Whether the round is still this keeper's to lead and not decided. */
  isOpen(round: Round): boolean;
}

/** A keeper's work in the rounds it leads. */
export interface Leader {
  /**
   * Asks everyone for observations, again and again until the round is decided or over. A slot's beginning and an epoch's may both open a round: its
   * moment is that of the first time, whenever the second comes.
   */
  open(round: Round, nowSeconds: number): void;
  /** An observation came in. */
  hear(from: Hex, message: ObservationMessage): void;
}

export function createLeader(parts: LeaderParts, signal: AbortSignal): Leader {
  const { timer, telemetry, parameters, rounds } = parts;
  const failed = (round: Round) => (error: unknown) => {
    if (!signal.aborted) telemetry.warn("round-not-led", { round: round.round, reason: String(error) });
  };
  return {
    open: (round, nowSeconds) => {
      if (round.leading) return;
      round.leading = true;
      // What was observed at one moment cannot stand in a proposal of another.
      const observedAtSeconds = (round.observedAtSeconds ??= nowSeconds);
      const sayUntilDecided = async (): Promise<void> => {
        if (parts.isOpen(round)) parts.gossip.publish(messageOf(round, observedAtSeconds));
        while (parts.isOpen(round)) {
          // A proposal that could not be made is tried again.
          proposeOnce(parts, round, signal).catch(failed(round));
          await timer.sleep(parameters.resendMs, signal);
          if (parts.isOpen(round)) sayAgain(parts, round, observedAtSeconds);
        }
      };
      sayUntilDecided()
        .catch(failed(round))
        .finally(() => {
          round.leading = false;
        });
    },
    hear: (from, message) => {
      const round = rounds.known(message);
      if (round === null || !parts.isOpen(round)) return;
      if (takeObservation(parts, round, from, message))
        proposeOnce(parts, round, signal).catch(failed(round));
    },
  };
}

function messageOf({ epoch, round, proposal }: Round, observedAtSeconds: number): GossipMessage {
  return proposal ?? { kind: "observe", epoch, round, observedAtSeconds };
}

/** To those who have not answered: all others would only be kept from their work. */
function sayAgain(parts: LeaderParts, round: Round, observedAtSeconds: number): void {
  const answered = round.proposal === null ? round.observations : round.heard;
  const message = messageOf(round, observedAtSeconds);
  for (const keeper of parts.committee().keeperSet.keepers)
    if (!answered.has(keeper)) parts.gossip.send(keeper, message);
}

/** Keeps a keeper's first sound observation. */
function takeObservation(
  parts: LeaderParts,
  round: Round,
  from: Hex,
  { observedAtSeconds, observation, signature }: ObservationMessage,
): boolean {
  const { network, telemetry } = parts;
  if (observedAtSeconds !== round.observedAtSeconds || round.observations.has(from)) return false;
  if (isTooOftenWrong(round, "observation", from)) return false;
  const { keeperSet, limits } = parts.committee();
  const context = { ...round, observedAtSeconds, configDigest: keeperSet.configDigest };
  const signed = { from, observation, signature };
  const unsound = isMadeByAuthor(network, keeperSet, context, signed)
    ? findUnsound(observation, limits, parts.before(), observedAtSeconds)
    : "its author did not sign it";
  if (unsound !== null) {
    noteWrong(round, "observation", from);
    telemetry.warn("observation-left-out", { from, round: round.round, reason: unsound });
    return false;
  }
  round.observations.set(from, signed);
  return true;
}

/** Proposes once there is a quorum of observations, after a short grace for the rest. */
async function proposeOnce(parts: LeaderParts, round: Round, signal: AbortSignal): Promise<void> {
  const { gossip, timer, parameters } = parts;
  const { quorum } = parts.committee().keeperSet;
  const { observations } = round;
  if (round.proposing || round.proposal !== null || observations.size < quorum) return;
  round.proposing = true;
  try {
    const [block] = await Promise.all([namedBlock(parts.chain), timer.sleep(parameters.graceMs, signal)]);
    const proposal = proposalOf(round, block);
    if (!parts.isOpen(round)) return;
    round.proposal = proposal;
    gossip.publish(proposal);
  } finally {
    round.proposing = false;
  }
}

function proposalOf(round: Round, block: ChainBlock): ProposalMessage {
  return {
    kind: "proposal",
    epoch: round.epoch,
    round: round.round,
    observedAtSeconds: round.observedAtSeconds ?? 0,
    blockNumber: block.number,
    blockHash: block.hash,
    observations: [...round.observations.values()].sort((a, b) => compareHex(a.from, b.from)),
  };
}

async function namedBlock(chain: LeaderParts["chain"]): Promise<ChainBlock> {
  const latest = await chain.latestBlock();
  if (latest.number < NAMED_BLOCK_DEPTH) return latest;
  return (await chain.block(latest.number - NAMED_BLOCK_DEPTH)) ?? latest;
}
