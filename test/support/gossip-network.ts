// Keepers that talk over real sockets of this machine, and peers outside the adapter that write what they like.
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { noise } from "@libp2p/noise";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { startLibp2pGossip, type Libp2pGossip } from "../../keeper/adapters/libp2p/gossip.ts";
import type { KeeperPeer } from "../../keeper/adapters/libp2p/peer-book.ts";
import { PROTOCOL } from "../../keeper/adapters/libp2p/peer-set.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { messageLimits } from "../../keeper/adapters/wire/message-limits.ts";
import { DEFAULT_PARAMETERS } from "../../keeper/core/protocol/parameters.ts";
import type { GossipMessage } from "../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import type { Timer } from "../../keeper/ports/timer.ts";
import { type LogLine, recordingTelemetry } from "./keeper-doubles.ts";
import { fuzzCodec } from "./message-fuzz.ts";

const LOCAL = "/ip4/127.0.0.1/tcp/0";
const WAIT_MS = 15_000;
const STEP_MS = 20;
const KEY_BYTES = 32;
const ADDRESS_BYTES = 20;
const PREFIX_BYTES = 4;
const KNOWN_KEYS = 16;

export const networkKey = (index: number) => networkKeyOf(new Uint8Array(KEY_BYTES).fill(index + 1));
export const keeperName = (index: number): Hex =>
  asHex(`0x${(index + 1).toString(16).padStart(2, "0").repeat(ADDRESS_BYTES)}`);
export const wish = (epoch: number): GossipMessage => ({
  kind: "wish",
  epoch: BigInt(epoch),
  newest: { epoch: 0n, round: 0 },
});

/** @throws Error when it does not come true in time */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

/** Bytes behind a length, which may be a lie. */
export function framed(bytes: Uint8Array, length = bytes.length): Uint8Array {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(length);
  return Buffer.concat([prefix, bytes]);
}

export interface NetworkedKeeper {
  readonly gossip: Libp2pGossip;
  readonly heard: readonly (readonly [from: Hex, message: GossipMessage])[];
  readonly lines: readonly LogLine[];
  readonly entry: KeeperPeer;
}

export interface StartOptions {
  /** Its report key; that of the index by default. */
  readonly self?: Hex;
  readonly listen?: string;
  readonly timer?: Timer;
}

/** Everything that was started is stopped by `stopAll`. */
export function gossipNetwork() {
  const open = new Set<{ stop(): Promise<void> }>();

  async function start(index: number, options: StartOptions = {}): Promise<NetworkedKeeper> {
    const { self = keeperName(index), listen = LOCAL, timer = systemTimer } = options;
    const { seed, publicKey, peerId } = networkKey(index);
    const telemetry = recordingTelemetry();
    const gossip = await startLibp2pGossip({
      self,
      networkKey: { seed, peerId },
      listen,
      codec: fuzzCodec,
      telemetry,
      timer,
      seed: index,
      limits: (keepers) => messageLimits(keepers, DEFAULT_PARAMETERS),
    });
    open.add(gossip);
    const heard: [Hex, GossipMessage][] = [];
    gossip.subscribe((from, message) => heard.push([from, message]));
    const [endpoint = ""] = gossip.endpoints;
    const entry = { keeper: self, networkKey: publicKey, endpoint };
    return { gossip, heard, lines: telemetry.lines, entry };
  }

  async function startMesh(count: number, options: StartOptions = {}): Promise<readonly NetworkedKeeper[]> {
    const keepers = await Promise.all(Array.from({ length: count }, (_, i) => start(i, options)));
    const entries = keepers.map(({ entry }) => entry);
    await Promise.all(keepers.map(({ gossip }) => gossip.setPeers(entries)));
    await until("all are connected", () =>
      keepers.every(({ gossip }) => gossip.connected().length === count - 1),
    );
    return keepers;
  }

  /** A node outside the adapter. */
  async function startRaw(index: number) {
    const node = await createLibp2p({
      privateKey: await generateKeyPairFromSeed("Ed25519", networkKey(index).seed),
      addresses: { listen: [LOCAL] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
    });
    open.add({ stop: async () => node.stop() });
    const [address] = node.getMultiaddrs();
    const entry: KeeperPeer = {
      keeper: keeperName(index),
      networkKey: networkKey(index).publicKey,
      endpoint: (address?.toString() ?? "").replace(/\/p2p\/.*$/, ""),
    };
    const dial = (peer: KeeperPeer) => {
      const keys = Array.from({ length: KNOWN_KEYS }, (_, i) => networkKey(i));
      const owner = keys.find(({ publicKey }) => publicKey === peer.networkKey);
      return node.dialProtocol(multiaddr(`${peer.endpoint}/p2p/${owner?.peerId ?? ""}`), PROTOCOL);
    };
    return { node, entry, dial };
  }

  return {
    start,
    startMesh,
    startRaw,
    stop: async ({ gossip }: Pick<NetworkedKeeper, "gossip">): Promise<void> => {
      open.delete(gossip);
      await gossip.stop();
    },
    stopAll: async (): Promise<void> => {
      await Promise.all([...open].map((each) => each.stop()));
      open.clear();
    },
  };
}
