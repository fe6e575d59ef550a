import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { NetworkSigner } from "../../ports/network-signer.ts";
import { NETWORK_KEY_BYTES, type NetworkKey } from "./network-key.ts";

/** RFC 8410: what stands before the 32 bytes of a key in its PKCS #8 and its SPKI form. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Signs with a network key in this process. */
export function createNetworkSigner({
  seed,
  publicKey,
}: Pick<NetworkKey, "seed" | "publicKey">): NetworkSigner {
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  return {
    publicKey,
    sign: (bytes) => asHex(`0x${sign(null, bytes, secret).toString("hex")}`),
    verify: verifyNetworkSignature(),
  };
}

/** Checks signatures of any network key; a key's form is worked out once. */
export function verifyNetworkSignature(): NetworkSigner["verify"] {
  const known = new Map<Hex, KeyObject>();
  const keyOf = (key: Hex): KeyObject => {
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const raw = Buffer.from(key.slice("0x".length), "hex");
    if (raw.length !== NETWORK_KEY_BYTES)
      throw new RangeError(`a network key has ${NETWORK_KEY_BYTES} bytes`);
    const fresh = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: "der", type: "spki" });
    known.set(key, fresh);
    return fresh;
  };
  return (key, bytes, signature) => {
    try {
      return verify(null, bytes, keyOf(key), Buffer.from(signature.slice("0x".length), "hex"));
    } catch {
      return false;
    }
  };
}
