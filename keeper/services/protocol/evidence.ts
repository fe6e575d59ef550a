import type { Hex } from "../../ports/hex.ts";
import type { Equivocation } from "../../ports/prosecutor.ts";
import type { SignedHead } from "../../ports/watch-chain.ts";
import { createEquivocationFinder } from "../equivocations.ts";
import type { ProtocolParts } from "./parts.ts";

/** Signatures remembered: those of 31 keepers in the last 64 rounds. */
const MAX_REMEMBERED = 2_000;

/** Everything that keepers are seen to sign passes here: who signed two reports for one round is prosecuted. */
export interface Evidence {
  /** @param signed its signature was checked */
  note(signed: SignedHead): void;
}

export function createEvidence({
  prosecute,
  telemetry,
}: Pick<ProtocolParts, "prosecute" | "telemetry">): Evidence {
  const finder = createEquivocationFinder(MAX_REMEMBERED);
  /** The newest proof against each keeper: one costs it its whole stake. */
  const waiting = new Map<Hex, Equivocation>();

  const handOver = async (found: Equivocation): Promise<void> => {
    waiting.delete(found.signer);
    try {
      await prosecute?.(found);
    } catch (error) {
      if (!waiting.has(found.signer)) waiting.set(found.signer, found);
      telemetry.error("equivocation-not-recorded", { signer: found.signer, reason: String(error) });
    }
  };
  return {
    note: (signed) => {
      const found = finder.note(signed);
      if (found !== null) {
        const { signer, first, second } = found;
        const { epoch, round } = first.head;
        telemetry.error("equivocation-seen", {
          signer,
          epoch,
          round,
          firstHash: first.hash,
          secondHash: second.hash,
        });
        waiting.set(signer, found);
      }
      for (const each of [...waiting.values()]) void handOver(each);
    },
  };
}
