import type { Hex } from "../../ports/hex.ts";
import type { Simulation } from "../../ports/transaction-chain.ts";
import { AccountCannotPay } from "../../ports/transaction-sender.ts";
import { isUnfunded, revertDataOf } from "./node-error.ts";
import { agreedHead, disunity, isVote } from "./rpc-agreement.ts";
import type { RpcAnswer } from "./rpc-endpoint.ts";
import { carried, upperMedian, votesNeeded } from "./rpc-judgement.ts";
import type { RpcPool } from "./rpc-pool.ts";
import { parseQuantity, toQuantity } from "./rpc-schema.ts";

/** The chain may have moved on between estimate and block: a quarter more gas than estimated. */
const GAS_MARGIN_PERCENT = 125n;
const PERCENT = 100n;
/** Most gas a transaction may ask for (EIP-7825). */
const TRANSACTION_GAS_CAP = 1n << 24n;
const SELECTOR_CHARACTERS = "0x".length + 2 * 4;
const METHOD = "eth_estimateGas";

/** A call of an account. */
export interface SimulatedCall {
  readonly from: Hex;
  readonly to: Hex;
  readonly data: Hex;
}

type Outcome =
  | { readonly kind: "accepted"; readonly estimate: bigint }
  | { readonly kind: "unfunded"; readonly reason: string }
  | Extract<Simulation, { kind: "refused" }>;

/**
 * What enough nodes say that the call would do; the gas is the median of their estimates and a margin.
 * @throws NodesDisagree, ChainUnavailable; AccountCannotPay when enough say so
 */
export async function simulateCall(
  pool: RpcPool,
  call: SimulatedCall,
  on: "next-block" | "head",
): Promise<Simulation> {
  const block = on === "next-block" ? "pending" : await headOf(pool);
  const answers = await pool.ask({ method: METHOD, params: [call, block], parse: parseQuantity });
  const outcomes = answers.filter(({ answer }) => isVote(answer)).map(({ answer }) => outcomeOf(answer));
  const agreed = carried(outcomes, keyOf, votesNeeded(pool.named, outcomes.length));
  if (agreed === null) throw disunity(pool, METHOD, answers);
  const [first] = agreed;
  if (first.kind === "unfunded") throw new AccountCannotPay(call.from, first.reason);
  if (first.kind === "refused") return first;
  return withMargin(agreed.flatMap((each) => (each.kind === "accepted" ? [each.estimate] : [])));
}

/** One node alone is asked about the latest block that it has when it answers. */
async function headOf(pool: RpcPool): Promise<string> {
  return pool.named === 1 ? "latest" : toQuantity((await agreedHead(pool)).number);
}

function outcomeOf(answer: RpcAnswer<bigint>): Outcome {
  if (answer.kind === "result") return { kind: "accepted", estimate: answer.value };
  const { error } = answer;
  const revertData = revertDataOf(error.data);
  if (revertData === null && isUnfunded(error)) return { kind: "unfunded", reason: error.message };
  return { kind: "refused", reason: error.message, revertData };
}

/** Two refusals are the same when the contract's error is: its arguments may name the block. */
function keyOf(outcome: Outcome): string {
  return outcome.kind === "refused"
    ? `refused ${outcome.revertData?.slice(0, SELECTOR_CHARACTERS).toLowerCase() ?? ""}`
    : outcome.kind;
}

function withMargin(estimates: readonly bigint[]): Simulation {
  const estimate = upperMedian(estimates) ?? 0n;
  if (estimate > TRANSACTION_GAS_CAP) {
    const reason = `it needs ${estimate.toString()} gas, a transaction may use ${TRANSACTION_GAS_CAP.toString()} (EIP-7825)`;
    return { kind: "refused", reason, revertData: null };
  }
  const padded = (estimate * GAS_MARGIN_PERCENT) / PERCENT;
  return { kind: "accepted", gasLimit: padded < TRANSACTION_GAS_CAP ? padded : TRANSACTION_GAS_CAP };
}
