import { WebSocket } from "ws";
import { VenueError } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { incomingMessage, type IncomingMessage } from "./messages.ts";
import { createPace, type Pace, type PaceSettings } from "./pace.ts";
import { createOutstanding, type RpcAnswer } from "./outstanding.ts";

export interface SocketSettings extends PaceSettings {
  readonly venue: string;
  /** ws:// or wss://. */
  readonly url: string;
  readonly requestTimeoutMs: number;
  /** How often the venue shows that it is alive; the venue takes 10 s or more. */
  readonly heartbeatSeconds: number;
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
const MICROSECONDS_PER_SECOND = 1e6;
const MILLISECONDS_PER_SECOND = 1_000;

/**
 * A connection that keeps itself: it answers heartbeats, drops and logs what is no message, reconnects with growing waits and subscribes
 * again. A wait grows until a heartbeat came: a venue that answers something before each cut is not asked the faster for it. Requests made
 * while it is down are sent when it is up, within their timeout.
 */
export function openJsonRpcSocket(settings: SocketSettings): JsonRpcSocket {
  const { venue, telemetry, channels, heartbeatSeconds } = settings;
  const outstanding = createOutstanding(venue, settings.requestTimeoutMs, telemetry);
  const pace = createPace(settings);
  let socket: WebSocket | null = null;
  let closed = false;
  let reconnection: NodeJS.Timeout | undefined;

  const request: JsonRpcSocket["request"] = (method, params) => {
    if (closed) return Promise.reject(new VenueError("disconnected", venue, "the connection was closed"));
    const answer = outstanding.add(method, params);
    const open = socket;
    if (open?.readyState === WebSocket.OPEN)
      outstanding.sendWaiting((text) => {
        open.send(text);
      });
    return answer;
  };
  const receive = (message: IncomingMessage): void => {
    if ("error" in message) {
      if (message.error.code === TOO_MANY_REQUESTS) pace.rateLimited();
      outstanding.reject(message.id, failureOf(venue, message.error));
    } else if ("id" in message) {
      const sentAtSeconds = Math.floor(message.usOut / MICROSECONDS_PER_SECOND);
      outstanding.resolve(message.id, { result: message.result, sentAtSeconds });
    } else if (message.method === "subscription")
      settings.onNotification(message.params.channel, message.params.data);
    else {
      pace.healthy();
      // Unanswered it shows as silence, which reconnects.
      if (message.params.type === "test_request") request("public/test", {}).catch(() => undefined);
    }
  };
  const connect = (): void => {
    const connection = openConnection(settings, receive, {
      opened: () => {
        const asking = { request, pace, settings, isCurrent: () => !closed && socket === connection };
        insist(asking, "public/set_heartbeat", { interval: heartbeatSeconds }, () => true);
        if (channels.length > 0)
          insist(asking, "public/subscribe", { channels }, (result) => hasAll(result, channels));
      },
      broke: () => {
        outstanding.breakOff("sent");
        if (!closed) reconnection = setTimeout(connect, pace.nextConnectionMs());
      },
    });
    socket = connection;
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

/** A connection on which something is to be arranged. */
interface Asking {
  readonly request: JsonRpcSocket["request"];
  readonly pace: Pace;
  readonly settings: SocketSettings;
  /** False once the connection has ended. */
  isCurrent(): boolean;
}

/** Repeats a request of the connection itself, with growing waits, until the venue accepts it or the connection ends. */
function insist(
  asking: Asking,
  method: string,
  params: Readonly<Record<string, unknown>>,
  isAccepted: IsAccepted,
  refusals = 0,
): void {
  const { venue, telemetry } = asking.settings;
  const refused = (reason: string): void => {
    if (!asking.isCurrent()) return;
    telemetry.warn("venue-request-failed", { venue, method, reason });
    const again = (): void => {
      if (asking.isCurrent()) insist(asking, method, params, isAccepted, refusals + 1);
    };
    setTimeout(again, asking.pace.repetitionMs(refusals)).unref();
  };
  asking.request(method, params).then(
    ({ result }) => {
      if (!isAccepted(result)) refused(`answered ${JSON.stringify(result)}`);
    },
    (error: unknown) => {
      refused(String(error));
    },
  );
}

/** Whether the venue's result says that it did what was asked. */
type IsAccepted = (result: unknown) => boolean;

/** The venue answers a subscription with the channels that it accepted. */
function hasAll(result: unknown, channels: readonly string[]): boolean {
  return Array.isArray(result) && channels.every((channel) => result.includes(channel));
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
