import {
  JsonRpcApiProvider,
  type JsonRpcError,
  type JsonRpcPayload,
  type JsonRpcResult,
  Network,
} from "ethers";
import { z } from "zod";
import type { Hex } from "../../ports/hex.ts";
import type { Timer } from "../../ports/timer.ts";
import { agree, agreedHead } from "./rpc-agreement.ts";
import type { RpcAnswer } from "./rpc-endpoint.ts";
import type { RpcPool } from "./rpc-pool.ts";
import { toQuantity } from "./rpc-schema.ts";

/** No batches and no cache: each question is asked when it is asked. */
const OPTIONS = { batchMaxCount: 1, cacheTimeout: -1 } as const;
/** How long questions about the latest block are asked of the same one, ms: those of one moment are. */
const HEAD_MS = 250;
/** Age from which the next one is looked for while the present one is still used, ms, so that a busy moment waits for none. */
const REFRESH_MS = 125;
const LATEST = "latest";
/** Answered by the state of a block: at the same block the answer is the same. */
const STATE_METHODS: ReadonlySet<string> = new Set(["eth_call", "eth_getCode", "eth_getBalance"]);

/** A block that enough nodes hold the same, and what they have said of its state. */
interface KnownHead {
  readonly number: string;
  readonly hash: Hex;
  readonly answers: Map<string, Promise<RpcAnswer<unknown>>>;
}

/**
 * An ethers provider whose every answer is what enough nodes of a pool say, at a block that they hold the same. For reading: it signs
 * nothing and watches nothing.
 */
export class PooledProvider extends JsonRpcApiProvider {
  readonly #pool: RpcPool;
  readonly #timer: Pick<Timer, "nowMs">;
  #head: KnownHead | null = null;
  #headAtMs = Number.NEGATIVE_INFINITY;
  #looking: Promise<KnownHead> | null = null;

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
    return Promise.all(calls.map((call) => this.#reply(call)));
  }

  async #reply({ id, method, params }: JsonRpcPayload): Promise<JsonRpcResult | JsonRpcError> {
    const answer = await this.#answer(method, Array.isArray(params) ? params : [params]);
    if (answer.kind === "result") return { id, result: answer.value };
    const { code, message, data } = answer.error;
    return { id, error: { code, message, data } };
  }

  async #answer(method: string, params: readonly unknown[]): Promise<RpcAnswer<unknown>> {
    // One node alone says what its latest block is at the moment at which it answers.
    if (this.#pool.named === 1) return this.#ask(method, params);
    if (method === "eth_blockNumber") return { kind: "result", value: (await this.#latest()).number };
    if (!params.includes(LATEST)) return this.#askOnce(method, params);
    const { number } = await this.#latest();
    return this.#askOnce(
      method,
      params.map((param) => (param === LATEST ? number : param)),
    );
  }

  /** What has been asked of the state of the head is not asked again. */
  #askOnce(method: string, params: readonly unknown[]): Promise<RpcAnswer<unknown>> {
    const head = this.#head;
    if (head === null || !STATE_METHODS.has(method) || params.at(-1) !== head.number)
      return this.#ask(method, params);
    const key = JSON.stringify([method, params]);
    const known = head.answers.get(key);
    if (known !== undefined) return known;
    const asked = this.#ask(method, params);
    head.answers.set(key, asked);
    asked.catch(() => head.answers.delete(key));
    return asked;
  }

  #ask(method: string, params: readonly unknown[]): Promise<RpcAnswer<unknown>> {
    return agree(this.#pool, { method, params, parse: (result) => result, keyOf });
  }

  #latest(): Promise<KnownHead> {
    const ageMs = this.#timer.nowMs() - this.#headAtMs;
    if (this.#head === null || ageMs >= HEAD_MS) return this.#look();
    // Should it fail, whoever needs a new one hears of it.
    if (ageMs >= REFRESH_MS) this.#look().catch(() => undefined);
    return Promise.resolve(this.#head);
  }

  #look(): Promise<KnownHead> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<KnownHead> {
    const atMs = this.#timer.nowMs();
    const { number, hash } = await agreedHead(this.#pool);
    this.#headAtMs = atMs;
    if (this.#head?.hash !== hash) this.#head = { number: toQuantity(number), hash, answers: new Map() };
    return this.#head;
  }
}

/** What is read of blocks, their transactions and events; programs add fields of their own. */
const transactionSchema = z.union([z.string(), z.object({ hash: z.string(), input: z.string().optional() })]);
const blockSchema = z.object({
  number: z.string(),
  hash: z.string(),
  timestamp: z.string(),
  transactions: z.array(transactionSchema).optional(),
});
const eventsSchema = z
  .array(
    z.object({
      address: z.string(),
      topics: z.array(z.string()),
      data: z.string(),
      transactionHash: z.string(),
      blockHash: z.string(),
    }),
  )
  .min(1);
const readSchema = z.union([blockSchema, eventsSchema]);

function keyOf(result: unknown): string {
  return JSON.stringify(readSchema.safeParse(result).data ?? result).toLowerCase();
}
