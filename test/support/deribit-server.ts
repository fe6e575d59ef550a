// Deribit's public interface as a local server that holds its clients to the protocol (docs.deribit.com, API v2).
import type { WebSocket } from "ws";
import { serveVenueSocket, type RpcRequest, type RpcVenue } from "./venue-servers.ts";

const MICROSECONDS = 1e6;
/** Shorter intervals are refused. */
const MIN_HEARTBEAT_SECONDS = 10;
const CHANNEL = /^(?:deribit_price_index\.(?:btc|eth)_usd|ticker\.(?:BTC|ETH)-PERPETUAL\.100ms)$/;

export const INVALID_PARAMS = { code: -32_602, message: "Invalid params" };
const METHOD_NOT_FOUND = { code: -32_601, message: "Method not found" };
export const TOO_MANY_REQUESTS = { code: 10_028, message: "too_many_requests" };

export interface DeribitServer extends RpcVenue {
  /** Tells subscribers of a channel; others hear nothing. */
  notify(channel: string, data: unknown): void;
  /** A heartbeat to those who asked for heartbeats. */
  heartbeat(): void;
  /** Asks them for a sign of life and cuts those who have given none by then. */
  testRequest(graceMs: number): void;
  /** Requests of a method so far. */
  sent(method: string): readonly RpcRequest[];
}

export interface DeribitServerSettings {
  /** Result of a request for market data; undefined where there is no such method. */
  readonly result: (request: RpcRequest) => unknown;
  readonly nowSeconds: () => number;
  /** Deals with a request in another way, and says whether it did. */
  readonly instead?: (request: RpcRequest, answer: DeribitAnswer) => boolean;
}

/** Answers one request. */
export interface DeribitAnswer {
  result(value: unknown, id?: number): void;
  error(error: { readonly code: number; readonly message: string }): void;
  /** Too many requests: the session ends with the answer. */
  endSession(): void;
  text(raw: string | Buffer): void;
}

interface Session {
  readonly channels: Set<string>;
  heartbeats: boolean;
  awaitsTest: boolean;
}

export async function serveDeribit(settings: DeribitServerSettings, port = 0): Promise<DeribitServer> {
  const sessions = new Map<WebSocket, Session>();
  const venue = await serveVenueSocket((request, connection) => {
    const session = sessions.get(connection) ?? { channels: new Set(), heartbeats: false, awaitsTest: false };
    sessions.set(connection, session);
    const answer = answerTo(request, connection, settings.nowSeconds);
    if (settings.instead?.(request, answer) === true) return;
    answerHonestly(request, session, answer, settings);
  }, port);
  const eachWith = (
    wanted: (session: Session) => boolean,
    act: (to: WebSocket, session: Session) => void,
  ) => {
    for (const [connection, session] of sessions) if (wanted(session)) act(connection, session);
  };
  const send = (to: WebSocket, method: string, params: object) => {
    to.send(JSON.stringify({ jsonrpc: "2.0", method, params }));
  };
  return {
    ...venue,
    notify: (channel, data) => {
      eachWith(
        ({ channels }) => channels.has(channel),
        (to) => {
          send(to, "subscription", { channel, data });
        },
      );
    },
    heartbeat: () => {
      eachWith(
        ({ heartbeats }) => heartbeats,
        (to) => {
          send(to, "heartbeat", { type: "heartbeat" });
        },
      );
    },
    testRequest: (graceMs) => {
      eachWith(
        ({ heartbeats }) => heartbeats,
        (to, session) => {
          session.awaitsTest = true;
          send(to, "heartbeat", { type: "test_request" });
          setTimeout(() => {
            if (session.awaitsTest) to.close();
          }, graceMs).unref();
        },
      );
    },
    sent: (method) => venue.requests.filter((request) => request.method === method),
  };
}

function answerTo({ id }: RpcRequest, connection: WebSocket, nowSeconds: () => number): DeribitAnswer {
  const envelope = (resultOrError: object, answeredId = id): string => {
    const usOut = Math.round(nowSeconds() * MICROSECONDS);
    const times = { usIn: usOut - 40, usOut, usDiff: 40, testnet: false };
    return JSON.stringify({ jsonrpc: "2.0", id: answeredId, ...resultOrError, ...times });
  };
  return {
    result: (value, answeredId) => {
      connection.send(envelope({ result: value }, answeredId));
    },
    error: (error) => {
      connection.send(envelope({ error }));
    },
    endSession: () => {
      connection.send(envelope({ error: TOO_MANY_REQUESTS }), () => {
        connection.terminate();
      });
    },
    text: (raw) => {
      connection.send(raw);
    },
  };
}

function answerHonestly(
  request: RpcRequest,
  session: Session,
  answer: DeribitAnswer,
  { result }: DeribitServerSettings,
): void {
  const { method, params } = request;
  if (method === "public/set_heartbeat") {
    if (!(Number(params["interval"]) >= MIN_HEARTBEAT_SECONDS)) {
      answer.error(INVALID_PARAMS);
      return;
    }
    session.heartbeats = true;
    answer.result("ok");
  } else if (method === "public/subscribe") {
    const accepted = (params["channels"] as readonly string[]).filter((channel) => CHANNEL.test(channel));
    for (const channel of accepted) session.channels.add(channel);
    answer.result(accepted);
  } else if (method === "public/test") {
    session.awaitsTest = false;
    answer.result({ version: "1.2.26" });
  } else {
    const value = result(request);
    if (value === undefined) answer.error(METHOD_NOT_FOUND);
    else answer.result(value);
  }
}
