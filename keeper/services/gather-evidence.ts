import { forgetOldest } from "../core/remembered.ts";
import type { KeeperPeek } from "../ports/keeper-peek.ts";
import type { Equivocation, Prosecutor } from "../ports/prosecutor.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Configurations } from "../ports/watch-chain.ts";

/** Proofs that were handed over and are not taken again; the oldest are forgotten first. */
const MAX_TAKEN = 1_000;
/** Proofs that one keeper is listened to at a time: more than there are keepers. */
const MAX_SHOWN = 64;

export interface GatherParts {
  /** Keepers that are asked for the proofs that they cannot bring to the chain themselves. */
  readonly keepers: readonly KeeperPeek[];
  /** Whether it proves what it says. */
  readonly proves: (found: Equivocation, configurations: Configurations) => boolean;
  readonly prosecutor: Prosecutor;
  readonly telemetry: Telemetry;
}

/** Takes over proofs that keepers show, each once, after checking it; resolves to how many. A keeper that does not answer is left out. */
export function createGatherer(parts: GatherParts): (configurations: Configurations) => Promise<number> {
  const taken = new Set<string>();
  return async (configurations) => {
    let count = 0;
    for (const keeper of parts.keepers)
      for (const found of await shownBy(keeper, parts.telemetry)) {
        const name = `${found.signer}/${found.first.hash}/${found.second.hash}`;
        if (taken.has(name) || !isProof(parts, keeper, found, configurations)) continue;
        await parts.prosecutor.prosecute(found);
        count++;
        taken.add(name);
        forgetOldest(taken, MAX_TAKEN);
      }
    return count;
  };
}

async function shownBy(keeper: KeeperPeek, telemetry: Telemetry): Promise<readonly Equivocation[]> {
  try {
    return (await keeper.evidence()).slice(0, MAX_SHOWN);
  } catch (error) {
    telemetry.info("evidence-not-shown", { keeper: keeper.name, reason: String(error) });
    return [];
  }
}

function isProof(
  { proves, telemetry }: GatherParts,
  keeper: KeeperPeek,
  found: Equivocation,
  configurations: Configurations,
): boolean {
  const { signer, first, second } = found;
  const { epoch, round } = first.head;
  const fields = { signer, epoch, round, firstHash: first.hash, secondHash: second.hash };
  if (!proves(found, configurations)) {
    telemetry.warn("evidence-refused", { ...fields, keeper: keeper.name });
    return false;
  }
  telemetry.error("equivocation-seen", { ...fields, keeper: keeper.name });
  return true;
}
