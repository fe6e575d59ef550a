// A process that builds one scenario set: takes a history from its parent, answers with the set and ends.
import { constants, setPriority } from "node:os";
import { encodedScenarioSet } from "../../core/scenarios/build-set.ts";
import type { MarketRecords } from "../../core/scenarios/history.ts";
import type { ScenarioReply } from "./scenario-messages.ts";

if (process.send === undefined)
  throw new Error("this file runs as a child process with a channel to its parent");

// Reports of the same machine come first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

process.once("message", (histories: readonly MarketRecords[]) => {
  // Without its parent nobody waits for the answer either.
  process.send?.(answer(histories), () => {
    process.exit();
  });
});

function answer(histories: readonly MarketRecords[]): ScenarioReply {
  try {
    return { code: "done", data: encodedScenarioSet(histories) };
  } catch (error) {
    return { code: "failed", message: error instanceof Error ? error.message : String(error) };
  }
}
