/** How much may come: `burst` at once, and `perSecond` on average. */
interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

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

export interface PeerRates {
  readonly messages: Rate;
  readonly bytes: Rate;
}

/** Limits what one peer sends, in messages and in bytes. */
export interface RateLimiter {
  /** Whether a message of this size may pass now; one that may not takes no tokens. */
  admit(byteLength: number): boolean;
}

/** @param nowMs milliseconds from some fixed moment; never falls */
export function createRateLimiter(rates: PeerRates, nowMs: () => number): RateLimiter {
  const startMs = nowMs();
  let messages: Bucket = { tokens: rates.messages.burst, atMs: startMs };
  let bytes: Bucket = { tokens: rates.bytes.burst, atMs: startMs };
  return {
    admit: (byteLength) => {
      const now = nowMs();
      messages = refill(messages, rates.messages, now);
      bytes = refill(bytes, rates.bytes, now);
      if (messages.tokens < 1 || bytes.tokens < byteLength) return false;
      messages = { ...messages, tokens: messages.tokens - 1 };
      bytes = { ...bytes, tokens: bytes.tokens - byteLength };
      return true;
    },
  };
}
