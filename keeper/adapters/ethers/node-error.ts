import { asHex, type Hex } from "../../ports/hex.ts";
import type { RpcError } from "./rpc-endpoint.ts";

/** Code that node programs give a revert. */
const REVERT_CODE = 3;
/** How a call can end without revert data, in the words of several node programs. */
const EXECUTION =
  /revert|out of gas|gas required exceeds|invalid opcode|invalid jump|stack (?:under|over)flow|write protection/i;
const UNFUNDED =
  /insufficient ?(?:funds|balance)|enough funds|upfront cost exceeds|gas required exceeds allowance \(0\)/i;

/**
 * Whether the error says something about what was asked. All others say that the node cannot tell: limits, methods it does not offer, blocks
 * and states it does not have, and whatever codes providers have for that (429, -32005, -32007, -32016, -32046, -32097, -32601 …).
 */
export function isAnswer({ code, message, data }: RpcError): boolean {
  return (
    code === REVERT_CODE || revertDataOf(data) !== null || EXECUTION.test(message) || isUnfunded({ message })
  );
}

/** Whether the account has too little for the gas. */
export function isUnfunded({ message }: Pick<RpcError, "message">): boolean {
  return UNFUNDED.test(message);
}

/** Nodes put the revert's bytes in `data`, or in the `data` of an object there. */
export function revertDataOf(data: unknown): Hex | null {
  if (typeof data === "string") return /^0x(?:[0-9a-fA-F]{2})*$/.test(data) ? asHex(data) : null;
  if (typeof data === "object" && data !== null && "data" in data) return revertDataOf(data.data);
  return null;
}
