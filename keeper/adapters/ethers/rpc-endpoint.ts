import { z } from "zod";

/** An error that a node answers with; it is the node's word, not a failure to answer. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

export type RpcAnswer<T> =
  { readonly kind: "result"; readonly value: T } | { readonly kind: "error"; readonly error: RpcError };

/** The node did not answer, or not in a form that can be used. */
export class EndpointFailure extends Error {
  readonly code = "endpoint-failure";

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "EndpointFailure";
  }
}

/** One node. */
export interface RpcEndpoint {
  /** Scheme, host and port: the rest of the address may hold an access key. */
  readonly name: string;
  /** @throws EndpointFailure when there is no answer in time, or one that `parse` refuses */
  call<T>(method: string, params: readonly unknown[], parse: (result: unknown) => T): Promise<RpcAnswer<T>>;
}

/** Far above the largest answer that a keeper asks for, a receipt with all its events; what a node pours out beyond it would be held until it is too much. */
export const MAX_ANSWER_BYTES = 2 * 1_024 * 1_024;
const REQUEST_ID = 1;

const answerSchema = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.literal(REQUEST_ID),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).nullish(),
});

/** A node that is reached by HTTP. A longer answer than `maxBytes` is not read to its end. */
export function createRpcEndpoint(
  url: string,
  timeoutMs: number,
  maxBytes: number = MAX_ANSWER_BYTES,
): RpcEndpoint {
  const { origin } = new URL(url);
  const target = targetOf(url);
  return {
    name: origin,
    call: async (method, params, parse) => {
      const answer = answerSchema.safeParse(await post(target, { method, params, timeoutMs, maxBytes }));
      if (!answer.success) throw new EndpointFailure(`${method}: the answer is no JSON-RPC answer`);
      const { error, result } = answer.data;
      if (error)
        return { kind: "error", error: { code: error.code, message: error.message, data: error.data } };
      if (result === undefined) throw new EndpointFailure(`${method}: neither result nor error`);
      try {
        return { kind: "result", value: parse(result) };
      } catch (cause) {
        throw new EndpointFailure(`${method}: the result has the wrong form`, { cause });
      }
    },
  };
}

interface RpcCall {
  readonly method: string;
  readonly params: readonly unknown[];
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What `fetch` takes: it refuses addresses that carry an account, which belongs into a header. */
function targetOf(address: string): Target {
  const url = new URL(address);
  const { username, password } = url;
  const headers = { "content-type": "application/json" };
  if (username === "" && password === "") return { url: address, headers };
  url.username = "";
  url.password = "";
  const account = Buffer.from(`${unescaped(username)}:${unescaped(password)}`).toString("base64");
  return { url: url.href, headers: { ...headers, authorization: `Basic ${account}` } };
}

/** A part of a URL without its escapes; as it is where they are no escapes. */
function unescaped(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function post(
  { url, headers }: Target,
  { method, params, timeoutMs, maxBytes }: RpcCall,
): Promise<unknown> {
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", id: REQUEST_ID, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
    });
    text = await textOf(response, maxBytes);
    if (!response.ok && !text.startsWith("{")) throw new Error(`HTTP status ${response.status}`);
  } catch (cause) {
    throw new EndpointFailure(`${method}: ${reasonOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EndpointFailure(`${method}: the answer is not JSON`, { cause });
  }
}

/** Reads a body as it comes, and closes the connection once it is too long. */
async function textOf({ body }: Response, maxBytes: number): Promise<string> {
  if (body === null) return "";
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`the answer is longer than ${maxBytes.toString()} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What stands behind "fetch failed": the innermost cause that says something, such as a refused connection. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "no answer";
  const inner = error.cause === undefined ? "" : reasonOf(error.cause);
  if (inner !== "") return inner;
  // Of several addresses that were all tried in vain the first stands for all.
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error.message;
}
