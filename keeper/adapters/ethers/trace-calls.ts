import type { JsonRpcApiProvider } from "ethers";
import type { Hex } from "../../ports/hex.ts";
import { ChainUnavailable } from "../../ports/transaction-sender.ts";
import { parseTracedCall } from "./watch-schema.ts";

/** Calls of one transaction that are looked at. */
const MAX_CALLS = 10_000;

/**
 * The data of all calls to a contract that a transaction made, from the node's trace.
 * @returns why there is none when the node traces nothing
 * @throws ChainUnavailable when no node answers
 */
export async function callsTo(
  contract: Hex,
  transaction: Hex,
  provider: Pick<JsonRpcApiProvider, "send">,
): Promise<readonly Hex[] | string> {
  let trace: unknown;
  try {
    trace = await provider.send("debug_traceTransaction", [transaction, { tracer: "callTracer" }]);
  } catch (error) {
    if (error instanceof ChainUnavailable) throw error;
    return "the node shows no trace (debug_traceTransaction with callTracer)";
  }
  const found: Hex[] = [];
  const left: unknown[] = [trace];
  for (let looked = 0; left.length > 0 && looked < MAX_CALLS; looked++) {
    const call = parseTracedCall(left.pop());
    if (call === null) continue;
    if (call.to?.toLowerCase() === contract.toLowerCase()) found.push(call.input);
    left.push(...(call.calls ?? []));
  }
  return found;
}
