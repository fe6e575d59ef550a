import type { Telemetry } from "../../ports/telemetry.ts";
import type { Timer } from "../../ports/timer.ts";
import type { MessageLimits } from "../wire/message-limits.ts";
import { createRateLimiter, type RateLimiter } from "../wire/token-bucket.ts";
import { createBackOff } from "./back-off.ts";
import type { Libp2pNode } from "./libp2p-types.ts";
import { createOutgoingQueue, type OutgoingQueue } from "./outgoing-queue.ts";
import { knownPeers, type KeeperPeer, type KnownPeer, type Self } from "./peer-book.ts";
import { createPeerLink, type PeerLink } from "./peer-link.ts";
import type { TroubleLog } from "./trouble-log.ts";

/** The name of the streams among keepers. */
export const PROTOCOL = "/ballast/keeper/1";
/** An answer to a catch-up, and what a slot or two bring: older messages would only keep newer ones waiting when a peer returns. */
const QUEUE_BOUNDS = { maxMessages: 64, maxBytes: 4_194_304 } as const;
const BACK_OFF_BOUNDS = { firstMs: 200, longestMs: 10_000 } as const;
/** All about one peer. */
export interface PeerState {
  readonly peer: KnownPeer;
  readonly queue: OutgoingQueue;
  readonly limiter: RateLimiter;
  readonly link: PeerLink;
  connected: boolean;
}

/** By peer id. */
export type PeerSet = Map<string, PeerState>;

export interface PeerSetParts {
  readonly self: Self;
  readonly telemetry: Telemetry;
  readonly timer: Timer;
  /** Of the redials' jitter. */
  readonly seed: number;
  readonly limits: () => MessageLimits;
  readonly node: Libp2pNode;
  readonly log: TroubleLog;
}

/** Lets bytes wait for a peer; what does not fit is counted. */
export function enqueue({ queue, peer }: PeerState, bytes: Uint8Array, log: TroubleLog): void {
  const dropped = queue.push(bytes);
  if (dropped > 0) log.count("peer-queue-full", peer.keeper, "the oldest are dropped", dropped);
}

/** Peers whose name, key and endpoint stay keep their connections and what waits for them. */
export async function replacePeers(
  peers: PeerSet,
  entries: readonly KeeperPeer[],
  parts: PeerSetParts,
): Promise<void> {
  const wanted = knownPeers(entries, parts.self, ({ keeper, message }) => {
    parts.log.count("peer-entry-refused", keeper, message);
  });
  const unchanged = (a: KnownPeer) =>
    wanted.some((b) => b.keeper === a.keeper && b.peerId === a.peerId && b.address.equals(a.address));
  const gone = [...peers.values()].filter(({ peer }) => !unchanged(peer));
  for (const { peer } of gone) peers.delete(peer.peerId);
  for (const peer of wanted) {
    if (peers.has(peer.peerId)) continue;
    const state = createPeer(peer, parts);
    peers.set(peer.peerId, state);
    // Only who is in the set may be dialled.
    state.link.start();
  }
  await Promise.all(
    gone.map(async ({ peer, link }) => {
      await link.stop();
      // A connection that does not close in order is one that nothing is read from.
      if (!peers.has(peer.peerId)) await parts.node.hangUp(peer.address).catch(() => undefined);
    }),
  );
}

function createPeer(peer: KnownPeer, { telemetry, timer, seed, limits, node, log }: PeerSetParts): PeerState {
  const queue = createOutgoingQueue(QUEUE_BOUNDS);
  const link = createPeerLink({
    queue,
    backOff: createBackOff(BACK_OFF_BOUNDS, seed ^ Number.parseInt(peer.keeper.slice(-7), 16)),
    timer,
    open: (signal) => node.dialProtocol(peer.address, PROTOCOL, { signal }),
    changed: (connected) => {
      state.connected = connected;
      telemetry.info(connected ? "peer-connected" : "peer-lost", { peer: peer.keeper });
    },
    failed: (error) => {
      log.count("peer-unreachable", peer.keeper, error instanceof Error ? error.message : String(error));
    },
  });
  const limiter = createRateLimiter(limits, () => timer.nowMs());
  const state: PeerState = { peer, queue, limiter, link, connected: false };
  return state;
}
