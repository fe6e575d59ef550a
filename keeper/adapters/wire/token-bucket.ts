import { bytesOf, type MessageKind, type MessageLimits, type Rate } from "./message-limits.ts";

/** What is left, and when that was so. */
interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

const MS_PER_SECOND = 1000;

/** What a bucket holds at a moment; a clock that went back adds nothing. */
function refill({ tokens, atMs }: Bucket, { burst, perSecond }: Rate, nowMs: number): Bucket {
  const elapsedSeconds = Math.max(0, nowMs - atMs) / MS_PER_SECOND;
  return { tokens: Math.min(burst, tokens + elapsedSeconds * perSecond), atMs: Math.max(nowMs, atMs) };
}

/** Limits what one peer sends: messages by kind, and bytes of any content. */
export interface RateLimiter {
  /** Whether a message of this kind may pass now; one that may not takes no token. */
  admit(kind: MessageKind): boolean;
  /** Counts bytes that were read; answers how long to read no more, ms, which is zero as long as the peer keeps its rate. */
  chargeBytes(byteLength: number): number;
}

/**
 * @param limits read for each message: they grow and shrink with the set of keepers
 * @param nowMs milliseconds from some fixed moment; never falls
 */
export function createRateLimiter(limits: () => MessageLimits, nowMs: () => number): RateLimiter {
  const kinds = new Map<MessageKind, Bucket>();
  let bytes: Bucket = { tokens: bytesOf(limits()).burst, atMs: nowMs() };
  return {
    admit: (kind) => {
      const now = nowMs();
      const limit = limits()[kind];
      const bucket = refill(kinds.get(kind) ?? { tokens: limit.burst, atMs: now }, limit, now);
      const isAdmitted = bucket.tokens >= 1;
      kinds.set(kind, isAdmitted ? { ...bucket, tokens: bucket.tokens - 1 } : bucket);
      return isAdmitted;
    },
    chargeBytes: (byteLength) => {
      const rate = bytesOf(limits());
      const { tokens, atMs } = refill(bytes, rate, nowMs());
      bytes = { tokens: tokens - byteLength, atMs };
      return Math.max(0, -bytes.tokens / rate.perSecond) * MS_PER_SECOND;
    },
  };
}
