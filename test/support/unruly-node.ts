// A node that lies, errs, lags or hangs as a test tells it: it answers by itself, or passes everything else on to a real one.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";

const HOST = "127.0.0.1";

interface RpcCall {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What the node does with a call: answer by itself, or one of its ways to fail. */
export type Conduct =
  | { readonly kind: "result"; readonly result: unknown }
  | { readonly kind: "error"; readonly code: number; readonly message: string; readonly data?: unknown }
  | { readonly kind: "status"; readonly status: number }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "hang" }
  | { readonly kind: "cut" };

export interface UnrulyNode {
  readonly url: string;
  /** Methods asked so far. */
  readonly asked: string[];
  /** Null passes the call on (or, without a node behind, answers null). */
  conduct: (method: string, params: readonly unknown[]) => Conduct | null;
  close(): Promise<void>;
}

async function callOf(request: IncomingMessage): Promise<RpcCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
  return JSON.parse(Buffer.concat(chunks).toString("utf8")) as RpcCall;
}

async function passOn(behind: string | null, call: RpcCall): Promise<string> {
  if (behind === null) return JSON.stringify({ jsonrpc: "2.0", id: call.id, result: null });
  const response = await fetch(behind, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(call),
  });
  return response.text();
}

function behave(conduct: Conduct, { id }: RpcCall, response: ServerResponse): void {
  const json = (body: object) => {
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ jsonrpc: "2.0", id, ...body }));
  };
  switch (conduct.kind) {
    case "result":
      json({ result: conduct.result });
      return;
    case "error":
      json({ error: { code: conduct.code, message: conduct.message, data: conduct.data } });
      return;
    case "status":
      response.writeHead(conduct.status).end("no service");
      return;
    case "text":
      response.end(conduct.text);
      return;
    case "cut":
      response.destroy();
      return;
    case "hang":
      return;
  }
}

/** Listens on a free port; `behind` is the address of a real node. */
export async function startUnrulyNode(behind: string | null = null): Promise<UnrulyNode> {
  const asked: string[] = [];
  const state: Pick<UnrulyNode, "conduct"> = { conduct: () => null };
  const server = createServer((request, response) => {
    void callOf(request).then(async (call) => {
      asked.push(call.method);
      const conduct = state.conduct(call.method, call.params);
      if (conduct !== null) behave(conduct, call, response);
      else response.setHeader("content-type", "application/json").end(await passOn(behind, call));
    });
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system named no port");
  return Object.assign(state, {
    url: `http://${HOST}:${address.port}/secret-path`,
    asked,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** A chain of empty blocks up to a height; `salt` makes blocks of another chain. */
export function blockConduct(height: bigint, chainId = 31_337n, salt = "00"): UnrulyNode["conduct"] {
  const quantity = (value: bigint) => `0x${value.toString(16)}`;
  return (method, params) => {
    if (method === "eth_chainId") return { kind: "result", result: quantity(chainId) };
    if (method !== "eth_getBlockByNumber") return null;
    const number = params[0] === "latest" ? height : BigInt(String(params[0]));
    if (number > height) return { kind: "result", result: null };
    const hash = `0x${salt}${number.toString(16).padStart(62, "0")}`;
    return { kind: "result", result: { number: quantity(number), hash, baseFeePerGas: "0x1" } };
  };
}
