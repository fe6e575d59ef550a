import type { Hex } from "./hex.ts";

/** A keeper's Ed25519 network key: it signs what a keeper says to its peers. The key itself never leaves the adapter. */
export interface NetworkSigner {
  /** 32 bytes. */
  readonly publicKey: Hex;
  /** 64 bytes. */
  sign(bytes: Uint8Array): Hex;
  /** False also for what is no key or no signature at all. */
  verify(publicKey: Hex, bytes: Uint8Array, signature: Hex): boolean;
}
