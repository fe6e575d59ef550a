import type { Timer } from "../../ports/timer.ts";

/** True when nothing of that name passed within the gap before: then it passes now. */
export type Spacing = (name: string) => boolean;

/** Lets one thing of each name pass in so many milliseconds, so that whoever repeats itself costs no more than whoever does not. */
export function createSpacing(timer: Pick<Timer, "nowMs">, gapMs: number): Spacing {
  const passedAtMs = new Map<string, number>();
  return (name) => {
    const now = timer.nowMs();
    if (now - (passedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < gapMs) return false;
    passedAtMs.set(name, now);
    return true;
  };
}
