import type { EvidenceStore } from "../../ports/evidence-store.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Equivocation } from "../../ports/prosecutor.ts";

/** Proofs for the life of one process. */
export function createMemoryEvidence(): EvidenceStore {
  const open = new Map<Hex, Equivocation>();
  return {
    saveProof: (found) => {
      if (!open.has(found.signer)) open.set(found.signer, found);
      return Promise.resolve();
    },
    openProofs: () => Promise.resolve([...open.values()]),
    closeProof: (signer) => {
      open.delete(signer);
      return Promise.resolve();
    },
  };
}
