import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { asHex } from "../../ports/hex.ts";
import type { SigningRecord } from "../../ports/signing-record.ts";
import {
  type FinalStore,
  KEPT_FINALS,
  KEPT_ROUNDS,
  type KeeperStore,
  type StoreOpening,
  type StoreOwner,
  type ViewStore,
} from "../../ports/store.ts";
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
import { createSqliteEvidence } from "./evidence-table.ts";
import { openDatabase, settled } from "./open-database.ts";
import { lockStore, makePrivate, type StoreLock } from "./store-lock.ts";
import { createSqliteTransactionLog } from "./transaction-log.ts";

const SCHEMA = `
  CREATE TABLE owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, name TEXT NOT NULL, holder TEXT
  ) STRICT;
  CREATE TABLE signed_slot (
    slot TEXT PRIMARY KEY, hash TEXT NOT NULL, config_digest TEXT, round INTEGER
  ) STRICT;
  CREATE INDEX signed_round ON signed_slot (config_digest, round);
  CREATE TABLE view (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), epoch TEXT NOT NULL, wish TEXT NOT NULL
  ) STRICT;
  CREATE TABLE final (
    epoch TEXT NOT NULL, round INTEGER NOT NULL, report TEXT NOT NULL, PRIMARY KEY (epoch, round)
  ) STRICT;
`;
const IN_MEMORY = ":memory:";

/**
 * Opens a keeper's store in a file, or makes it: every write is on the disk when its promise resolves, and no other process has it meanwhile.
 * @throws StoreRefused when the file is missing (or there, for a new one), in use, another keeper's or of another version
 */
export function openSqliteStore(file: string, owner: StoreOwner, opening: StoreOpening): KeeperStore {
  if (file === IN_MEMORY) return openLocked(file, owner, opening, NO_LOCK);
  if (opening === "new") makePrivate(file);
  else if (!existsSync(file)) throw storeMissing(file);
  const lock = lockStore(file);
  if (lock === null) throw storeInUse(file, holderOf(file));
  try {
    return openLocked(file, owner, opening, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

const NO_LOCK: StoreLock = { release: () => undefined };

function openLocked(file: string, owner: StoreOwner, opening: StoreOpening, lock: StoreLock): KeeperStore {
  const database = openDatabase(file);
  try {
    takeOwned(database, owner, opening, file);
    return {
      ...createSqliteTransactionLog(database),
      ...createSqliteEvidence(database),
      ...recordTables(database),
      ...finalTable(database),
      close: () =>
        settled(() => {
          database.close();
          lock.release();
        }),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes the tables of a new store; of an existing one it must be the owner's. */
function takeOwned(database: DatabaseSync, owner: StoreOwner, opening: StoreOpening, file: string): void {
  const name = nameOfOwner(owner);
  const isStore = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'owner'").get() !== undefined;
  if (opening === "new") {
    if (isStore) throw storeExists(file);
    makeTables(database, name);
  } else {
    if (!isStore) throw storeMissing(file);
    requireStoreOwner(database.prepare("SELECT version, name FROM owner").get(), name, file);
  }
  database.prepare("UPDATE owner SET holder = ?").run(nameOfHolder());
}

/** All or nothing: half a store would be neither new nor one. */
function makeTables(database: DatabaseSync, name: string): void {
  database.exec("BEGIN IMMEDIATE");
  database.exec(SCHEMA);
  database.prepare("INSERT INTO owner (only_row, version, name) VALUES (1, ?, ?)").run(SCHEMA_VERSION, name);
  database.exec("COMMIT");
}

/** Who wrote last that it has the store; null when that cannot be read. */
function holderOf(file: string): string | null {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const holder = database.prepare("SELECT holder FROM owner").get()?.["holder"];
    return typeof holder === "string" ? holder : null;
  } catch {
    return null;
  } finally {
    database.close();
  }
}

function recordTables(database: DatabaseSync): SigningRecord & ViewStore {
  const insertSlot = database.prepare(
    "INSERT OR IGNORE INTO signed_slot (slot, hash, config_digest, round) VALUES (?, ?, ?, ?)",
  );
  const readSlot = database.prepare("SELECT hash FROM signed_slot WHERE slot = ?");
  const writeView = database.prepare(
    "INSERT INTO view (only_row, epoch, wish) VALUES (1, ?, ?) " +
      "ON CONFLICT (only_row) DO UPDATE SET epoch = MAX(epoch, excluded.epoch), wish = MAX(wish, excluded.wish)",
  );
  const readView = database.prepare("SELECT epoch, wish FROM view");
  return {
    record: (slot, hash, place) =>
      settled(() => {
        insertSlot.run(slot, hash, place?.configDigest ?? null, place?.round ?? null);
        return readSlot.get(slot)?.["hash"] === hash;
      }),
    recorded: (slot) =>
      settled(() => {
        const row = readSlot.get(slot);
        return row === undefined ? null : asHex(String(row["hash"]));
      }),
    saveView: ({ epoch, wish }) =>
      settled(() => {
        writeView.run(sortableEpoch(epoch), sortableEpoch(wish));
      }),
    loadView: () =>
      settled(() => {
        const row = readView.get();
        return row === undefined
          ? null
          : { epoch: BigInt(String(row["epoch"])), wish: BigInt(String(row["wish"])) };
      }),
  };
}

function finalTable(database: DatabaseSync): FinalStore {
  const insertFinal = database.prepare("INSERT OR IGNORE INTO final (epoch, round, report) VALUES (?, ?, ?)");
  const pruneFinals = database.prepare(
    "DELETE FROM final WHERE (epoch, round) IN (SELECT epoch, round FROM final ORDER BY epoch DESC, round DESC LIMIT -1 OFFSET ?)",
  );
  const readFinals = database.prepare(
    "SELECT report FROM final WHERE (epoch, round) > (?, ?) ORDER BY epoch, round LIMIT ?",
  );
  const readNewest = database.prepare("SELECT report FROM final ORDER BY epoch DESC, round DESC LIMIT 1");
  const pruneSlots = database.prepare("DELETE FROM signed_slot WHERE config_digest = ? AND round < ?");
  return {
    saveFinal: (final) =>
      settled(() => {
        const { configDigest, epoch, round } = final.report;
        insertFinal.run(sortableEpoch(epoch), round, writeSignedReport(final));
        pruneFinals.run(KEPT_FINALS);
        pruneSlots.run(configDigest, round - KEPT_ROUNDS);
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
  };
}
