import { type Interface, isCallException, isError } from "ethers";
import { ChainRefusal } from "../../ports/clearing-chain.ts";
import {
  type SentTransaction,
  TransactionRefused,
  type TransactionRequest,
  type TransactionSender,
} from "../../ports/transaction-sender.ts";

/** The revert data of an error thrown by ethers or by the node behind it, when there is any. */
function revertData(error: unknown): string | null {
  if (error instanceof TransactionRefused) return error.revertData;
  if (isCallException(error) && error.data) return error.data;
  if (isError(error, "UNKNOWN_ERROR") || isError(error, "CALL_EXCEPTION")) {
    const inner: unknown = error.error ?? error.info?.error;
    if (typeof inner === "object" && inner !== null && "data" in inner) {
      const data: unknown = inner.data;
      if (typeof data === "string") return data;
      if (typeof data === "object" && data !== null && "data" in data && typeof data.data === "string")
        return data.data;
    }
  }
  return null;
}

/** The contract's own error with its arguments, else ethers' short message. */
function describeRevert(error: unknown, interfaces: readonly Interface[]): string {
  const data = revertData(error);
  if (data !== null) {
    for (const contract of interfaces) {
      const parsed = contract.parseError(data);
      if (parsed) return `${parsed.name}(${parsed.args.map(String).join(", ")})`;
    }
    return `unknown error ${data.slice(0, 10)}`;
  }
  if (!(error instanceof Error)) return String(error);
  // ethers' long message repeats the whole transaction.
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
