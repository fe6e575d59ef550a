import type { PreciseClock } from "../../ports/clock.ts";

const MILLISECONDS = 1_000;

/** The machine's time. */
export const systemClock: PreciseClock = {
  nowSeconds: () => Math.floor(Date.now() / MILLISECONDS),
  nowMs: () => Date.now(),
};
