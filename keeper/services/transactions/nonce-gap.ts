import type { TransactionRecord } from "../../ports/transaction-log.ts";
import type { TransactionParts } from "./follow-transaction.ts";

/** What a transfer of nothing costs. */
const TRANSFER_GAS = 21_000n;

/** A nonce below an open transaction's that belongs to none: what had it was final, or a stranger's, and fell out of the chain all the same. */
export class NonceGap {
  readonly #parts: Pick<TransactionParts, "chain" | "log" | "timer" | "telemetry" | "policy">;
  #seen: { readonly nonce: number; readonly headNumber: bigint; readonly ms: number } | null = null;

  constructor(parts: Pick<TransactionParts, "chain" | "log" | "timer" | "telemetry" | "policy">) {
    this.#parts = parts;
  }

  /**
   * A transfer of nothing that takes the lowest free nonce, once the pools have had the time in which a transaction counts as stuck to bring
   * back what had it; null before, and when there is no gap below `nonce`. Without it nothing of the account would ever be mined again.
   */
  async fillerBelow(nonce: number): Promise<TransactionRecord | null> {
    const { chain, log, timer, telemetry, policy } = this.#parts;
    const { confirmedNonce, headNumber } = await chain.state(policy.confirmations);
    const open = await log.openTransactions(chain.chainId, chain.from);
    if (confirmedNonce >= nonce || open.some((record) => record.nonce === confirmedNonce)) {
      this.#seen = null;
      return null;
    }
    const ms = timer.nowMs();
    if (this.#seen?.nonce !== confirmedNonce) this.#seen = { nonce: confirmedNonce, headNumber, ms };
    const isLate = headNumber - this.#seen.headNumber >= policy.replaceAfterBlocks;
    if (!isLate || ms - this.#seen.ms < policy.replaceAfterMs) return null;
    telemetry.error("transaction-nonce-gap", { nonce: confirmedNonce });
    return {
      id: `nonce/${chain.chainId.toString()}/${chain.from}/${confirmedNonce.toString()}`,
      to: chain.from,
      data: "0x",
      doneErrors: [],
      chainId: chain.chainId,
      from: chain.from,
      nonce: confirmedNonce,
      gasLimit: TRANSFER_GAS,
      attempts: [],
    };
  }
}

/** Whether it is there for its nonce only. */
export const isFiller = ({ to, from }: TransactionRecord): boolean => to === from;
