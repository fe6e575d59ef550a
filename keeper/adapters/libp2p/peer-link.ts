import type { Timer } from "../../ports/timer.ts";
import type { BackOff } from "./back-off.ts";
import { frameOf } from "./frames.ts";
import type { OutgoingQueue } from "./outgoing-queue.ts";
import type { Libp2pStream } from "./libp2p-types.ts";

/** A stream that lived this long was a success: the next redial waits shortly. */
const STABLE_MS = 10_000;

export interface PeerLinkParts {
  readonly queue: OutgoingQueue;
  readonly backOff: BackOff;
  readonly timer: Timer;
  /** Opens a stream to the peer, over the connection that exists or a new one. */
  open(signal: AbortSignal): Promise<Libp2pStream>;
  /** The stream to the peer opened or broke. */
  changed(connected: boolean): void;
  /** A dial failed or a stream broke. */
  failed(error: unknown): void;
}

/** The way to one peer: keeps a stream open and writes what waits in the queue. */
export interface PeerLink {
  /** Dials, and redials until it is stopped. */
  start(): void;
  /** Redials at once: the peer is known to be there. */
  wake(): void;
  /** Resolves once nothing runs any more. */
  stop(): Promise<void>;
}

export function createPeerLink(parts: PeerLinkParts): PeerLink {
  const stopped = new AbortController();
  let pause = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      pause = new AbortController();
      await keepStream(parts, stopped.signal);
      await parts.timer
        .sleep(parts.backOff.nextMs(), AbortSignal.any([stopped.signal, pause.signal]))
        .catch(() => undefined);
    }
  };
  let running = Promise.resolve();
  return {
    start: () => {
      running = run();
    },
    wake: () => {
      pause.abort();
    },
    stop: () => {
      stopped.abort();
      return running;
    },
  };
}

/** Opens a stream and writes to it until it breaks; never throws. */
async function keepStream(parts: PeerLinkParts, stop: AbortSignal): Promise<void> {
  let stream: Libp2pStream | undefined;
  const openedMs = parts.timer.nowMs();
  try {
    stream = await parts.open(stop);
    parts.changed(true);
    await pump(stream, parts.queue, stop);
  } catch (error) {
    if (!stop.aborted) parts.failed(error);
  }
  if (stream === undefined) return;
  parts.changed(false);
  stream.abort(new Error("the link ends"));
  if (parts.timer.nowMs() - openedMs > STABLE_MS) parts.backOff.reset();
}

/** Takes the next message only when the stream takes more, so that what a slow peer does not read waits in the bounded queue. */
async function pump(stream: Libp2pStream, queue: OutgoingQueue, stop: AbortSignal): Promise<void> {
  const closed = new AbortController();
  const close = () => {
    closed.abort(new Error("the peer closed the stream"));
  };
  stream.addEventListener("close", close);
  if (stream.status !== "open") close();
  const signal = AbortSignal.any([stop, closed.signal]);
  try {
    for (;;) {
      const bytes = await queue.next(signal);
      if (!stream.send(frameOf(bytes))) await stream.onDrain({ signal });
    }
  } finally {
    stream.removeEventListener("close", close);
  }
}
