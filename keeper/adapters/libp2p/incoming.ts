import type { GossipMessage } from "../../ports/gossip.ts";
import type { Timer } from "../../ports/timer.ts";
import type { WireCodec } from "../wire/codec.ts";
import { claimedKind, type MessageLimits } from "../wire/message-limits.ts";
import type { RateLimiter } from "../wire/token-bucket.ts";
import { MAX_MESSAGE_BYTES } from "../wire/wire-bounds.ts";
import { WireError } from "../wire/wire-error.ts";
import { createFrameReader, FrameError } from "./frames.ts";
import type { Libp2pStream } from "./libp2p-types.ts";
import type { Trouble } from "./trouble-log.ts";

/** Who writes to a stream at the moment. */
interface Sender {
  readonly limiter: RateLimiter;
  readonly deliver: (message: GossipMessage) => void;
  readonly trouble: (what: Trouble, detail: string) => void;
  /** A message came under a configuration that does not count here. */
  readonly unknownDigest: () => void;
}

export interface IncomingParts {
  readonly codec: WireCodec;
  readonly timer: Timer;
  readonly limits: () => MessageLimits;
  /** Null once the peer is no keeper any more. */
  readonly sender: () => Sender | null;
}

/**
 * Reads a peer's frames from a stream as they come; a frame beyond the bound ends the stream, and so does the peer's leaving. A message that is
 * refused does not. Of a peer that sends more bytes than all its messages may take no more is read until they are due: what it goes on
 * to write waits on its own side.
 */
export function readStream(stream: Libp2pStream, parts: IncomingParts): void {
  const reader = createFrameReader(MAX_MESSAGE_BYTES);
  const closed = new AbortController();
  stream.addEventListener("close", () => {
    closed.abort();
  });
  stream.addEventListener("message", ({ data }) => {
    const from = parts.sender();
    if (from === null) {
      stream.abort(new Error("no keeper's stream"));
      return;
    }
    try {
      for (const frame of reader.push(data.subarray())) readFrame(frame, parts, from);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      from.trouble("peer-frame-refused", error.message);
      stream.abort(error);
      return;
    }
    const waitMs = from.limiter.chargeBytes(data.byteLength);
    if (waitMs > 0) pauseFor(stream, parts.timer, waitMs, closed.signal);
  });
}

function pauseFor(stream: Libp2pStream, timer: Timer, waitMs: number, closed: AbortSignal): void {
  if (stream.status !== "open") return;
  stream.pause();
  timer
    .sleep(waitMs, closed)
    .then(() => {
      stream.resume();
    })
    // It closed meanwhile.
    .catch(() => undefined);
}

/** What is beyond the limits is dropped before it is parsed. */
function readFrame(frame: Uint8Array, { codec, limits }: IncomingParts, sender: Sender): void {
  const { limiter, deliver, trouble } = sender;
  const kind = claimedKind(frame, limits());
  const maxBytes = kind === null ? 0 : limits()[kind].maxBytes;
  if (kind === null || frame.length > maxBytes) {
    trouble("peer-message-refused", `${kind ?? "no message"} of ${frame.length} bytes, allowed: ${maxBytes}`);
    return;
  }
  if (!limiter.admit(kind)) {
    trouble("peer-rate-limited", kind);
    return;
  }
  let message: GossipMessage;
  try {
    message = codec.decode(frame);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    trouble("peer-message-refused", error.message);
    if (error.code === "wrong-digest") sender.unknownDigest();
    return;
  }
  deliver(message);
}
