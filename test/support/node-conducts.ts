import type { Conduct, UnrulyNode } from "./unruly-node.ts";

const INVENTED_HASH = `0x${"ee".repeat(32)}`;
const ABSURD = "0x38d7ea4c68000";

/** A receipt for a transaction that no block holds. */
const inventedReceipt = (hash: unknown): Conduct => ({
  kind: "result",
  result: {
    transactionHash: hash,
    blockNumber: "0x1",
    blockHash: INVENTED_HASH,
    status: "0x1",
    gasUsed: "0x5208",
    logs: [],
  },
});

const INVENTED_BLOCK = { hash: INVENTED_HASH, timestamp: "0x1", baseFeePerGas: "0x1" };
/** With this the contract would say that nothing is left to do. */
export const DONE = "0xd09e0001";

/** Ways of a bad node, each named so that a sentence can say it of one. */
export const NODE_CONDUCTS: Readonly<Record<string, UnrulyNode["conduct"]>> = {
  "answers with errors": () => ({ kind: "error", code: -32_603, message: "internal error" }),
  "answers with HTTP 500": () => ({ kind: "status", status: 500 }),
  hangs: () => ({ kind: "hang" }),
  "moves to another chain": (method) => (method === "eth_chainId" ? { kind: "result", result: "0x1" } : null),
  "swallows what is sent": (method, [raw]) =>
    method === "eth_sendRawTransaction" && typeof raw === "string"
      ? { kind: "result", result: INVENTED_HASH }
      : null,
  "invents a receipt": (method, [hash]) =>
    method === "eth_getTransactionReceipt" ? inventedReceipt(hash) : null,
  "hides every receipt": (method) =>
    method === "eth_getTransactionReceipt" ? { kind: "result", result: null } : null,
  "says that the nonce is used": (method) =>
    method === "eth_getTransactionCount" ? { kind: "result", result: "0x7" } : null,
  "says that the account never sent anything": (method) =>
    method === "eth_getTransactionCount" ? { kind: "result", result: "0x0" } : null,
  "invents blocks": (method, [block]) =>
    method === "eth_getBlockByNumber" && block === "latest"
      ? { kind: "result", result: { ...INVENTED_BLOCK, number: "0xffff" } }
      : null,
  "shows another block": (method, [block]) =>
    method === "eth_getBlockByNumber" && block !== "latest"
      ? { kind: "result", result: { ...INVENTED_BLOCK, number: block } }
      : null,
  "shows a block with an absurd base fee": (method, [block]) =>
    method === "eth_getBlockByNumber"
      ? {
          kind: "result",
          result: { ...INVENTED_BLOCK, number: block === "latest" ? "0xe" : block, baseFeePerGas: ABSURD },
        }
      : null,
  "suggests an absurd tip": (method) =>
    method === "eth_maxPriorityFeePerGas" ? { kind: "result", result: ABSURD } : null,
  "estimates one unit of gas": (method) =>
    method === "eth_estimateGas" ? { kind: "result", result: "0x1" } : null,
  "estimates more gas than there is": (method) =>
    method === "eth_estimateGas" ? { kind: "result", result: "0xffffffff" } : null,
  "says that the contract refuses": (method) =>
    method === "eth_estimateGas"
      ? { kind: "error", code: 3, message: "execution reverted", data: "0xbad00001" }
      : null,
  "says that the effect is there already": (method) =>
    method === "eth_estimateGas"
      ? { kind: "error", code: 3, message: "execution reverted", data: DONE }
      : null,
  "says that the account is empty": (method) =>
    method === "eth_estimateGas" || method === "eth_sendRawTransaction"
      ? { kind: "error", code: -32_000, message: "insufficient funds for gas * price + value" }
      : null,
  "says that every price is too low": (method) =>
    method === "eth_sendRawTransaction"
      ? { kind: "error", code: -32_000, message: "replacement transaction underpriced" }
      : null,
  "claims to hold every transaction": (method) =>
    method === "eth_getTransactionByHash" ? { kind: "result", result: { hash: INVENTED_HASH } } : null,
  "is at its limit": () => ({ kind: "error", code: 429, message: "compute units exceeded" }),
  "has no past states": (method, [, block]) =>
    method === "eth_getTransactionCount" || (method === "eth_estimateGas" && block !== "pending")
      ? { kind: "error", code: -32_000, message: "header not found" }
      : null,
  "answers without an end": (method) => (method === "eth_estimateGas" ? { kind: "endless" } : null),
  "answers late": (method) =>
    method === "eth_estimateGas"
      ? { kind: "late", afterMs: 250, conduct: { kind: "result", result: "0x1" } }
      : null,
};
