import { type BaseWallet, Transaction } from "ethers";
import { asHex, type Hex } from "../../ports/hex.ts";
import type {
  AccountState,
  BroadcastAnswer,
  Simulation,
  TransactionChain,
  TransactionPlace,
  UnsignedTransaction,
} from "../../ports/transaction-chain.ts";
import { ChainUnavailable } from "../../ports/transaction-sender.ts";
import type { RpcAnswer, RpcError } from "./rpc-endpoint.ts";
import { majority } from "./rpc-judgement.ts";
import type { RpcPool } from "./rpc-pool.ts";
import {
  parseHash,
  parseHeader,
  parsePresence,
  parseQuantity,
  parseReceiptOrNull,
  type RpcHeader,
  type RpcReceipt,
  toQuantity,
} from "./rpc-schema.ts";

/** The chain may have moved on between estimate and block: a quarter more gas than estimated. */
const GAS_MARGIN_PERCENT = 125n;
const PERCENT = 100n;
/** Most gas a transaction may ask for (EIP-7825). */
const TRANSACTION_GAS_CAP = 1n << 24n;
const DYNAMIC_FEE_TYPE = 2;

/** One account's transactions through a pool of nodes; `wallet` signs, and needs no provider. */
export function createTransactionChain(pool: RpcPool, wallet: BaseWallet): TransactionChain {
  const from = asHex(wallet.address);
  return {
    chainId: pool.chainId,
    from,
    state: (confirmations) => readState(pool, from, confirmations),
    simulate: (to, data, on) =>
      simulate(pool, { from, to, data }, on === "next-block" ? "pending" : "latest"),
    sign: (unsigned) => sign(pool.chainId, wallet, unsigned),
    broadcast: async (raw) => {
      const answers = await pool.requestAll("eth_sendRawTransaction", [raw], parseHash);
      return bestAnswer(answers.map(broadcastAnswer));
    },
    isKnown: async (hash) =>
      value(
        "eth_getTransactionByHash",
        await pool.request("eth_getTransactionByHash", [hash], parsePresence),
      ),
    place: (hash) => readPlace(pool, hash),
  };
}

/** @throws ChainUnavailable when the node answered with an error */
function value<T>(method: string, answer: RpcAnswer<T>): T {
  if (answer.kind === "result") return answer.value;
  throw new ChainUnavailable(`${method}: ${answer.error.message} (${answer.error.code})`);
}

/** The head that more than half of the nodes have reached, with the account's counts that more than half of them give. */
async function readState(pool: RpcPool, from: Hex, confirmations: bigint): Promise<AccountState> {
  const [head, tip] = await Promise.all([
    readHead(pool),
    pool.request("eth_maxPriorityFeePerGas", [], parseQuantity),
  ]);
  const { number, baseFeePerGas } = head;
  if (typeof baseFeePerGas !== "bigint")
    throw new Error(`chain ${pool.chainId.toString()} has no base fee (EIP-1559): it is not supported`);
  const settledBlock = number + 1n > confirmations ? number + 1n - confirmations : 0n;
  const [confirmedNonce, settledNonce] = await Promise.all([
    readCount(pool, from, number),
    readCount(pool, from, settledBlock),
  ]);
  return {
    headNumber: number,
    confirmedNonce,
    settledNonce,
    // A node without the method leaves the choice to the policy's least tip.
    market: { baseFeeWei: baseFeePerGas, priorityFeeWei: tip.kind === "result" ? tip.value : 0n },
  };
}

/** One node that invents blocks, or stands still, moves the median of three by one place at most. */
async function readHead(pool: RpcPool): Promise<RpcHeader> {
  const method = "eth_getBlockByNumber";
  const answers = await pool.requestAll(method, ["latest", false], parseHeader);
  const heads = answers
    .flatMap((answer) => (answer.kind === "result" ? [answer.value] : []))
    .sort((a, b) => (a.number > b.number ? -1 : 1));
  const head = heads[Math.floor(heads.length / 2)];
  if (head === undefined) throw new ChainUnavailable(`${method}: no node shows its head`);
  return head;
}

async function readCount(pool: RpcPool, from: Hex, block: bigint): Promise<number> {
  const method = "eth_getTransactionCount";
  const answers = await pool.requestAll(method, [from, toQuantity(block)], parseQuantity);
  const counts = answers.map((answer) => (answer.kind === "result" ? answer.value : null));
  const count = majority(counts, String);
  if (count === null) throw new ChainUnavailable(`${method}: the nodes do not agree at block ${block}`);
  return Number(count);
}

interface Call {
  readonly from: Hex;
  readonly to: Hex;
  readonly data: Hex;
}

async function simulate(pool: RpcPool, call: Call, block: "pending" | "latest"): Promise<Simulation> {
  const answer = await pool.request("eth_estimateGas", [call, block], parseQuantity);
  if (answer.kind === "result") {
    const padded = (answer.value * GAS_MARGIN_PERCENT) / PERCENT;
    // A chain that allows more than the cap takes the bare estimate.
    const capped = padded < TRANSACTION_GAS_CAP ? padded : TRANSACTION_GAS_CAP;
    return { kind: "accepted", gasLimit: capped > answer.value ? capped : answer.value };
  }
  const { error } = answer;
  const revertData = revertDataOf(error.data);
  if (revertData === null && !/revert/i.test(error.message)) return value("eth_estimateGas", answer);
  return { kind: "refused", reason: error.message, revertData };
}

/** Nodes put the revert's bytes in `data`, or in the `data` of an object there. */
function revertDataOf(data: unknown): Hex | null {
  if (typeof data === "string") return /^0x(?:[0-9a-fA-F]{2})*$/.test(data) ? asHex(data) : null;
  if (typeof data === "object" && data !== null && "data" in data) return revertDataOf(data.data);
  return null;
}

async function sign(
  chainId: bigint,
  wallet: BaseWallet,
  { to, data, nonce, gasLimit, fees }: UnsignedTransaction,
): Promise<{ readonly hash: Hex; readonly raw: Hex }> {
  const raw = await wallet.signTransaction({
    type: DYNAMIC_FEE_TYPE,
    chainId,
    to,
    data,
    nonce,
    gasLimit,
    value: 0n,
    maxFeePerGas: fees.maxFeePerGasWei,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGasWei,
  });
  const { hash } = Transaction.from(raw);
  if (hash === null) throw new Error("a signed transaction has a hash");
  return { hash: asHex(hash), raw: asHex(raw) };
}

/** The wording of several node programs; none has a code for it. */
const KNOWN = /already known|already imported|known transaction|already exists/i;
const NONCE_TAKEN = /nonce.{0,12}too low|nonce has already been used|OldNonce/i;
const UNDERPRICED = /replacement.{0,24}underpriced|underpriced.{0,24}replac|replacement transaction/i;

function broadcastAnswer(answer: RpcAnswer<Hex>): BroadcastAnswer {
  if (answer.kind === "result") return { kind: "taken" };
  const { message, data }: RpcError = answer.error;
  if (KNOWN.test(message)) return { kind: "taken" };
  if (NONCE_TAKEN.test(message)) return { kind: "nonce-taken" };
  if (UNDERPRICED.test(message)) return { kind: "underpriced" };
  // A node that mines at once reports the revert of what it has just mined.
  if (revertDataOf(data) !== null) return { kind: "taken" };
  return { kind: "rejected", reason: message };
}

const ORDER: readonly BroadcastAnswer["kind"][] = ["taken", "underpriced", "nonce-taken", "rejected"];

function bestAnswer(answers: readonly BroadcastAnswer[]): BroadcastAnswer {
  const [best] = answers.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  if (best === undefined) throw new ChainUnavailable("eth_sendRawTransaction: no answer");
  return best;
}

async function readPlace(pool: RpcPool, hash: Hex): Promise<TransactionPlace> {
  const method = "eth_getTransactionReceipt";
  const answers = await pool.requestAll(method, [hash], parseReceiptOrNull);
  const receipts = answers.map((answer) =>
    answer.kind === "result" && answer.value?.transactionHash === hash ? answer.value : null,
  );
  if (receipts.every((receipt) => receipt === null)) return { kind: "absent" };
  const receipt = majority(receipts, receiptKey);
  if (receipt === null) return { kind: "disputed" };
  const { blockNumber, blockHash, status, gasUsed, logs } = receipt;
  return {
    kind: "mined",
    mined: { hash, blockNumber, blockHash, isSuccess: status === 1n, gasUsed, events: logs },
  };
}

/** The same for receipts that say the same, however a node writes it. */
function receiptKey(receipt: RpcReceipt | null): string {
  const text = JSON.stringify(receipt, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return text.toLowerCase();
}
