import { Pool } from "pg";
import { asHex } from "../../ports/hex.ts";
import { KEPT_FINALS, type KeeperStore, type StoreOwner, type View } from "../../ports/store.ts";
import type { TransactionLog } from "../../ports/transaction-log.ts";
import { readSignedReport, writeSignedReport } from "../signed-report-text.ts";
import { nameOfOwner, requireStoreOwner, SCHEMA_VERSION, sortableEpoch } from "../store-layout.ts";
import { readOutcome, readTransaction, writeTransactionText } from "../transaction-text.ts";

/** Connections of one keeper: its writes follow one another anyway. */
const MAX_CONNECTIONS = 2;
const CONNECT_TIMEOUT_MS = 10_000;
const STATEMENT_TIMEOUT_MS = 10_000;
/** Outcomes kept: a caller asks again for its last effects, never for old ones. */
const KEPT_OUTCOMES = 10_000;

const TABLES = [
  `CREATE TABLE IF NOT EXISTS keeper_owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, name TEXT NOT NULL)`,
  "CREATE TABLE IF NOT EXISTS signed_slot (slot TEXT PRIMARY KEY, hash TEXT NOT NULL)",
  `CREATE TABLE IF NOT EXISTS keeper_view (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch TEXT NOT NULL, wish TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS final_report (
    epoch TEXT NOT NULL, round BIGINT NOT NULL, report TEXT NOT NULL, PRIMARY KEY (epoch, round))`,
  `CREATE TABLE IF NOT EXISTS open_transaction (
    id TEXT PRIMARY KEY, chain_id TEXT NOT NULL, sender TEXT NOT NULL, record TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS transaction_outcome (
    number BIGSERIAL PRIMARY KEY, id TEXT NOT NULL UNIQUE, outcome TEXT NOT NULL)`,
];

type Row = Readonly<Record<string, unknown>>;
type Query = (text: string, values?: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * Opens a keeper's store in a database of its own, or makes its tables there: every write is committed to the server's disk when its promise
 * resolves.
 * @param failed is told when an idle connection breaks; the next query opens another
 * @throws StoreRefused when the database belongs to another keeper or another version wrote it; the driver's error when it cannot be reached
 */
export async function openPostgresStore(
  url: string,
  owner: StoreOwner,
  failed: (error: Error) => void,
): Promise<KeeperStore> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    query_timeout: STATEMENT_TIMEOUT_MS,
    // Commits wait for the disk even where the server's default is not to.
    options: "-c synchronous_commit=on",
  });
  pool.on("error", failed);
  const query: Query = async (text, values = []) => (await pool.query<Row>(text, [...values])).rows;
  try {
    for (const table of TABLES) await query(table);
    const name = nameOfOwner(owner);
    await query(
      "INSERT INTO keeper_owner (only_row, version, name) VALUES (1, $1, $2) ON CONFLICT DO NOTHING",
      [SCHEMA_VERSION, name],
    );
    const [row] = await query("SELECT version, name FROM keeper_owner");
    requireStoreOwner(row, name, "the database");
  } catch (error) {
    await pool.end();
    throw error;
  }
  return { ...protocolTables(query), ...transactionTables(query), close: () => pool.end() };
}

function protocolTables(query: Query): Omit<KeeperStore, keyof TransactionLog | "close"> {
  return {
    record: async (slot, hash) => {
      await query("INSERT INTO signed_slot (slot, hash) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
        slot,
        hash,
      ]);
      const [row] = await query("SELECT hash FROM signed_slot WHERE slot = $1", [slot]);
      return row?.["hash"] === hash;
    },
    recorded: async (slot) => {
      const [row] = await query("SELECT hash FROM signed_slot WHERE slot = $1", [slot]);
      return row === undefined ? null : asHex(String(row["hash"]));
    },
    saveView: async ({ epoch, wish }) => {
      await query(
        `INSERT INTO keeper_view (only_row, epoch, wish) VALUES (1, $1, $2)
         ON CONFLICT (only_row) DO UPDATE SET epoch = excluded.epoch, wish = excluded.wish`,
        [epoch.toString(), wish.toString()],
      );
    },
    loadView: async () => {
      const [row] = await query("SELECT epoch, wish FROM keeper_view");
      return row === undefined ? null : viewOf(row);
    },
    saveFinal: async (final) => {
      const { epoch, round } = final.report;
      await query(
        "INSERT INTO final_report (epoch, round, report) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [sortableEpoch(epoch), round, writeSignedReport(final)],
      );
      await query(
        `DELETE FROM final_report WHERE (epoch, round) IN
         (SELECT epoch, round FROM final_report ORDER BY epoch DESC, round DESC OFFSET $1)`,
        [KEPT_FINALS],
      );
    },
    finalsAfter: async ({ epoch, round }, limit) => {
      const rows = await query(
        "SELECT report FROM final_report WHERE (epoch, round) > ($1, $2) ORDER BY epoch, round LIMIT $3",
        [sortableEpoch(epoch), round, limit],
      );
      return rows.map((row) => readSignedReport(String(row["report"])));
    },
    newestFinal: async () => {
      const [row] = await query("SELECT report FROM final_report ORDER BY epoch DESC, round DESC LIMIT 1");
      return row === undefined ? null : readSignedReport(String(row["report"]));
    },
  };
}

function viewOf(row: Row): View {
  return { epoch: BigInt(String(row["epoch"])), wish: BigInt(String(row["wish"])) };
}

function transactionTables(query: Query): TransactionLog {
  return {
    saveTransaction: async (record) => {
      await query(
        `INSERT INTO open_transaction (id, chain_id, sender, record) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
        [record.id, record.chainId.toString(), record.from, writeTransactionText(record)],
      );
    },
    openTransactions: async (chainId, from) => {
      const rows = await query("SELECT record FROM open_transaction WHERE chain_id = $1 AND sender = $2", [
        chainId.toString(),
        from,
      ]);
      return rows.map((row) => readTransaction(String(row["record"])));
    },
    // One statement, so that the record goes exactly when the outcome stays.
    closeTransaction: async (id, outcome) => {
      await query(
        `WITH closed AS (DELETE FROM open_transaction WHERE id = $1)
         INSERT INTO transaction_outcome (id, outcome) VALUES ($1, $2)
         ON CONFLICT (id) DO UPDATE SET outcome = excluded.outcome`,
        [id, writeTransactionText(outcome)],
      );
      await query(
        "DELETE FROM transaction_outcome WHERE number <= (SELECT MAX(number) FROM transaction_outcome) - $1::bigint",
        [KEPT_OUTCOMES],
      );
    },
    transactionOutcome: async (id) => {
      const [row] = await query("SELECT outcome FROM transaction_outcome WHERE id = $1", [id]);
      return row === undefined ? null : readOutcome(String(row["outcome"]));
    },
  };
}
