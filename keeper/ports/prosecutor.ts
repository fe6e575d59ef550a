import type { Hex } from "./hex.ts";
import type { SignedHead } from "./watch-chain.ts";

/** One key, one round, two reports. */
export interface Equivocation {
  readonly signer: Hex;
  readonly first: SignedHead;
  readonly second: SignedHead;
}

/** Who sees to it that a proof reaches the chain. */
export interface Prosecutor {
  /** Resolves once the proof is durable, so that a restart does not lose it; until then it is handed over again and again. */
  prosecute(found: Equivocation): Promise<void>;
}
