// Time that passes only when a test says so.
import { setImmediate as settle } from "node:timers/promises";
import type { PreciseClock } from "../../keeper/ports/clock.ts";
import type { Timer } from "../../keeper/ports/timer.ts";

interface Sleeper {
  readonly dueMs: number;
  readonly order: number;
  readonly wake: () => void;
}

const MILLISECONDS = 1_000;

/** A world with one true time, in which each member may have a clock that is wrong. */
export interface VirtualTime {
  readonly timer: Timer;
  nowMs(): number;
  /** A clock that is ahead of the true time. */
  clockAhead(skewSeconds: number): PreciseClock;
  /** Calls back at a later time, unless the world ends before. */
  after(delayMs: number, call: () => void): void;
  /** Lets time pass: everything that is due happens in order, and everything that follows from it at once. */
  run(durationMs: number): Promise<void>;
}

export function virtualTime(startSeconds: number): VirtualTime {
  let nowMs = startSeconds * MILLISECONDS;
  let order = 0;
  let sleepers: Sleeper[] = [];
  const at = (dueMs: number, wake: () => void): Sleeper => {
    const sleeper = { dueMs, order: order++, wake };
    const place = sleepers.findIndex((other) => other.dueMs > dueMs);
    if (place < 0) sleepers.push(sleeper);
    else sleepers.splice(place, 0, sleeper);
    return sleeper;
  };
  return {
    nowMs: () => nowMs,
    clockAhead: (skewSeconds) => ({
      nowSeconds: () => Math.floor(nowMs / MILLISECONDS + skewSeconds),
      nowMs: () => nowMs + skewSeconds * MILLISECONDS,
    }),
    after: (delayMs, call) => {
      at(nowMs + delayMs, call);
    },
    timer: {
      nowMs: () => nowMs,
      sleep: (durationMs, signal) =>
        new Promise((resolve, reject) => {
          if (signal.aborted) {
            reject(signal.reason as Error);
            return;
          }
          const abort = () => {
            sleepers = sleepers.filter((other) => other !== sleeper);
            reject(signal.reason as Error);
          };
          const sleeper = at(nowMs + durationMs, () => {
            signal.removeEventListener("abort", abort);
            resolve();
          });
          signal.addEventListener("abort", abort, { once: true });
        }),
    },
    run: async (durationMs) => {
      const endMs = nowMs + durationMs;
      await settle();
      for (let next = sleepers[0]; next !== undefined && next.dueMs <= endMs; next = sleepers[0]) {
        nowMs = Math.max(nowMs, next.dueMs);
        const dueMs = next.dueMs;
        const due = sleepers.filter((sleeper) => sleeper.dueMs === dueMs);
        sleepers = sleepers.slice(due.length);
        for (const { wake } of due) wake();
        await settle();
      }
      nowMs = endMs;
    },
  };
}
