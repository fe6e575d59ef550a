import type { Clock } from "../../ports/clock.ts";

const MILLISECONDS = 1_000;

/** The machine's time. */
export const systemClock: Clock = { nowSeconds: () => Math.floor(Date.now() / MILLISECONDS) };
