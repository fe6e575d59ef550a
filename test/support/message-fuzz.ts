import fc from "fast-check";
import { WireError } from "../../keeper/adapters/wire/wire-error.ts";
import { createWireCodec } from "../../keeper/adapters/wire/codec.ts";
import { observationBytes } from "../../keeper/core/protocol/observation-bytes.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { gossipMessages } from "./gossip-messages.ts";
import { hostileBytes } from "./hostile-bytes.ts";

export const FUZZ_DIGEST = asHex(`0x${"5a".repeat(32)}`);
export const fuzzCodec = createWireCodec(() => [FUZZ_DIGEST]);

const texts = gossipMessages.map((message) => new TextDecoder().decode(fuzzCodec.encode(message)));

/** Bytes that were refused and bytes that were a message after all. */
export interface FuzzCount {
  readonly refused: number;
  readonly accepted: number;
}

/**
 * Decodes hostile bytes. Throws when the codec throws anything but WireError, when what it accepts has other bytes, cannot be signed over, or
 * when a prototype was changed.
 */
export function fuzzMessages(runs: number, seed: number): FuzzCount {
  const count = { refused: 0, accepted: 0 };
  const property = fc.property(hostileBytes(texts), (bytes) => {
    try {
      const message = fuzzCodec.decode(bytes);
      count.accepted++;
      if (!Buffer.from(fuzzCodec.encode(message)).equals(bytes)) throw new Error("two forms of one message");
      if (message.kind === "observation")
        observationBytes({ configDigest: FUZZ_DIGEST, ...message }, message.observation);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      count.refused++;
    }
    if ("polluted" in {}) throw new Error("a prototype was changed");
  });
  fc.assert(property, { numRuns: runs, seed, endOnFailure: true });
  return count;
}
