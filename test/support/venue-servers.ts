// Local servers that speak the protocols of venues over real sockets.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { WebSocketServer, type WebSocket } from "ws";

const HOST = "127.0.0.1";

interface Listening {
  address(): unknown;
}

function portOf(server: Listening): number {
  const address = server.address();
  if (typeof address === "object" && address !== null && "port" in address) return Number(address.port);
  throw new Error("the server has no port");
}

export interface RpcRequest {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface RpcVenue {
  readonly url: string;
  /** Every request received, in order. */
  readonly requests: readonly RpcRequest[];
  /** Connections made so far. */
  connections(): number;
  /** Sends to all connected. */
  broadcast(text: string): void;
  /** Cuts all connections without a goodbye. */
  cut(): void;
  close(): Promise<void>;
}

/** A WebSocket server on which `answer` decides the messages that follow each request. */
export async function serveVenueSocket(
  answer: (request: RpcRequest, connection: WebSocket) => void,
  port = 0,
): Promise<RpcVenue> {
  const server = new WebSocketServer({ host: HOST, port });
  const requests: RpcRequest[] = [];
  let connections = 0;
  server.on("connection", (connection) => {
    connections += 1;
    connection.on("message", (data: Buffer) => {
      const request = JSON.parse(data.toString("utf8")) as RpcRequest;
      requests.push(request);
      answer(request, connection);
    });
  });
  await once(server, "listening");
  return {
    url: `ws://${HOST}:${portOf(server)}`,
    requests,
    connections: () => connections,
    broadcast: (text) => {
      for (const connection of server.clients) connection.send(text);
    },
    cut: () => {
      for (const connection of server.clients) connection.terminate();
    },
    close: async () => {
      for (const connection of server.clients) connection.terminate();
      server.close();
      await once(server, "close");
    },
  };
}

export interface HttpVenue {
  readonly origin: string;
  /** Path and query of every request, in order. */
  readonly paths: readonly string[];
  close(): Promise<void>;
}

/** An HTTP server on which `answer` decides each response. */
export async function serveVenueHttp(
  answer: (path: string, response: ServerResponse) => void,
): Promise<HttpVenue> {
  const paths: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const path = request.url ?? "";
    paths.push(path);
    answer(path, response);
  });
  server.listen(0, HOST);
  await once(server, "listening");
  return {
    origin: `http://${HOST}:${portOf(server)}`,
    paths,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
