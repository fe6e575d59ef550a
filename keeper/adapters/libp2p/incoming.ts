import type { GossipMessage } from "../../ports/gossip.ts";
import type { WireCodec } from "../wire/codec.ts";
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
  /** Null once the peer is no keeper any more. */
  readonly sender: () => Sender | null;
}

/**
 * Reads a peer's frames from a stream as they come; a frame beyond the bound ends the stream, and so does the peer's leaving. A message that is
 * refused does not.
 */
export function readStream(stream: Libp2pStream, { codec, sender }: IncomingParts): void {
  const reader = createFrameReader(MAX_MESSAGE_BYTES);
  stream.addEventListener("message", ({ data }) => {
    const from = sender();
    if (from === null) {
      stream.abort(new Error("no keeper's stream"));
      return;
    }
    try {
      for (const frame of reader.push(data.subarray())) readFrame(frame, codec, from);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      from.trouble("peer-frame-refused", error.message);
      stream.abort(error);
    }
  });
}

function readFrame(frame: Uint8Array, codec: WireCodec, sender: Sender): void {
  const { limiter, deliver, trouble } = sender;
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
    if (error.code === "wrong-digest") sender.unknownDigest();
    return;
  }
  deliver(message);
}
