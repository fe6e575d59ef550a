export interface PaceSettings {
  /** The first wait; it doubles up to the longest, until a heartbeat came. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Added to every wait once the venue asked for fewer requests: it ends the session with that. */
  readonly rateLimitedWaitMs: number;
}

/** How long to wait before the venue is bothered again. */
export interface Pace {
  /** Wait before the next connection, one more having ended. */
  nextConnectionMs(): number;
  /** Wait before a request that was refused so often is repeated. */
  repetitionMs(refusals: number): number;
  rateLimited(): void;
  /** A heartbeat came: the connection is sound, and waits are short again. */
  healthy(): void;
}

const GROWTH = 2;

export function createPace({ minBackoffMs, maxBackoffMs, rateLimitedWaitMs }: PaceSettings): Pace {
  let failures = 0;
  let isRateLimited = false;
  /** Between half and all of the doubled wait, so that many keepers do not return at once. */
  const repetitionMs = (refusals: number): number => {
    const longest = Math.min(maxBackoffMs, minBackoffMs * GROWTH ** refusals);
    return (longest * (1 + Math.random())) / 2 + (isRateLimited ? rateLimitedWaitMs : 0);
  };
  return {
    repetitionMs,
    nextConnectionMs: () => {
      failures += 1;
      return repetitionMs(failures - 1);
    },
    rateLimited: () => {
      isRateLimited = true;
    },
    healthy: () => {
      failures = 0;
      isRateLimited = false;
    },
  };
}
