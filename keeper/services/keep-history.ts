import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";
import { nextHourDueSeconds, type HistoryUpdate } from "./history-update.ts";

const MILLISECONDS = 1_000;
/** Time before what failed, or what the venues did not show yet, is tried again. */
const RETRY_SECONDS = 120;

export interface KeepHistoryParts {
  readonly update: () => Promise<HistoryUpdate>;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
}

/** Continues the history after each hour, until the signal aborts. What fails is logged and tried again. */
export async function keepHistory(
  { update, clock, timer, telemetry }: KeepHistoryParts,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    let waitSeconds = RETRY_SECONDS;
    try {
      const { hours, days, lastHourSeconds, isComplete } = await update();
      if (hours > 0 || days > 0) telemetry.info("history-continued", { hours, days, lastHourSeconds });
      const now = clock.nowSeconds();
      if (isComplete) waitSeconds = nextHourDueSeconds(now) - now;
    } catch (error) {
      telemetry.warn("history-not-continued", { reason: String(error) });
    }
    await timer.sleep(waitSeconds * MILLISECONDS, signal).catch(() => undefined);
  }
}
