import type { Hex } from "../../ports/hex.ts";

/** What the process that builds a scenario set answers to the history it is sent. */
export type ScenarioReply =
  { readonly code: "done"; readonly data: Hex } | { readonly code: "failed"; readonly message: string };
