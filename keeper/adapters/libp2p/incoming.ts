import type { GossipMessage } from "../../ports/gossip.ts";
import type { WireCodec } from "../wire/codec.ts";
import type { RateLimiter } from "../wire/token-bucket.ts";
import { MAX_MESSAGE_BYTES } from "../wire/wire-bounds.ts";
import { WireError } from "../wire/wire-error.ts";
import { createFrameReader, FrameError } from "./frames.ts";
import type { Libp2pStream } from "./libp2p-types.ts";
import type { Trouble } from "./trouble-log.ts";

export interface IncomingParts {
  readonly codec: WireCodec;
  readonly limiter: RateLimiter;
  readonly deliver: (message: GossipMessage) => void;
  readonly trouble: (what: Trouble, detail: string) => void;
}

/** Reads a peer's frames from a stream as they come; a frame beyond the bound ends the stream, a message that is refused does not. */
export function readStream(stream: Libp2pStream, parts: IncomingParts): void {
  const reader = createFrameReader(MAX_MESSAGE_BYTES);
  stream.addEventListener("message", ({ data }) => {
    try {
      for (const frame of reader.push(data.subarray())) readFrame(frame, parts);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      parts.trouble("peer-frame-refused", error.message);
      stream.abort(error);
    }
  });
}

function readFrame(frame: Uint8Array, { codec, limiter, deliver, trouble }: IncomingParts): void {
  if (!limiter.admit(frame.length)) {
    trouble("peer-rate-limited", `${frame.length} bytes`);
    return;
  }
  let message: GossipMessage;
  try {
    message = codec.decode(frame);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    trouble("peer-message-refused", error.message);
    return;
  }
  deliver(message);
}
