/** Waiting, and measuring how long it took. Unlike Clock it never jumps. */
export interface Timer {
  /** Milliseconds from some fixed moment; never falls. */
  nowMs(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}
