import { forgetOldest } from "../../core/remembered.ts";
import type { TransactionLog, TransactionOutcome, TransactionRecord } from "../../ports/transaction-log.ts";

/** Outcomes kept: far more than a process can still ask for. */
const KEPT_OUTCOMES = 1_000;

/** A transaction log for the life of one process: for replays and single commands, where nothing is resumed. */
export function createMemoryTransactionLog(): TransactionLog {
  const open = new Map<string, TransactionRecord>();
  const outcomes = new Map<string, TransactionOutcome>();
  return {
    saveTransaction: (record) => {
      open.set(record.id, record);
      return Promise.resolve();
    },
    openTransactions: (chainId, from) =>
      Promise.resolve(
        [...open.values()].filter((record) => record.chainId === chainId && record.from === from),
      ),
    closeTransaction: (id, outcome) => {
      open.delete(id);
      outcomes.set(id, outcome);
      forgetOldest(outcomes, KEPT_OUTCOMES);
      return Promise.resolve();
    },
    transactionOutcome: (id) => Promise.resolve(outcomes.get(id) ?? null),
  };
}
