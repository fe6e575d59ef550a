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

/** An entry of the registry that nobody could dial. */
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
