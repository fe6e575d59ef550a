import type { Hex } from "./hex.ts";
import type { Equivocation } from "./prosecutor.ts";

/** Proofs on their way to the chain: a restart goes on with them. At most one for each key, since one costs it its whole stake. */
export interface EvidenceStore {
  /** Keeps a proof, unless one against the same key is kept already. Resolves once durable. */
  saveProof(found: Equivocation): Promise<void>;
  openProofs(): Promise<readonly Equivocation[]>;
  /** Forgets the proof against a key: the chain has it, or will never take it. */
  closeProof(signer: Hex): Promise<void>;
}
