import { slotAt } from "../../core/protocol/parameters.ts";
import type { Finals } from "./finals.ts";
import type { Leader } from "./leader.ts";
import type { Pacemaker } from "./pacemaker.ts";
import type { ProtocolParts } from "./parts.ts";
import type { Rounds } from "./rounds.ts";
import { isDecided, NOT_BEHIND, readCommittee, readPosted, type Standing } from "./standing.ts";

export interface SlotParts extends Pick<
  ProtocolParts,
  "chain" | "clock" | "gossip" | "timer" | "telemetry" | "parameters"
> {
  readonly standing: Standing;
  readonly finals: Pick<Finals, "newest">;
  readonly pacemaker: Pacemaker;
  readonly leader: Leader;
  readonly rounds: Rounds;
  isLeader(): boolean;
}

/** So many slots below the one it stands in, a keeper takes its clock to have been ahead, and steps back. */
const BACK_SLOTS = 2;
/**
 * Slots without a decision after which a keeper lets the others know that the chain is in a later epoch: all of them may have lost their stores. A
 * node that lies for a moment, or while reports go on, moves nobody.
 */
const STUCK_SLOTS = 3;

/** Times to resend a message between two tellings of the same wish, at most. */
const MAX_PAUSE_RESENDS = 4;

/** Begins a slot: its leader opens the round, all others expect it to. A slot that is not after the last is ignored. */
export async function beginSlot(parts: SlotParts, slot: number, signal: AbortSignal): Promise<void> {
  const { standing, pacemaker, parameters } = parts;
  if (isPassed(standing, slot)) return;
  const [committee, quarantinedMarkets] = await Promise.all([
    readCommittee(parts),
    parts.chain.quarantinedMarkets(),
  ]);
  const posted = await readPosted(parts, committee.limits);
  if (isPassed(standing, slot) || signal.aborted) return;
  const { header } = posted;
  standing.behind = behindBy(parts, header.epoch);
  standing.committee = committee;
  standing.posted = posted;
  // What a clock that was ahead has decided may be decided again: nobody signs twice for one round.
  if (slot < standing.slot) standing.decidedSlot = Math.min(standing.decidedSlot, slot - 1);
  standing.slot = slot;
  standing.slotsInEpoch++;
  announceUntilDecided(parts, slot, signal).catch(() => undefined);
  const isTermOver = standing.slotsInEpoch > parameters.slotsPerEpoch;
  // A jump wants another leader's confirmation, and soon: the term of the one who reported it ends.
  const isJumpUnconfirmed = quarantinedMarkets > 0 && pacemaker.epoch <= header.epoch;
  if (isTermOver || isJumpUnconfirmed) pacemaker.wishForNext();
  if (isJumpUnconfirmed) expectProgress(parts, signal);
  else openSlot(parts, signal);
}

/** Leads the slot when it is this keeper's turn, and expects progress in any case; a slot that is decided needs neither. */
export function openSlot(parts: SlotParts, signal: AbortSignal): void {
  const { standing, pacemaker, leader, rounds } = parts;
  if (isDecided(standing)) return;
  if (parts.isLeader()) {
    const now = parts.clock.nowSeconds();
    leader.open(rounds.of({ epoch: pacemaker.epoch, round: slotAt(now, parts.parameters) }), now);
  }
  expectProgress(parts, signal);
}

/** Asks for another leader when the slot is not decided in time, and again as long as nothing changes. */
function expectProgress(
  { timer, parameters, telemetry, standing, pacemaker }: SlotParts,
  signal: AbortSignal,
): void {
  const { slot } = standing;
  const { epoch } = pacemaker;
  const isWaiting = () => standing.slot === slot && pacemaker.epoch === epoch && !isDecided(standing);
  const watch = async () => {
    await timer.sleep(parameters.progressMs, signal);
    if (isWaiting()) {
      telemetry.warn("leader-made-no-progress", { epoch, slot });
      pacemaker.wishForNext();
    }
  };
  watch().catch(() => undefined);
}

/**
 * Says again where this keeper stands until the slot is decided or over: lost wishes do not matter, and who was away learns what it missed. Often after
 * a wish has changed, and ever more seldom while there is nothing new to say.
 */
async function announceUntilDecided(parts: SlotParts, slot: number, signal: AbortSignal): Promise<void> {
  const { gossip, timer, parameters, standing, pacemaker, finals } = parts;
  const { behind } = standing;
  let pauseMs = parameters.resendMs;
  let saidEpoch: bigint | null = null;
  do {
    const isStuck = behind.slots >= STUCK_SLOTS && behind.epoch > pacemaker.wish;
    const epoch = isStuck ? behind.epoch : pacemaker.wish;
    gossip.publish({ kind: "wish", epoch, newest: finals.newest });
    pauseMs =
      epoch === saidEpoch
        ? Math.min(2 * pauseMs, MAX_PAUSE_RESENDS * parameters.resendMs)
        : parameters.resendMs;
    saidEpoch = epoch;
    await timer.sleep(pauseMs, signal);
  } while (standing.slot === slot && !isDecided(standing));
}

function isPassed(standing: Standing, slot: number): boolean {
  return slot <= standing.slot && slot > standing.slot - BACK_SLOTS;
}

/** The chain's epoch moves nobody by itself, since one node may invent it: it is only noted how long the chain has seemed to be ahead. */
function behindBy({ standing, pacemaker }: SlotParts, chainEpoch: bigint): Standing["behind"] {
  const { slots, epoch } = standing.behind;
  if (chainEpoch <= pacemaker.epoch || isDecided(standing)) return NOT_BEHIND;
  return { slots: slots + 1, epoch: slots === 0 || chainEpoch < epoch ? chainEpoch : epoch };
}
