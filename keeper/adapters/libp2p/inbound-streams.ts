import type { GossipMessage } from "../../ports/gossip.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Timer } from "../../ports/timer.ts";
import type { WireCodec } from "../wire/codec.ts";
import type { MessageLimits } from "../wire/message-limits.ts";
import { readStream } from "./incoming.ts";
import type { Libp2pNode, Libp2pStream } from "./libp2p-types.ts";
import { type PeerSet, PROTOCOL } from "./peer-set.ts";
import type { TroubleLog } from "./trouble-log.ts";

/** One in use and one that replaces it. */
const MAX_INBOUND_STREAMS = 2;

export interface InboundParts {
  readonly peers: PeerSet;
  readonly codec: WireCodec;
  readonly deliver: (from: Hex, message: GossipMessage) => void;
  readonly log: TroubleLog;
  readonly timer: Timer;
  readonly limits: () => MessageLimits;
  readonly unknownDigest: (from: Hex) => void;
}

/** Reads what peers write. Of a peer's streams the newest counts. */
export async function acceptStreams(node: Libp2pNode, parts: InboundParts): Promise<void> {
  /** By peer id. */
  const streams = new Map<string, Libp2pStream>();
  await node.handle(
    PROTOCOL,
    (stream, { remotePeer }) => {
      const peerId = remotePeer.toString();
      if (!parts.peers.has(peerId)) {
        stream.abort(new Error("unknown peer"));
        return;
      }
      streams.get(peerId)?.abort(new Error("a newer stream takes its place"));
      streams.set(peerId, stream);
      stream.addEventListener("close", () => {
        if (streams.get(peerId) === stream) streams.delete(peerId);
      });
      readPeer(stream, peerId, parts);
    },
    { maxInboundStreams: MAX_INBOUND_STREAMS },
  );
}

/** Whose stream it is is asked for each message: a keeper's report key may rotate while its stream lives. */
function readPeer(stream: Libp2pStream, peerId: string, parts: InboundParts): void {
  const { peers, deliver, log, unknownDigest } = parts;
  readStream(stream, {
    ...parts,
    sender: () => {
      const state = peers.get(peerId);
      if (state === undefined) return null;
      const { limiter, peer } = state;
      return {
        limiter,
        deliver: (message) => {
          deliver(peer.keeper, message);
        },
        trouble: (what, detail) => {
          log.count(what, peer.keeper, detail);
        },
        unknownDigest: () => {
          unknownDigest(peer.keeper);
        },
      };
    },
  });
}
