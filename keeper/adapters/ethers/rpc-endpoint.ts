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
const MAX_ANSWER_CHARACTERS = 16 * 1_024 * 1_024;
const REQUEST_ID = 1;

const answerSchema = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.literal(REQUEST_ID),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).nullish(),
});

/** A node that is reached by HTTP. */
export function createRpcEndpoint(url: string, timeoutMs: number): RpcEndpoint {
  const { origin } = new URL(url);
  return {
    name: origin,
    call: async (method, params, parse) => {
      const answer = answerSchema.safeParse(await post(url, { method, params }, timeoutMs));
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
}

async function post(url: string, { method, params }: RpcCall, timeoutMs: number): Promise<unknown> {
  let text: string;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: REQUEST_ID, method, params }),
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
    });
    text = await response.text();
    if (!response.ok && !text.startsWith("{")) throw new Error(`HTTP status ${response.status}`);
  } catch (cause) {
    throw new EndpointFailure(`${method}: ${cause instanceof Error ? cause.message : "no answer"}`, {
      cause,
    });
  }
  if (text.length > MAX_ANSWER_CHARACTERS) throw new EndpointFailure(`${method}: the answer is too long`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EndpointFailure(`${method}: the answer is not JSON`, { cause });
  }
}
