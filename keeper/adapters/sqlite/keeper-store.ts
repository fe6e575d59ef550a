import type { DatabaseSync } from "node:sqlite";
import { asHex } from "../../ports/hex.ts";
import { KEPT_FINALS, type KeeperStore, type StoreOwner } from "../../ports/store.ts";
import { readSignedReport, writeSignedReport } from "../signed-report-text.ts";
import { nameOfOwner, requireStoreOwner, SCHEMA_VERSION, sortableEpoch } from "../store-layout.ts";
import { openDatabase } from "./open-database.ts";
import { createSqliteTransactionLog } from "./transaction-log.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, name TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS signed_slot (slot TEXT PRIMARY KEY, hash TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS view (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch TEXT NOT NULL, wish TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS final (
    epoch TEXT NOT NULL, round INTEGER NOT NULL, report TEXT NOT NULL, PRIMARY KEY (epoch, round)
  ) STRICT;
`;

/**
 * Opens a keeper's store in a file, or makes it: every write is on the disk when its promise resolves.
 * @throws StoreRefused when the file belongs to another keeper or a newer version wrote it
 */
export function openSqliteStore(file: string, owner: StoreOwner): KeeperStore {
  const database = openDatabase(file);
  try {
    database.exec(SCHEMA);
    requireOwner(database, owner, file);
  } catch (error) {
    database.close();
    throw error;
  }
  return { ...createSqliteTransactionLog(database), ...protocolTables(database) };
}

function requireOwner(database: DatabaseSync, owner: StoreOwner, file: string): void {
  const name = nameOfOwner(owner);
  database
    .prepare("INSERT OR IGNORE INTO owner (only_row, version, name) VALUES (1, ?, ?)")
    .run(SCHEMA_VERSION, name);
  const row = database.prepare("SELECT version, name FROM owner").get();
  requireStoreOwner(row, name, file);
}

type ProtocolTables = Omit<KeeperStore, keyof ReturnType<typeof createSqliteTransactionLog>>;

function protocolTables(database: DatabaseSync): ProtocolTables {
  const insertSlot = database.prepare("INSERT OR IGNORE INTO signed_slot (slot, hash) VALUES (?, ?)");
  const readSlot = database.prepare("SELECT hash FROM signed_slot WHERE slot = ?");
  const writeView = database.prepare("INSERT OR REPLACE INTO view (only_row, epoch, wish) VALUES (1, ?, ?)");
  const readView = database.prepare("SELECT epoch, wish FROM view");
  const insertFinal = database.prepare("INSERT OR IGNORE INTO final (epoch, round, report) VALUES (?, ?, ?)");
  const pruneFinals = database.prepare(
    "DELETE FROM final WHERE (epoch, round) IN (SELECT epoch, round FROM final ORDER BY epoch DESC, round DESC LIMIT -1 OFFSET ?)",
  );
  const readFinals = database.prepare(
    "SELECT report FROM final WHERE (epoch, round) > (?, ?) ORDER BY epoch, round LIMIT ?",
  );
  const readNewest = database.prepare("SELECT report FROM final ORDER BY epoch DESC, round DESC LIMIT 1");
  return {
    record: (slot, hash) =>
      settled(() => {
        insertSlot.run(slot, hash);
        return readSlot.get(slot)?.["hash"] === hash;
      }),
    recorded: (slot) =>
      settled(() => {
        const row = readSlot.get(slot);
        return row === undefined ? null : asHex(String(row["hash"]));
      }),
    saveView: ({ epoch, wish }) =>
      settled(() => {
        writeView.run(epoch.toString(), wish.toString());
      }),
    loadView: () =>
      settled(() => {
        const row = readView.get();
        return row === undefined
          ? null
          : { epoch: BigInt(String(row["epoch"])), wish: BigInt(String(row["wish"])) };
      }),
    saveFinal: (final) =>
      settled(() => {
        insertFinal.run(sortableEpoch(final.report.epoch), final.report.round, writeSignedReport(final));
        pruneFinals.run(KEPT_FINALS);
      }),
    finalsAfter: ({ epoch, round }, limit) =>
      settled(() =>
        readFinals
          .all(sortableEpoch(epoch), round, limit)
          .map((row) => readSignedReport(String(row["report"]))),
      ),
    newestFinal: () =>
      settled(() => {
        const row = readNewest.get();
        return row === undefined ? null : readSignedReport(String(row["report"]));
      }),
    close: () =>
      settled(() => {
        database.close();
      }),
  };
}

/** The database answers at once; a failure must still be a rejection. */
function settled<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(run());
  });
}
