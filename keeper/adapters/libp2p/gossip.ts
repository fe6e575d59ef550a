import type { Gossip, GossipHandler, GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import type { NetworkKey } from "../keystore/network-key.ts";
import type { WireCodec } from "../wire/codec.ts";
import type { MessageLimits } from "../wire/message-limits.ts";
import { createNode } from "./create-node.ts";
import { acceptStreams } from "./inbound-streams.ts";
import type { Libp2pNode } from "./libp2p-types.ts";
import { isSameKeeper, type KeeperPeer } from "./peer-book.ts";
import { enqueue, type PeerSet, replacePeers } from "./peer-set.ts";
import { createTroubleLog, type Trouble } from "./trouble-log.ts";

export interface Libp2pGossipParts {
  /** This keeper's report key. */
  readonly self: Hex;
  readonly networkKey: Pick<NetworkKey, "seed" | "peerId">;
  /** A multiaddr such as /ip4/0.0.0.0/tcp/9463; port 0 takes a free one. */
  readonly listen: string;
  readonly codec: WireCodec;
  readonly telemetry: Telemetry;
  readonly timer: Timer;
  /** Of the redials' jitter. */
  readonly seed: number;
  /** What one peer may send when so many keepers are in the set. */
  readonly limits: (keepers: number) => MessageLimits;
  /** A keeper sent a message under a configuration that the codec does not take. */
  readonly unknownDigest?: (from: Hex) => void;
}

/** Gossip over real connections. */
export interface Libp2pGossip extends Gossip {
  /** Where it listens, without the peer id. */
  readonly endpoints: readonly string[];
  /**
   * The keepers to talk to, this one may be among them; replaces those before. Connections to who left end. Entries that cannot be used are
   * counted, logged and left out.
   */
  setPeers(peers: readonly KeeperPeer[]): Promise<void>;
  /** Peers that can be written to now. */
  connected(): readonly Hex[];
  /** How often something went wrong since the start. */
  troubles(what: Trouble): number;
  /** Ends all connections; resolves once nothing runs any more. */
  stop(): Promise<void>;
}

/**
 * Direct streams among all keepers (docs/decisions/0011-direct-streams.md): each writes to each peer on one long-lived stream and reads from
 * the peer's own. The connection's handshake proves who sends, so a message carries no signature of its own.
 */
export async function startLibp2pGossip(parts: Libp2pGossipParts): Promise<Libp2pGossip> {
  const { self, codec, telemetry, timer, unknownDigest = () => undefined } = parts;
  const peers: PeerSet = new Map();
  const handlers = new Set<GossipHandler>();
  const log = createTroubleLog(telemetry, () => timer.nowMs());
  const deliver = deliverTo(handlers, telemetry);
  const node = await createNode({
    seed: parts.networkKey.seed,
    listen: parts.listen,
    isKnown: (peerId) => peers.has(peerId),
    refused: (peerId, detail) => {
      log.count("peer-refused", peerId, detail);
    },
  });
  let current = parts.limits(0);
  const limits = () => current;
  await acceptStreams(node, { peers, codec, timer, limits, deliver, log, unknownDigest });
  wakeOnConnect(node, peers);
  await node.start();
  const ownId = { keeper: self, peerId: parts.networkKey.peerId };
  const toSelf = (message: GossipMessage) => {
    queueMicrotask(() => {
      deliver(self, message);
    });
  };
  return {
    self,
    endpoints: node.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/.*$/, "")),
    publish: (message) => {
      toSelf(message);
      if (peers.size === 0) return;
      const bytes = codec.encode(message);
      for (const state of peers.values()) enqueue(state, bytes, log);
    },
    send: (to, message) => {
      if (isSameKeeper(to, self)) {
        toSelf(message);
        return;
      }
      const state = [...peers.values()].find(({ peer }) => isSameKeeper(peer.keeper, to));
      if (state !== undefined) enqueue(state, codec.encode(message), log);
    },
    subscribe: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    setPeers: (entries) => {
      current = parts.limits(entries.length);
      return replacePeers(peers, entries, { ...parts, self: ownId, limits, node, log });
    },
    connected: () => [...peers.values()].filter(({ connected }) => connected).map(({ peer }) => peer.keeper),
    troubles: (what) => log.total(what),
    stop: async () => {
      await Promise.all([...peers.values()].map(({ link }) => link.stop()));
      peers.clear();
      await node.stop();
    },
  };
}

function deliverTo(handlers: ReadonlySet<GossipHandler>, telemetry: Telemetry) {
  return (from: Hex, message: GossipMessage): void => {
    for (const handler of [...handlers]) {
      try {
        handler(from, message);
      } catch (error) {
        telemetry.error("message-handler-failed", { from, kind: message.kind, error: String(error) });
      }
    }
  };
}

/** A peer that dials is there: no reason to wait with the way back. */
function wakeOnConnect(node: Libp2pNode, peers: PeerSet): void {
  node.addEventListener("peer:connect", ({ detail }) => {
    peers.get(detail.toString())?.link.wake();
  });
}
