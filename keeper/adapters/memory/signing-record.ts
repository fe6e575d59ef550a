import type { Hex } from "../../ports/hex.ts";
import type { SigningRecord } from "../../ports/signing-record.ts";

/** A signing record for the life of one process: for replays, where no slot outlives the chain it belongs to. */
export function createMemorySigningRecord(): SigningRecord {
  const recorded = new Map<string, Hex>();
  return {
    record: (slot, hash) => {
      const earlier = recorded.get(slot);
      if (earlier === undefined) recorded.set(slot, hash);
      return Promise.resolve(earlier === undefined || earlier === hash);
    },
  };
}
