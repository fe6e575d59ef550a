// Gossip among keepers of one process that loses, delays, repeats and partitions by the seed it is given.
import type { SeededRandom } from "../../keeper/core/statistics/seeded-random.ts";
import type { Gossip, GossipHandler, GossipMessage } from "../../keeper/ports/gossip.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import { fuzzCodec } from "./message-fuzz.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Faults {
  /** Share of messages that never arrive. */
  loss: number;
  /** Share of messages that arrive twice, the second time much later. */
  replay: number;
  minDelayMs: number;
  maxDelayMs: number;
  /** Groups that hear only themselves; empty when all hear all. */
  partition: readonly (readonly Hex[])[];
}

export interface UnrulyGossip {
  readonly faults: Faults;
  /** Every message sent, with whom it was sent to. */
  readonly sent: readonly { readonly from: Hex; readonly to: Hex; readonly message: GossipMessage }[];
  join(self: Hex): Gossip;
}

const REPLAY_DELAY_MS = 20_000;

export function unrulyGossip(
  members: readonly Hex[],
  time: VirtualTime,
  random: SeededRandom,
  given: Partial<Faults> = {},
): UnrulyGossip {
  const faults: Faults = { loss: 0, replay: 0, minDelayMs: 5, maxDelayMs: 60, partition: [], ...given };
  const handlers = new Map<Hex, Set<GossipHandler>>(members.map((member) => [member, new Set()]));
  const sent: { from: Hex; to: Hex; message: GossipMessage }[] = [];
  const isCut = (a: Hex, b: Hex) =>
    faults.partition.length > 0 && !faults.partition.some((group) => group.includes(a) && group.includes(b));
  const send = (from: Hex, to: Hex, message: GossipMessage) => {
    // What has no form on the wire must not be said here either.
    if (message.kind === "catch-up" || message.kind === "wish") fuzzCodec.decode(fuzzCodec.encode(message));
    sent.push({ from, to, message });
    const deliver = () => {
      if (isCut(from, to)) return;
      for (const handler of handlers.get(to) ?? []) handler(from, message);
    };
    if (from === to) {
      time.after(0, deliver);
      return;
    }
    const delayMs = () => faults.minDelayMs + random.uniform() * (faults.maxDelayMs - faults.minDelayMs);
    if (random.uniform() >= faults.loss) time.after(delayMs(), deliver);
    if (random.uniform() < faults.replay) time.after(REPLAY_DELAY_MS + delayMs(), deliver);
  };
  return {
    faults,
    sent,
    join: (self) => ({
      self,
      publish: (message) => {
        for (const member of members) send(self, member, message);
      },
      send: (to, message) => {
        send(self, to, message);
      },
      subscribe: (handler) => {
        const own = handlers.get(self);
        own?.add(handler);
        return () => own?.delete(handler);
      },
    }),
  };
}
