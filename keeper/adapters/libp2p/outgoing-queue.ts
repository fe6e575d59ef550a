export interface QueueBounds {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** What waits for one peer. Of too much the oldest goes: newer messages of a round make older ones useless. */
export interface OutgoingQueue {
  /** Returns how many were dropped to make room. */
  push(bytes: Uint8Array): number;
  /** The oldest, which leaves the queue; resolves once there is one. Rejects with the signal's reason. One caller at a time. */
  next(signal: AbortSignal): Promise<Uint8Array>;
  readonly byteLength: number;
}

export function createOutgoingQueue({ maxMessages, maxBytes }: QueueBounds): OutgoingQueue {
  const waiting: Uint8Array[] = [];
  let byteLength = 0;
  let wake: () => void = () => undefined;
  const take = (): Uint8Array | undefined => {
    const oldest = waiting.shift();
    byteLength -= oldest?.length ?? 0;
    return oldest;
  };
  return {
    push: (bytes) => {
      let dropped = 0;
      waiting.push(bytes);
      byteLength += bytes.length;
      while (waiting.length > maxMessages || byteLength > maxBytes) {
        take();
        dropped++;
      }
      wake();
      return dropped;
    },
    next: async (signal) => {
      for (;;) {
        signal.throwIfAborted();
        const oldest = take();
        if (oldest !== undefined) return oldest;
        await untilWoken(signal, (resolve) => {
          wake = resolve;
        });
      }
    },
    get byteLength() {
      return byteLength;
    },
  };
}

function untilWoken(signal: AbortSignal, arm: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    arm(done);
  });
}
