export const DERIBIT_URL = "wss://www.deribit.com/ws/api/v2";

/** How a keeper treats the venue: the shortest heartbeat that it takes, and waits that spare it. */
export const DERIBIT_CONNECTION = {
  heartbeatSeconds: 10,
  minBackoffMs: 500,
  maxBackoffMs: 30_000,
  /** The venue counts requests over minutes. */
  rateLimitedWaitMs: 60_000,
} as const;
