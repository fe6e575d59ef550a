import { type Interface, isCallException } from "ethers";
import { ChainRefusal } from "../../ports/clearing-chain.ts";
import {
  type SentTransaction,
  TransactionRefused,
  type TransactionRequest,
  type TransactionSender,
} from "../../ports/transaction-sender.ts";

/** How the data of a contract's error begin. */
const SELECTOR = /^0x[0-9a-f]{8}/i;

/** The revert data of an error thrown by ethers or by the node behind it, when there is any. */
function revertData(error: unknown): string | null {
  if (error instanceof TransactionRefused) return error.revertData;
  if (isCallException(error) && error.data) return error.data;
  const data = fieldOf(nodesError(error), "data");
  const inner = typeof data === "object" ? fieldOf(data, "data") : data;
  return typeof inner === "string" && SELECTOR.test(inner) ? inner : null;
}

/** The contract's own error with its arguments; null when something else went wrong. */
export function refusalIn(error: unknown, interfaces: readonly Interface[]): string | null {
  return revertData(error) === null ? null : describeRevert(error, interfaces);
}

/** The contract's own error with its arguments, else the node's words, else ethers'. */
function describeRevert(error: unknown, interfaces: readonly Interface[]): string {
  const data = revertData(error);
  if (data !== null) {
    for (const contract of interfaces) {
      const parsed = contract.parseError(data);
      if (parsed) return `${parsed.name}(${parsed.args.map(String).join(", ")})`;
    }
    return `unknown error ${data.slice(0, 10)}`;
  }
  return nodesWords(error) ?? shortMessage(error);
}

/** What the node said; null when it said nothing. */
function nodesWords(error: unknown): string | null {
  const words = fieldOf(nodesError(error), "message");
  return typeof words === "string" ? words : null;
}

/** The node's own error, which ethers keeps in one place or another. */
const nodesError = (error: unknown): unknown =>
  fieldOf(error, "error") ?? fieldOf(fieldOf(error, "info"), "error");

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined;

/** ethers' long message repeats the whole transaction. */
function shortMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "shortMessage" in error && typeof error.shortMessage === "string"
    ? error.shortMessage
    : error.message;
}

/** Runs a chain action; throws ChainRefusal with the contract's own error when the chain says no. */
export async function refusing<T>(
  action: string,
  interfaces: readonly Interface[],
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new ChainRefusal(action, describeRevert(error, interfaces), { cause: error });
  }
}

/** Sends an effect; throws ChainRefusal with the contract's own error when the chain says no. Other failures pass as they are. */
export async function sendOrRefuse(
  sender: TransactionSender,
  action: string,
  interfaces: readonly Interface[],
  request: TransactionRequest,
): Promise<SentTransaction> {
  try {
    return await sender.send(request);
  } catch (error) {
    if (!(error instanceof TransactionRefused)) throw error;
    throw new ChainRefusal(action, describeRevert(error, interfaces), { cause: error });
  }
}
