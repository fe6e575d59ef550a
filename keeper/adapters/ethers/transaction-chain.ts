import { type BaseWallet, Transaction } from "ethers";
import { asHex, type Hex } from "../../ports/hex.ts";
import type {
  AccountState,
  TransactionChain,
  TransactionPlace,
  UnsignedTransaction,
} from "../../ports/transaction-chain.ts";
import { ChainUnavailable } from "../../ports/transaction-sender.ts";
import { bestAnswer, broadcastAnswer } from "./broadcast-answer.ts";
import { agree, agreedHead, disunity } from "./rpc-agreement.ts";
import { carried, lowerMedian, votesNeeded } from "./rpc-judgement.ts";
import type { NodeAnswer, RpcPool } from "./rpc-pool.ts";
import {
  parseHash,
  parsePresence,
  parseQuantity,
  parseReceiptOrNull,
  type RpcReceipt,
  toQuantity,
} from "./rpc-schema.ts";
import { simulateCall } from "./simulate-call.ts";

const DYNAMIC_FEE_TYPE = 2;

/** One account's transactions through a pool of nodes; `wallet` signs, and needs no provider. */
export function createTransactionChain(pool: RpcPool, wallet: BaseWallet): TransactionChain {
  const from = asHex(wallet.address);
  return {
    chainId: pool.chainId,
    from,
    state: (confirmations) => readState(pool, from, confirmations),
    simulate: (to, data, on) => simulateCall(pool, { from, to, data }, on),
    sign: (unsigned) => sign(pool.chainId, wallet, unsigned),
    broadcast: async (raw) => {
      const answers = await pool.ask({ method: "eth_sendRawTransaction", params: [raw], parse: parseHash });
      const best = bestAnswer(answers.map(({ answer }) => broadcastAnswer(answer)));
      if (best === null) throw new ChainUnavailable("eth_sendRawTransaction: no answer");
      return best;
    },
    isKnown: (hash) => readPresence(pool, hash),
    place: (hash) => readPlace(pool, hash),
  };
}

/** The head that enough nodes hold the same, with the account's counts that enough of them give, and what they ask for gas. */
async function readState(pool: RpcPool, from: Hex, confirmations: bigint): Promise<AccountState> {
  const [head, priorityFeeWei] = await Promise.all([agreedHead(pool), readTip(pool)]);
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
    market: { baseFeeWei: baseFeePerGas, priorityFeeWei },
  };
}

/** Of two the lower: a tip is paid whole. Zero where too few nodes suggest one, which leaves the choice to the policy's least tip. */
async function readTip(pool: RpcPool): Promise<bigint> {
  const answers = await pool.ask({ method: "eth_maxPriorityFeePerGas", params: [], parse: parseQuantity });
  const tips = resultsOf(answers);
  const isEnough = tips.length >= votesNeeded(pool.named, tips.length);
  return isEnough ? (lowerMedian(tips) ?? 0n) : 0n;
}

async function readCount(pool: RpcPool, from: Hex, block: bigint): Promise<number> {
  const method = "eth_getTransactionCount";
  const params = [from, toQuantity(block)];
  const answer = await agree(pool, { method, params, parse: parseQuantity, keyOf: String });
  if (answer.kind === "error") throw new ChainUnavailable(`${method}: ${answer.error.message}`);
  return Number(answer.value);
}

/** Whether enough nodes hold it, waiting or mined. */
async function readPresence(pool: RpcPool, hash: Hex): Promise<boolean> {
  const method = "eth_getTransactionByHash";
  const answers = resultsOf(await pool.ask({ method, params: [hash], parse: parsePresence }));
  return answers.filter((isHeld) => isHeld).length >= votesNeeded(pool.named, answers.length);
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

async function readPlace(pool: RpcPool, hash: Hex): Promise<TransactionPlace> {
  const method = "eth_getTransactionReceipt";
  const answers = await pool.ask({ method, params: [hash], parse: parseReceiptOrNull });
  const receipts = resultsOf(answers).map((receipt) => (receipt?.transactionHash === hash ? receipt : null));
  const needed = votesNeeded(pool.named, receipts.length);
  if (receipts.length < needed) throw disunity(pool, method, answers);
  if (receipts.every((receipt) => receipt === null)) return { kind: "absent" };
  const receipt = carried(receipts, receiptKey, needed)?.[0] ?? null;
  if (receipt === null) return { kind: "disputed" };
  const { blockNumber, blockHash, status, gasUsed, logs } = receipt;
  return {
    kind: "mined",
    mined: { hash, blockNumber, blockHash, isSuccess: status === 1n, gasUsed, events: logs },
  };
}

function resultsOf<T>(answers: readonly NodeAnswer<T>[]): readonly T[] {
  return answers.flatMap(({ answer }) => (answer.kind === "result" ? [answer.value] : []));
}

/** The same for receipts that say the same, however a node writes it. */
function receiptKey(receipt: RpcReceipt | null): string {
  const text = JSON.stringify(receipt, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return text.toLowerCase();
}
