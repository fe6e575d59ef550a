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

/** Far above the largest answer that is ever asked for: a receipt with all its events. */
const MAX_ANSWER_BYTES = 16 * 1_024 * 1_024;
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
  return {
    name: origin,
    call: async (method, params, parse) => {
      const answer = answerSchema.safeParse(await post(url, { method, params, timeoutMs, maxBytes }));
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

async function post(url: string, { method, params, timeoutMs, maxBytes }: RpcCall): Promise<unknown> {
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: REQUEST_ID, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
    });
    text = await textOf(response, maxBytes);
    if (!response.ok && !text.startsWith("{")) throw new Error(`HTTP status ${response.status}`);
  } catch (cause) {
    throw new EndpointFailure(`${method}: ${cause instanceof Error ? cause.message : "no answer"}`, {
      cause,
    });
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
