import type { Gossip, GossipHandler, GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";

/** A room in which keepers of one process talk; delivery is asynchronous and in order. */
export interface GossipRoom {
  join(self: Hex): Gossip;
}

export function createGossipRoom(): GossipRoom {
  const members = new Map<Hex, Set<GossipHandler>>();
  const handlersOf = (member: Hex): Set<GossipHandler> => {
    const handlers = members.get(member) ?? new Set();
    members.set(member, handlers);
    return handlers;
  };
  const deliver = (from: Hex, to: Hex, message: GossipMessage) => {
    for (const handler of handlersOf(to))
      queueMicrotask(() => {
        handler(from, message);
      });
  };
  return {
    join: (self) => ({
      self,
      publish: (message) => {
        for (const member of members.keys()) deliver(self, member, message);
      },
      send: (to, message) => {
        deliver(self, to, message);
      },
      subscribe: (handler) => {
        const handlers = handlersOf(self);
        handlers.add(handler);
        return () => handlers.delete(handler);
      },
    }),
  };
}
