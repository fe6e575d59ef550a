import type { ChainProbe } from "../../ports/chain-probe.ts";
import type { Hex } from "../../ports/hex.ts";

/** A probe that remembers the keepers it saw last. */
export function rememberKeepers(probe: ChainProbe): {
  readonly probe: ChainProbe;
  readonly keepers: () => readonly Hex[];
} {
  let keepers: readonly Hex[] = [];
  return {
    probe: {
      ...probe,
      facts: async () => {
        const facts = await probe.facts();
        if (facts.kind === "complete") keepers = facts.keeperSet.keepers;
        return facts;
      },
    },
    keepers: () => keepers,
  };
}
