import { seededRandom } from "../../core/statistics/seeded-random.ts";

export interface BackOffBounds {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Waiting times of one peer's redials. */
export interface BackOff {
  /** The next wait: twice the last up to the longest, less a random part of up to a half, so that peers do not dial in step. */
  nextMs(): number;
  /** After a success the next wait is short again. */
  reset(): void;
}

const GROWTH = 2;
const JITTER_SHARE = 0.5;

/** @param seed of the jitter */
export function createBackOff({ firstMs, longestMs }: BackOffBounds, seed: number): BackOff {
  const random = seededRandom(seed);
  let waitMs = firstMs;
  return {
    nextMs: () => {
      const chosen = waitMs * (1 - JITTER_SHARE * random.uniform());
      waitMs = Math.min(longestMs, waitMs * GROWTH);
      return chosen;
    },
    reset: () => {
      waitMs = firstMs;
    },
  };
}
