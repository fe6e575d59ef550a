import type { Gossip, GossipHandler, GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";

/** A room in which keepers of one process talk; delivery is asynchronous and in order. */
export interface GossipRoom {
  join(self: Hex): Gossip;
}

export function createGossipRoom(): GossipRoom {
  const handlers = new Set<GossipHandler>();
  const deliver = (from: Hex, message: GossipMessage) => {
    for (const handler of handlers)
      queueMicrotask(() => {
        handler(from, message);
      });
  };
  return {
    join: (self) => ({
      self,
      publish: (message) => {
        deliver(self, message);
      },
      subscribe: (handler) => {
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    }),
  };
}
