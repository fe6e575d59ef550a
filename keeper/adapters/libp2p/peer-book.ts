import { multiaddr, type Multiaddr } from "@multiformats/multiaddr";
import type { Hex } from "../../ports/hex.ts";
import { peerIdOf } from "../keystore/network-key.ts";

/** A keeper as the registry lists it. */
export interface KeeperPeer {
  /** Its report key's address: its name in the protocol. */
  readonly keeper: Hex;
  /** 32 bytes, Ed25519. */
  readonly networkKey: Hex;
  /** A multiaddr such as /ip4/192.0.2.1/tcp/9463 or /dns4/keeper.example/tcp/9463. */
  readonly endpoint: string;
}

/** A keeper that can be dialled and recognised. */
export interface KnownPeer {
  readonly keeper: Hex;
  readonly peerId: string;
  readonly address: Multiaddr;
}

/** An entry of the registry that this keeper cannot use. */
export class PeerError extends Error {
  readonly keeper: Hex;
  readonly endpoint: string;

  constructor(keeper: Hex, endpoint: string, detail: string, options?: ErrorOptions) {
    super(`keeper ${keeper} at ${endpoint}: ${detail}`, options);
    this.name = "PeerError";
    this.keeper = keeper;
    this.endpoint = endpoint;
  }
}

const TRANSPORT = /^\/(?:ip4|ip6|dns4|dns6|dns)\/[^/]+\/tcp\/[0-9]+$/;

/**
 * Where and by which peer id a keeper is found; the connection's handshake proves the peer id.
 * @throws PeerError for a key or an endpoint that cannot be used
 */
export function knownPeer({ keeper, networkKey, endpoint }: KeeperPeer): KnownPeer {
  if (!TRANSPORT.test(endpoint))
    throw new PeerError(keeper, endpoint, "expected an endpoint such as /ip4/192.0.2.1/tcp/9463");
  try {
    const peerId = peerIdOf(networkKey);
    return { keeper, peerId, address: multiaddr(`${endpoint}/p2p/${peerId}`) };
  } catch (cause) {
    throw new PeerError(keeper, endpoint, "no usable network key or endpoint", { cause });
  }
}

export interface Self {
  /** Its report key. */
  readonly keeper: Hex;
  readonly peerId: string;
}

/**
 * The entries that can be used, without the own one. Whoever is in the registry writes its own entry, so a bad one costs its author the
 * connection and nobody else; of two with one name or one key the first counts.
 * @param refused is told each entry that is left out
 */
export function knownPeers(
  entries: readonly KeeperPeer[],
  self: Self,
  refused: (error: PeerError) => void,
): readonly KnownPeer[] {
  const known: KnownPeer[] = [];
  for (const entry of entries) {
    if (isSameKeeper(entry.keeper, self.keeper)) continue;
    try {
      known.push(distinctPeer(entry, self, known));
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      refused(error);
    }
  }
  return known;
}

/** @throws PeerError when the entry cannot be used, or stands for this keeper or for one before it */
function distinctPeer(entry: KeeperPeer, self: Self, before: readonly KnownPeer[]): KnownPeer {
  const peer = knownPeer(entry);
  const { keeper, endpoint } = entry;
  if (peer.peerId === self.peerId)
    throw new PeerError(keeper, endpoint, "its network key is this keeper's own");
  const twin = before.find((other) => other.peerId === peer.peerId || isSameKeeper(other.keeper, keeper));
  if (twin !== undefined)
    throw new PeerError(keeper, endpoint, `its report key or network key is the one of ${twin.keeper}`);
  return peer;
}

/** Addresses may be written with or without the checksum's capitals. */
export function isSameKeeper(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
