import { WebSocket } from "ws";
import { VenueError } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { incomingMessage, type IncomingMessage } from "./messages.ts";
import { createOutstanding, type RpcAnswer } from "./outstanding.ts";

export interface SocketSettings {
  readonly venue: string;
  /** ws:// or wss://. */
  readonly url: string;
  readonly requestTimeoutMs: number;
  /** How often the venue shows that it is alive; the venue takes 10 s or more. */
  readonly heartbeatSeconds: number;
  /** Wait before the first reconnection; it doubles up to the longest. */
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
  /** Subscribed to again after every reconnection. */
  readonly channels: readonly string[];
  readonly onNotification: (channel: string, data: unknown) => void;
  readonly telemetry: Telemetry;
}

export interface JsonRpcSocket {
  /** @throws VenueError */
  request(method: string, params: Readonly<Record<string, unknown>>): Promise<RpcAnswer>;
  close(): void;
}

/** The venue's code for too_many_requests. */
const TOO_MANY_REQUESTS = 10_028;
/** A chain of a thousand options takes less than one megabyte. */
const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;
/** Heartbeats that may fail to come before the connection counts as dead. */
const SILENT_HEARTBEATS = 3;
const BACKOFF_FACTOR = 2;
const MICROSECONDS_PER_SECOND = 1e6;
const MILLISECONDS_PER_SECOND = 1_000;

/**
 * A connection that keeps itself: it answers heartbeats, drops and logs what is no message, reconnects with growing waits and subscribes
 * again. Requests made while it is down are sent when it is up, within their timeout.
 */
export function openJsonRpcSocket(settings: SocketSettings): JsonRpcSocket {
  const { venue, telemetry } = settings;
  const outstanding = createOutstanding(venue, settings.requestTimeoutMs, telemetry);
  let socket: WebSocket | null = null;
  let failures = 0;
  let closed = false;
  let reconnection: NodeJS.Timeout | undefined;

  const flush = (): void => {
    const open = socket;
    if (open?.readyState !== WebSocket.OPEN) return;
    outstanding.sendWaiting((text) => {
      open.send(text);
    });
  };
  const request: JsonRpcSocket["request"] = (method, params) => {
    if (closed) return Promise.reject(new VenueError("disconnected", venue, "the connection was closed"));
    const answer = outstanding.add(method, params);
    flush();
    return answer;
  };
  /** Requests of the connection itself: a failure shows as silence, which reconnects. */
  const tell = (method: string, params: Readonly<Record<string, unknown>>): void => {
    request(method, params).catch((error: unknown) => {
      if (!closed) telemetry.warn("venue-request-failed", { venue, method, error: String(error) });
    });
  };
  const receive = (message: IncomingMessage): void => {
    failures = 0;
    if ("error" in message) outstanding.reject(message.id, failureOf(venue, message.error));
    else if ("id" in message) {
      const sentAtSeconds = Math.floor(message.usOut / MICROSECONDS_PER_SECOND);
      outstanding.resolve(message.id, { result: message.result, sentAtSeconds });
    } else if (message.method === "subscription")
      settings.onNotification(message.params.channel, message.params.data);
    else if (message.params.type === "test_request") tell("public/test", {});
  };
  const connect = (): void => {
    socket = openConnection(settings, receive, {
      opened: () => {
        tell("public/set_heartbeat", { interval: settings.heartbeatSeconds });
        if (settings.channels.length > 0) tell("public/subscribe", { channels: settings.channels });
      },
      broke: () => {
        outstanding.breakOff("sent");
        if (closed) return;
        reconnection = setTimeout(connect, backoffMs(settings, failures));
        failures += 1;
      },
    });
  };
  connect();
  return {
    request,
    close: () => {
      closed = true;
      clearTimeout(reconnection);
      outstanding.breakOff("all");
      socket?.terminate();
    },
  };
}

/** One connection, cut when nothing came for several heartbeats. */
function openConnection(
  { url, venue, telemetry, requestTimeoutMs, heartbeatSeconds }: SocketSettings,
  receive: (message: IncomingMessage) => void,
  { opened, broke }: { readonly opened: () => void; readonly broke: () => void },
): WebSocket {
  const socket = new WebSocket(url, { handshakeTimeout: requestTimeoutMs, maxPayload: MAX_PAYLOAD_BYTES });
  const longestSilenceMs = SILENT_HEARTBEATS * heartbeatSeconds * MILLISECONDS_PER_SECOND;
  let silence: NodeJS.Timeout | undefined;
  const awaitNext = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => {
      socket.terminate();
    }, longestSilenceMs);
  };
  socket.on("open", () => {
    awaitNext();
    opened();
  });
  socket.on("message", (data: Buffer) => {
    awaitNext();
    const message = readMessage(data);
    if (message === null) telemetry.warn("venue-garbage", { venue, bytes: data.length });
    else receive(message);
  });
  socket.on("error", (error) => {
    telemetry.warn("venue-connection-failed", { venue, error: error.message });
  });
  socket.on("close", () => {
    clearTimeout(silence);
    broke();
  });
  return socket;
}

function readMessage(data: Buffer): IncomingMessage | null {
  try {
    return incomingMessage.parse(JSON.parse(data.toString("utf8")));
  } catch {
    return null;
  }
}

function failureOf(venue: string, { code, message }: { code: number; message: string }): VenueError {
  return new VenueError(code === TOO_MANY_REQUESTS ? "rate-limited" : "refused", venue, `${code} ${message}`);
}

/** Between half and all of the doubled wait, so that many keepers do not return at once. */
function backoffMs({ minBackoffMs, maxBackoffMs }: SocketSettings, failures: number): number {
  const longest = Math.min(maxBackoffMs, minBackoffMs * BACKOFF_FACTOR ** failures);
  return (longest * (1 + Math.random())) / 2;
}
