import type { DatabaseSync } from "node:sqlite";
import type { TransactionLog, TransactionOutcome } from "../../ports/transaction-log.ts";
import { readOutcome, readTransaction, writeTransactionText } from "../transaction-text.ts";
import { settled, together } from "./open-database.ts";

/** Outcomes kept: a caller asks again for its last effects, never for old ones. */
const KEPT_OUTCOMES = 10_000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS open_transaction (
    id TEXT PRIMARY KEY, chain_id TEXT NOT NULL, sender TEXT NOT NULL, record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS transaction_outcome (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, outcome TEXT NOT NULL
  ) STRICT;
`;

/**
 * A transaction log in a database of `openDatabase`: every write is on the disk when its promise resolves. Makes its tables where they are
 * missing.
 */
export function createSqliteTransactionLog(database: DatabaseSync): TransactionLog {
  database.exec(SCHEMA);
  const save = database.prepare(
    "INSERT INTO open_transaction (id, chain_id, sender, record) VALUES (?, ?, ?, ?) " +
      "ON CONFLICT (id) DO UPDATE SET chain_id = excluded.chain_id, sender = excluded.sender, record = excluded.record",
  );
  const list = database.prepare("SELECT record FROM open_transaction WHERE chain_id = ? AND sender = ?");
  const read = database.prepare("SELECT outcome FROM transaction_outcome WHERE id = ?");
  const remove = database.prepare("DELETE FROM open_transaction WHERE id = ?");
  const keep = database.prepare("INSERT OR REPLACE INTO transaction_outcome (id, outcome) VALUES (?, ?)");
  const prune = database.prepare(
    "DELETE FROM transaction_outcome WHERE number <= (SELECT MAX(number) FROM transaction_outcome) - ?",
  );
  const close = (id: string, outcome: TransactionOutcome): void => {
    together(database, () => {
      keep.run(id, writeTransactionText(outcome));
      remove.run(id);
      prune.run(KEPT_OUTCOMES);
    });
  };
  return {
    saveTransaction: (record) =>
      settled(() => {
        save.run(record.id, record.chainId.toString(), record.from, writeTransactionText(record));
      }),
    openTransactions: (chainId, from) =>
      settled(() => list.all(chainId.toString(), from).map((row) => readTransaction(String(row["record"])))),
    closeTransaction: (id, outcome) =>
      settled(() => {
        close(id, outcome);
      }),
    transactionOutcome: (id) =>
      settled(() => {
        const row = read.get(id);
        return row === undefined ? null : readOutcome(String(row["outcome"]));
      }),
  };
}
