import type { Hex } from "./hex.ts";
import type { SubmittedTransaction } from "./oracle-chain.ts";
import type { Equivocation } from "./prosecutor.ts";

/** The contract that takes proofs against keepers. Reads throw when no node answers. */
export interface SlashingChain {
  /** Units that a proof against the report key can still take. */
  atStakeUnits(reportKey: Hex): Promise<bigint>;
  /** Resolves once mined, with null when nothing is left to take; a refusal throws ChainRefusal. */
  proveEquivocation(found: Equivocation): Promise<SubmittedTransaction | null>;
  /**
   * Has the operator behind the report key, whose stake is gone, out of the keeper set. Resolves once mined, with null when it is out already; a
   * refusal throws ChainRefusal.
   */
  expel(reportKey: Hex): Promise<SubmittedTransaction | null>;
}
