/** Bytes before each frame: its length, big-endian. */
const PREFIX_BYTES = 4;

/** A peer announced a frame that is empty or longer than any message: what follows cannot be told apart. */
export class FrameError extends Error {
  readonly byteLength: number;
  readonly maxBytes: number;

  constructor(byteLength: number, maxBytes: number) {
    super(`a frame of ${byteLength} bytes, allowed: 1 to ${maxBytes}`);
    this.name = "FrameError";
    this.byteLength = byteLength;
    this.maxBytes = maxBytes;
  }
}

export function frameOf(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(PREFIX_BYTES + bytes.length);
  new DataView(frame.buffer).setUint32(0, bytes.length);
  frame.set(bytes, PREFIX_BYTES);
  return frame;
}

/** Puts the chunks of a stream together; holds at most one frame. */
export interface FrameReader {
  /**
   * The frames that a chunk completes. The length is judged before the bytes are kept.
   * @throws FrameError, after which the stream is of no use
   */
  push(chunk: Uint8Array): Generator<Uint8Array>;
}

export function createFrameReader(maxBytes: number): FrameReader {
  let held = new Uint8Array(PREFIX_BYTES);
  let filled = 0;
  let inPrefix = true;
  return {
    *push(chunk) {
      let offset = 0;
      while (offset < chunk.length) {
        const taken = chunk.subarray(offset, offset + held.length - filled);
        held.set(taken, filled);
        filled += taken.length;
        offset += taken.length;
        if (filled < held.length) return;
        const whole = held;
        const byteLength = inPrefix ? lengthIn(whole, maxBytes) : PREFIX_BYTES;
        held = new Uint8Array(byteLength);
        filled = 0;
        inPrefix = !inPrefix;
        if (inPrefix) yield whole;
      }
    },
  };
}

function lengthIn(prefix: Uint8Array, maxBytes: number): number {
  const byteLength = new DataView(prefix.buffer).getUint32(0);
  if (byteLength === 0 || byteLength > maxBytes) throw new FrameError(byteLength, maxBytes);
  return byteLength;
}
