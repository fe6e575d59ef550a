import type { EvidenceStore } from "../../ports/evidence-store.ts";
import { asHex } from "../../ports/hex.ts";
import {
  KEPT_FINALS,
  KEPT_ROUNDS,
  type KeeperStore,
  type StoreOpening,
  type StoreOwner,
  type View,
} from "../../ports/store.ts";
import type { TransactionLog } from "../../ports/transaction-log.ts";
import { readEquivocation, writeEquivocation } from "../equivocation-text.ts";
import { readSignedReport, writeSignedReport } from "../signed-report-text.ts";
import {
  nameOfHolder,
  nameOfOwner,
  requireStoreOwner,
  SCHEMA_VERSION,
  sortableEpoch,
  storeExists,
  storeInUse,
  storeMissing,
} from "../store-layout.ts";
import { readOutcome, readTransaction, writeTransactionText } from "../transaction-text.ts";
import { type Connect, connectTo, holdLock, type Query, type Row } from "./locked-session.ts";

/** Outcomes kept: a caller asks again for its last effects, never for old ones. */
const KEPT_OUTCOMES = 10_000;

const TABLES = `
  CREATE TABLE keeper_owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, name TEXT NOT NULL, holder TEXT);
  CREATE TABLE signed_slot (slot TEXT PRIMARY KEY, hash TEXT NOT NULL, config_digest TEXT, round BIGINT);
  CREATE INDEX signed_round ON signed_slot (config_digest, round);
  CREATE TABLE keeper_view (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch TEXT NOT NULL, wish TEXT NOT NULL);
  CREATE TABLE final_report (
    epoch TEXT NOT NULL, round BIGINT NOT NULL, report TEXT NOT NULL, PRIMARY KEY (epoch, round));
  CREATE TABLE open_transaction (
    id TEXT PRIMARY KEY, chain_id TEXT NOT NULL, sender TEXT NOT NULL, record TEXT NOT NULL);
  CREATE TABLE transaction_outcome (
    number BIGSERIAL PRIMARY KEY, id TEXT NOT NULL UNIQUE, outcome TEXT NOT NULL);
`;
/** Came later than the rest: a store of before gets it when it is opened. */
const EVIDENCE =
  "CREATE TABLE IF NOT EXISTS open_proof (signer TEXT PRIMARY KEY, equivocation TEXT NOT NULL)";
const WHERE = "the database";

export interface PostgresChoice {
  readonly owner: StoreOwner;
  readonly opening: StoreOpening;
  /** Is told when the connection breaks; the next statement opens another. */
  readonly failed: (error: Error) => void;
}

/**
 * Opens a keeper's store in a database of its own, or makes it there: every write is committed to the server's disk when its promise
 * resolves, and no other process has the store meanwhile.
 * @param connect how sessions of the server come about
 * @throws StoreRefused when the database holds no store (or one, for a new one), is in use, another keeper's or of another version; the
 * driver's error when it cannot be reached
 */
export async function openPostgresStore(
  url: string,
  { owner, opening, failed }: PostgresChoice,
  connect: Connect = connectTo(url),
): Promise<KeeperStore> {
  const name = nameOfOwner(owner);
  // Only the first session may make the store.
  let now = opening;
  const session = holdLock(
    connect,
    async (query) => {
      await takeOwned(query, name, now);
      now = "existing";
    },
    async (query) => storeInUse(WHERE, await holderOf(query)),
    failed,
  );
  await session.query("SELECT 1");
  const { query } = session;
  await query(EVIDENCE);
  return {
    ...protocolTables(query),
    ...transactionTables(query),
    ...evidenceTable(query),
    close: () => session.close(),
  };
}

async function takeOwned(query: Query, name: string, opening: StoreOpening): Promise<void> {
  const [found] = await query("SELECT to_regclass('keeper_owner') IS NOT NULL AS is_store");
  const isStore = found?.["is_store"] === true;
  if (opening === "new") {
    if (isStore) throw storeExists(WHERE);
    // All or nothing: half a store would be neither new nor one.
    await query("BEGIN");
    await query(TABLES);
    await query("INSERT INTO keeper_owner (only_row, version, name) VALUES (1, $1, $2)", [
      SCHEMA_VERSION,
      name,
    ]);
    await query("COMMIT");
  } else {
    if (!isStore) throw storeMissing(WHERE);
    const [row] = await query("SELECT version, name FROM keeper_owner");
    requireStoreOwner(row, name, WHERE);
  }
  await query("UPDATE keeper_owner SET holder = $1", [nameOfHolder()]);
}

/** Who wrote last that it has the store; null when that cannot be read. */
async function holderOf(query: Query): Promise<string | null> {
  const [row] = await query("SELECT holder FROM keeper_owner").catch(() => []);
  const holder = row?.["holder"];
  return typeof holder === "string" ? holder : null;
}

function protocolTables(
  query: Query,
): Omit<KeeperStore, keyof TransactionLog | keyof EvidenceStore | "close"> {
  return {
    record: async (slot, hash, place) => {
      await query(
        `INSERT INTO signed_slot (slot, hash, config_digest, round) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING`,
        [slot, hash, place?.configDigest ?? null, place?.round ?? null],
      );
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
         ON CONFLICT (only_row) DO UPDATE SET epoch = GREATEST(keeper_view.epoch, excluded.epoch),
           wish = GREATEST(keeper_view.wish, excluded.wish)`,
        [sortableEpoch(epoch), sortableEpoch(wish)],
      );
    },
    loadView: async () => {
      const [row] = await query("SELECT epoch, wish FROM keeper_view");
      return row === undefined ? null : viewOf(row);
    },
    saveFinal: async (final) => {
      const { configDigest, epoch, round } = final.report;
      await query(
        "INSERT INTO final_report (epoch, round, report) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [sortableEpoch(epoch), round, writeSignedReport(final)],
      );
      await query(
        `DELETE FROM final_report WHERE (epoch, round) IN
         (SELECT epoch, round FROM final_report ORDER BY epoch DESC, round DESC OFFSET $1)`,
        [KEPT_FINALS],
      );
      await query("DELETE FROM signed_slot WHERE config_digest = $1 AND round < $2", [
        configDigest,
        round - KEPT_ROUNDS,
      ]);
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

function evidenceTable(query: Query): EvidenceStore {
  return {
    saveProof: async (found) => {
      await query("INSERT INTO open_proof (signer, equivocation) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
        found.signer,
        writeEquivocation(found),
      ]);
    },
    openProofs: async () => {
      const rows = await query("SELECT equivocation FROM open_proof ORDER BY signer");
      return rows.map((row) => readEquivocation(String(row["equivocation"])));
    },
    closeProof: async (signer) => {
      await query("DELETE FROM open_proof WHERE signer = $1", [signer]);
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
         ON CONFLICT (id) DO UPDATE SET chain_id = excluded.chain_id, sender = excluded.sender, record = excluded.record`,
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
