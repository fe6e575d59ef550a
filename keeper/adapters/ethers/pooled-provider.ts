import {
  JsonRpcApiProvider,
  type JsonRpcError,
  type JsonRpcPayload,
  type JsonRpcResult,
  Network,
} from "ethers";
import type { RpcPool } from "./rpc-pool.ts";

/** No batches and no cache: each question goes to the node that is used now. */
const OPTIONS = { batchMaxCount: 1, cacheTimeout: -1 } as const;

/** An ethers provider whose every request goes through a pool of nodes. For reading: it signs nothing and watches nothing. */
export class PooledProvider extends JsonRpcApiProvider {
  readonly #pool: RpcPool;

  constructor(pool: RpcPool) {
    const network = Network.from(pool.chainId);
    super(network, { ...OPTIONS, staticNetwork: network });
    this.#pool = pool;
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
    const answer = await this.#pool.request(method, list, (result) => result);
    if (answer.kind === "result") return { id, result: answer.value };
    const { code, message, data } = answer.error;
    return { id, error: { code, message, data } };
  }
}
