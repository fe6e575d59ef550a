import { isAfter, type RoundId } from "../../core/protocol/round-id.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ProtocolParts } from "./parts.ts";

export interface CatchUpParts extends Pick<ProtocolParts, "gossip" | "timer" | "parameters"> {
  /** Round of the newest report held. */
  newest(): RoundId;
}

/** Asks peers for the reports that this keeper missed, until it holds all that they had when they were first heard again. */
export interface CatchUp {
  /**
   * A peer holds a report of this round.
   * @param since where the missing ones may begin; what this keeper held before the peer was heard
   */
  noticed(peer: Hex, round: RoundId, since?: RoundId): void;
  /** A report of this round came from the peer, to be kept or passed over. */
  took(peer: Hex, round: RoundId): void;
}

/** What one peer is to be asked for: it moves on as answers come, whatever newer reports come meanwhile. */
interface Gap {
  after: RoundId;
  readonly until: RoundId;
  isAsking: boolean;
  /** Questions in a row that brought nothing. */
  inVain: number;
}

/** Questions in vain after which a gap is given up: the peer does not hold what it claimed, or holds what nobody takes. */
const MAX_IN_VAIN = 3;

/** Each peer has a gap of its own, so that one that claims what it does not hold keeps none of the others from being asked. */
export function createCatchUp(parts: CatchUpParts, signal: AbortSignal): CatchUp {
  const { gossip, timer, parameters } = parts;
  const gaps = new Map<Hex, Gap>();

  /** One question at a time: the next follows when the peer may answer again, as long as its answers bring something. */
  const ask = async (peer: Hex, gap: Gap): Promise<void> => {
    gap.isAsking = true;
    let before: RoundId;
    do {
      before = gap.after;
      gossip.send(peer, { kind: "catch-up", after: before });
      await timer.sleep(parameters.resendMs + parameters.graceMs, signal);
      gap.inVain = isAfter(gap.after, before) ? 0 : gap.inVain + 1;
    } while (gaps.get(peer) === gap && gap.inVain === 0);
    gap.isAsking = false;
    if (gap.inVain >= MAX_IN_VAIN && gaps.get(peer) === gap) gaps.delete(peer);
  };
  return {
    noticed: (peer, round, since = parts.newest()) => {
      if (peer === gossip.self) return;
      const known = gaps.get(peer);
      if (known === undefined && !isAfter(round, since)) return;
      const gap = known ?? { after: since, until: round, isAsking: false, inVain: 0 };
      gaps.set(peer, gap);
      // Ends with the signal, which is no failure.
      if (!gap.isAsking) ask(peer, gap).catch(() => undefined);
    },
    took: (peer, round) => {
      const gap = gaps.get(peer);
      if (gap === undefined || isAfter(round, gap.until) || !isAfter(round, gap.after)) return;
      gap.after = round;
      if (!isAfter(gap.until, round)) gaps.delete(peer);
    },
  };
}
