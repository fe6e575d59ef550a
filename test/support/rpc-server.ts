// Serves an in-process chain to other processes.
import { createServer, type IncomingMessage } from "node:http";
import { once } from "node:events";

const HOST = "127.0.0.1";

interface RpcProvider {
  request(request: { readonly method: string; readonly params?: readonly unknown[] }): Promise<unknown>;
}

interface RpcCall {
  readonly id: number;
  readonly method: string;
  readonly params?: readonly unknown[];
}

export interface RpcServer {
  readonly url: string;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}

async function answer(provider: RpcProvider, { id, method, params = [] }: RpcCall): Promise<object> {
  try {
    return { jsonrpc: "2.0", id, result: await provider.request({ method, params }) };
  } catch (error) {
    const { message, code, data } = error as { message?: string; code?: number; data?: unknown };
    return { jsonrpc: "2.0", id, error: { code: code ?? -32_603, message: message ?? String(error), data } };
  }
}

/** Answers JSON-RPC over HTTP on a free port, single calls and batches alike. */
export async function serveRpc(provider: RpcProvider): Promise<RpcServer> {
  const server = createServer((request, response) => {
    void bodyOf(request)
      .then((body) =>
        Array.isArray(body)
          ? Promise.all((body as RpcCall[]).map((call) => answer(provider, call)))
          : answer(provider, body as RpcCall),
      )
      .then((result) => {
        response.setHeader("content-type", "application/json").end(JSON.stringify(result));
      });
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system named no port");
  return {
    url: `http://${HOST}:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
