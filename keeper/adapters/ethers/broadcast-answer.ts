import type { BroadcastAnswer } from "../../ports/transaction-chain.ts";
import { isUnfunded, revertDataOf } from "./node-error.ts";
import type { RpcAnswer } from "./rpc-endpoint.ts";

// The wording of Geth, Nethermind, Erigon, Besu, Reth, Hardhat, Anvil and Ethermint; none has a code for it.
const KNOWN =
  /already ?known|already imported|already in (?:the )?mempool|known transaction|already exists|same hash/i;
const NONCE_TAKEN = /nonce.{0,12}too low|nonce has already been used|OldNonce|invalid nonce/i;
const UNDERPRICED =
  /replacement.{0,24}underpriced|underpriced.{0,24}replac|replacement transaction|not replace existing|ReplacementNotAllowed/i;

/** What a node means by its answer to a signed transaction. */
export function broadcastAnswer(answer: RpcAnswer<unknown>): BroadcastAnswer {
  if (answer.kind === "result") return { kind: "taken" };
  const { message, data } = answer.error;
  if (KNOWN.test(message)) return { kind: "taken" };
  if (NONCE_TAKEN.test(message)) return { kind: "nonce-taken" };
  if (UNDERPRICED.test(message)) return { kind: "underpriced" };
  if (isUnfunded(answer.error)) return { kind: "unfunded", reason: message };
  // A node that mines at once reports the revert of what it has just mined.
  if (revertDataOf(data) !== null) return { kind: "taken" };
  return { kind: "rejected", reason: message };
}

/** The best first: a pool that has it passes it on. A reason that a higher fee may remove stands before one that it cannot. */
const ORDER: readonly BroadcastAnswer["kind"][] = [
  "taken",
  "underpriced",
  "nonce-taken",
  "rejected",
  "unfunded",
];

/** What the answers of several nodes come to; null of none. */
export function bestAnswer(answers: readonly BroadcastAnswer[]): BroadcastAnswer | null {
  const [best = null] = answers.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  return best;
}
