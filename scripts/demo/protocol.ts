import { DEFAULT_PARAMETERS, type ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";

/**
 * How the demo's keepers work: the chain's clock stands almost still between its moves, so that a slot is decided once, at the move that begins it. Times in
 * milliseconds are the machine's, and those are short: all keepers share it.
 */
export const REPLAY_PROTOCOL: ProtocolParameters = {
  ...DEFAULT_PARAMETERS,
  slotSeconds: 600,
  progressMs: 4_000,
  resendMs: 200,
  graceMs: 100,
  maxClockOffsetSeconds: 1,
  stageMs: 700,
  heartbeatSeconds: 7_200,
};
