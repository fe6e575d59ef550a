import { transmissionTurn } from "../../core/protocol/leaders.ts";
import type { SignedScenarioSet } from "../../ports/gossip.ts";
import type { Committee, ProtocolParts } from "./parts.ts";

/** Sees to it that the newest complete set stands on the chain. */
export interface ScenarioPublication {
  /** A set is complete; it takes the place of the one before. */
  schedule(final: SignedScenarioSet): void;
}

/**
 * The keepers take turns, a stage apart, and begin anew until the chain has the set: whoever's transaction was refused, has an empty account or
 * died, another tries. They go on looking afterwards, since a reorganisation may take the set away again.
 */
export function createScenarioPublication(
  parts: Pick<ProtocolParts, "chain" | "signer" | "timer" | "telemetry" | "parameters">,
  committee: () => Committee,
  signal: AbortSignal,
): ScenarioPublication {
  const { signer, timer, telemetry, parameters } = parts;
  let newest: SignedScenarioSet | null = null;
  const takeTurns = async (final: SignedScenarioSet): Promise<void> => {
    const { keepers } = committee().keeperSet;
    const { setId, configDigest } = final;
    const turn = transmissionTurn(signer.address, { epoch: setId, round: 0 }, keepers, configDigest);
    // Who is no longer among the keepers comes after all of them.
    const place = turn < 0 ? keepers.length : turn;
    await timer.sleep(place * parameters.stageMs, signal);
    while (newest === final) {
      await publish(parts, final).catch((error: unknown) => {
        if (!signal.aborted) telemetry.warn("scenario-set-not-posted", { setId, reason: String(error) });
      });
      await timer.sleep(keepers.length * parameters.stageMs, signal);
    }
  };
  return {
    schedule: (final) => {
      newest = final;
      // Ends with the signal, which is no failure.
      takeTurns(final).catch(() => undefined);
    },
  };
}

async function publish(
  { chain, telemetry }: Pick<ProtocolParts, "chain" | "telemetry">,
  { setId, data, configDigest, signatures }: SignedScenarioSet,
): Promise<void> {
  if ((await chain.scenarioSet()).setId >= setId) return;
  const posted = await chain.publishScenarioSet(setId, data, configDigest, signatures);
  if (posted !== null) telemetry.info("scenario-set-posted", { setId, gasUsed: posted.gasUsed });
}
