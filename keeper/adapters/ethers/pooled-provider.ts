import {
  JsonRpcApiProvider,
  type JsonRpcError,
  type JsonRpcPayload,
  type JsonRpcResult,
  Network,
} from "ethers";
import { z } from "zod";
import type { Timer } from "../../ports/timer.ts";
import { agree, agreedHead } from "./rpc-agreement.ts";
import type { RpcPool } from "./rpc-pool.ts";
import { type RpcHeader, toQuantity } from "./rpc-schema.ts";

/** No batches and no cache: each question is asked when it is asked. */
const OPTIONS = { batchMaxCount: 1, cacheTimeout: -1 } as const;
/** How long questions about the latest block are asked of the same one, ms: those of one moment are. */
const HEAD_MS = 250;
const LATEST = "latest";

/**
 * An ethers provider whose every answer is what enough nodes of a pool say, at a block that they hold the same. For reading: it signs
 * nothing and watches nothing.
 */
export class PooledProvider extends JsonRpcApiProvider {
  readonly #pool: RpcPool;
  readonly #timer: Pick<Timer, "nowMs">;
  #head: { readonly atMs: number; readonly header: Promise<RpcHeader> } | null = null;

  constructor(pool: RpcPool, timer: Pick<Timer, "nowMs">) {
    const network = Network.from(pool.chainId);
    super(network, { ...OPTIONS, staticNetwork: network });
    this.#pool = pool;
    this.#timer = timer;
    this._start();
  }

  override async _send(
    payload: JsonRpcPayload | JsonRpcPayload[],
  ): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const calls = Array.isArray(payload) ? payload : [payload];
    return Promise.all(calls.map((call) => this.#answer(call)));
  }

  async #answer({ id, method, params }: JsonRpcPayload): Promise<JsonRpcResult | JsonRpcError> {
    const list: readonly unknown[] = Array.isArray(params) ? params : [params];
    // One node alone says what its latest block is at the moment at which it answers.
    const isAlone = this.#pool.named === 1;
    if (!isAlone && method === "eth_blockNumber")
      return { id, result: toQuantity((await this.#latest()).number) };
    const pinned = isAlone || !list.includes(LATEST) ? list : await this.#pin(list);
    const answer = await agree(this.#pool, { method, params: pinned, parse: (result) => result, keyOf });
    if (answer.kind === "result") return { id, result: answer.value };
    const { code, message, data } = answer.error;
    return { id, error: { code, message, data } };
  }

  async #pin(params: readonly unknown[]): Promise<readonly unknown[]> {
    const number = toQuantity((await this.#latest()).number);
    return params.map((param) => (param === LATEST ? number : param));
  }

  #latest(): Promise<RpcHeader> {
    const nowMs = this.#timer.nowMs();
    if (this.#head !== null && nowMs - this.#head.atMs < HEAD_MS) return this.#head.header;
    const fresh = { atMs: nowMs, header: agreedHead(this.#pool) };
    this.#head = fresh;
    fresh.header.catch(() => {
      if (this.#head === fresh) this.#head = null;
    });
    return fresh.header;
  }
}

/** What is read of a block; programs add fields of their own. */
const blockSchema = z.object({ number: z.string(), hash: z.string(), timestamp: z.string() });

function keyOf(result: unknown): string {
  const block = blockSchema.safeParse(result);
  return JSON.stringify(block.success ? block.data : result).toLowerCase();
}
