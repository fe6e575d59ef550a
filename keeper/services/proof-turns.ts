import { transmissionTurn } from "../core/protocol/leaders.ts";
import type { Hex } from "../ports/hex.ts";
import type { OracleChain } from "../ports/oracle-chain.ts";
import type { Equivocation } from "../ports/prosecutor.ts";

/** Time between two keepers' turns to prove: two blocks, so that the next one mostly sees that nothing is left to do. */
const PROOF_TURN_MS = 30_000;

/** How long a keeper waits before it proves what all have heard: everyone in turn but the accused, in an order of its own for each round. */
export function proofTurns(
  self: Hex,
  chain: Pick<OracleChain, "keeperSet">,
): (found: Equivocation) => Promise<number> {
  return async ({ signer, first }) => {
    const { keepers } = await chain.keeperSet();
    const provers = keepers.filter((keeper) => keeper !== signer);
    return transmissionTurn(self, first.head, provers, first.head.configDigest) * PROOF_TURN_MS;
  };
}
