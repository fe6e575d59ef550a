import { setTimeout as sleep } from "node:timers/promises";
import type { Timer } from "../../ports/timer.ts";

/** The process's monotonic clock. */
export const systemTimer: Timer = {
  nowMs: () => performance.now(),
  sleep: async (durationMs, signal) => {
    try {
      await sleep(durationMs, undefined, { signal });
    } catch (error) {
      // Node rejects with an AbortError of its own; the caller wants the reason that was given.
      signal.throwIfAborted();
      throw error;
    }
  },
};
