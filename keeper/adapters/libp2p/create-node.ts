import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { createLibp2p } from "libp2p";
import type { Libp2pGater, Libp2pNode } from "./libp2p-types.ts";

/** Both sides may dial at the same moment, and a restarted peer comes before its old connections are known to be dead. */
const MAX_CONNECTIONS_PER_PEER = 4;
const MAX_CONNECTIONS = 256;
/** Handshakes at a time, and new connections per second of one host: all keepers of a test live on one. */
const MAX_PENDING_CONNECTIONS = 64;
const MAX_CONNECTIONS_PER_SECOND = 64;
const DIAL_TIMEOUT_MS = 5_000;
const PING_INTERVAL_MS = 5_000;
/** Of one connection: ours, and the library's pings. */
const MAX_STREAMS = 8;
const MAX_STREAM_WINDOW_BYTES = 1_048_576;
const KEY_TYPE = "Ed25519";

export interface NodeParts {
  /** 32 bytes; secret. */
  readonly seed: Uint8Array;
  /** A multiaddr such as /ip4/0.0.0.0/tcp/9463. */
  readonly listen: string;
  readonly isKnown: (peerId: string) => boolean;
  /** Somebody was turned away. */
  readonly refused: (peerId: string, detail: string) => void;
}

/** A libp2p node that talks to known peers alone: TCP, Noise and yamux; no discovery, no relay, no identification. */
export async function createNode({ seed, listen, isKnown, refused }: NodeParts): Promise<Libp2pNode> {
  const connections = (peerId: string): number =>
    node.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peerId).length;
  const connectionGater: Libp2pGater = {
    denyDialPeer: (peer) => !isKnown(peer.toString()),
    denyInboundEncryptedConnection: (peer) => {
      const peerId = peer.toString();
      const detail = !isKnown(peerId)
        ? "no keeper's network key"
        : connections(peerId) >= MAX_CONNECTIONS_PER_PEER
          ? `more than ${MAX_CONNECTIONS_PER_PEER} connections`
          : null;
      if (detail !== null) refused(peerId, detail);
      return detail !== null;
    },
    denyOutboundEncryptedConnection: (peer) => !isKnown(peer.toString()),
  };
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed(KEY_TYPE, seed),
    addresses: { listen: [listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        maxInboundStreams: MAX_STREAMS,
        maxOutboundStreams: MAX_STREAMS,
        streamOptions: { maxStreamWindowSize: MAX_STREAM_WINDOW_BYTES },
      }),
    ],
    connectionGater,
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      inboundConnectionThreshold: MAX_CONNECTIONS_PER_SECOND,
      dialTimeout: DIAL_TIMEOUT_MS,
    },
    connectionMonitor: { pingInterval: PING_INTERVAL_MS },
    start: false,
  });
  return node;
}
