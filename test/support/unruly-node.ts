// A node that lies, errs, lags or hangs as a test tells it: it answers by itself, or passes everything else on to a real one.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import {
  DEFAULT_RPC_POOL_POLICY,
  openRpcPool,
  type RpcPool,
  type RpcPoolPolicy,
} from "../../keeper/adapters/ethers/rpc-pool.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { recordingTelemetry } from "./keeper-doubles.ts";

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
  | { readonly kind: "text"; readonly text: string; readonly status?: number }
  | { readonly kind: "hang" }
  /** Writes until the connection is closed. */
  | { readonly kind: "endless" }
  /** The same as another, later. */
  | { readonly kind: "late"; readonly afterMs: number; readonly conduct: Conduct }
  | { readonly kind: "cut" };

export interface UnrulyNode {
  readonly url: string;
  /** Methods asked so far, the last ten thousand. */
  readonly asked: string[];
  /** Parameters of the questions so far, in the order of `asked`. */
  readonly params: (readonly unknown[])[];
  /** Bytes of endless answers that were written. */
  written(): number;
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

/** Questions that a node remembers: a storm asks it for hours. */
const MAX_REMEMBERED = 10_000;

/** A megabyte of a string that never ends. */
const CHUNK = "0".repeat(1 << 20);

function writeOn(response: ServerResponse, count: (bytes: number) => void): void {
  if (response.destroyed || response.writableEnded) return;
  count(CHUNK.length);
  response.write(CHUNK, (error) => {
    if (!error) writeOn(response, count);
  });
}

function behave(
  conduct: Conduct,
  { id }: Pick<RpcCall, "id">,
  response: ServerResponse,
  count: (bytes: number) => void,
): void {
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
      response.writeHead(conduct.status ?? 200).end(conduct.text);
      return;
    case "cut":
      response.destroy();
      return;
    case "hang":
      return;
    case "endless":
      response.write('{"jsonrpc":"2.0","id":1,"result":"0x');
      writeOn(response, count);
      return;
    case "late":
      setTimeout(() => {
        behave(conduct.conduct, { id }, response, count);
      }, conduct.afterMs);
      return;
  }
}

/** Listens on a free port; `behind` is the address of a real node. */
export async function startUnrulyNode(behind: string | null = null): Promise<UnrulyNode> {
  const asked: string[] = [];
  const params: (readonly unknown[])[] = [];
  let written = 0;
  const count = (bytes: number) => {
    written += bytes;
  };
  const state: Pick<UnrulyNode, "conduct"> = { conduct: () => null };
  const server = createServer((request, response) => {
    const answer = async () => {
      const call = await callOf(request);
      asked.push(call.method);
      params.push(call.params);
      if (asked.length > MAX_REMEMBERED) for (const list of [asked, params]) list.shift();
      const conduct = state.conduct(call.method, call.params);
      if (conduct !== null) behave(conduct, call, response, count);
      else response.setHeader("content-type", "application/json").end(await passOn(behind, call));
    };
    // The node behind may be away, or the caller may have gone.
    answer().catch(() => response.destroy());
  });
  server.listen(0, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the system named no port");
  return Object.assign(state, {
    url: `http://${HOST}:${address.port}/secret-path`,
    asked,
    params,
    written: () => written,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

const quantity = (value: bigint) => `0x${value.toString(16)}`;

/** An empty block. */
export function blockAt(number: bigint, salt = "00") {
  const hash = `0x${salt}${number.toString(16).padStart(62, "0")}`;
  return { number: quantity(number), hash, timestamp: quantity(12n * number), baseFeePerGas: "0x1" };
}

/** A chain of empty blocks up to a height; `salt` makes blocks of another chain. */
export function blockConduct(height: bigint, chainId = 31_337n, salt = "00"): UnrulyNode["conduct"] {
  return (method, params) => {
    if (method === "eth_chainId") return { kind: "result", result: quantity(chainId) };
    if (method !== "eth_getBlockByNumber") return null;
    const number = params[0] === "latest" ? height : BigInt(String(params[0]));
    return { kind: "result", result: number > height ? null : blockAt(number, salt) };
  };
}

/** Nodes of one chain, 100 blocks high, and a pool of them that waits for all answers unless it is told otherwise. */
export interface UnrulyPool {
  readonly nodes: readonly UnrulyNode[];
  readonly pool: RpcPool;
  readonly telemetry: ReturnType<typeof recordingTelemetry>;
  readonly node: (index: number) => UnrulyNode;
  close(): Promise<void>;
}

export const POOL_CHAIN = 31_337n;
export const POOL_HEIGHT = 100n;

/** @param conducts what each node does with a question; null answers as an empty chain does */
export async function openUnrulyPool(
  conducts: readonly UnrulyNode["conduct"][],
  changed: Partial<RpcPoolPolicy> = {},
): Promise<UnrulyPool> {
  const nodes = await Promise.all(conducts.map(() => startUnrulyNode()));
  for (const [index, each] of nodes.entries()) each.conduct = orSound(conducts[index]);
  const telemetry = recordingTelemetry();
  const policy = { ...DEFAULT_RPC_POOL_POLICY, timeoutMs: 300, graceMs: 10_000, ...changed };
  const urls = nodes.map(({ url }) => url);
  const pool = await openRpcPool(urls, POOL_CHAIN, systemTimer, telemetry, policy);
  return {
    nodes,
    pool,
    telemetry,
    node: (index) => {
      const found = nodes[index];
      if (found === undefined) throw new RangeError(`no node ${index}`);
      return found;
    },
    close: async () => {
      await Promise.all(nodes.map((each) => each.close()));
    },
  };
}

/** What the conduct leaves is answered as an empty chain does. */
export function orSound(conduct: UnrulyNode["conduct"] = () => null): UnrulyNode["conduct"] {
  const sound = blockConduct(POOL_HEIGHT, POOL_CHAIN);
  return (method, params) => conduct(method, params) ?? sound(method, params);
}
