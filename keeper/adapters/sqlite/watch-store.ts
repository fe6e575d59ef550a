import type { DatabaseSync } from "node:sqlite";
import { asHex } from "../../ports/hex.ts";
import type { Equivocation } from "../../ports/prosecutor.ts";
import { StoreRefused } from "../../ports/store.ts";
import type { BlockPlace, SignedHead } from "../../ports/watch-chain.ts";
import { KEPT_BLOCKS, KEPT_HEADS, type WatchStore } from "../../ports/watch-store.ts";
import { readSignedHead, writeSignedHead } from "../equivocation-text.ts";
import { createSqliteEvidence } from "./evidence-table.ts";
import { requireStoreOwner, SCHEMA_VERSION } from "../store-layout.ts";
import { openDatabase, settled, together } from "./open-database.ts";
import { createSqliteSpots } from "./spot-table.ts";
import { lockStore, makePrivate, type StoreLock } from "./store-lock.ts";
import { createSqliteTransactionLog } from "./transaction-log.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS owner (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1), version INTEGER NOT NULL, name TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS read_block (number INTEGER PRIMARY KEY, hash TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS signed_head (
    place INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, head TEXT NOT NULL
  ) STRICT;
`;
const IN_MEMORY = ":memory:";

/**
 * Opens a watchtower's store in a file, or makes it. Unlike a keeper's it may be made anew at any time: then what was seen before is found again
 * only from the chain. No other process has it meanwhile.
 * @param owner names the chain and the oracle that it watches
 * @throws StoreRefused when the file is in use, of another chain or oracle, or of another version
 */
export function openSqliteWatchStore(file: string, owner: string): WatchStore {
  if (file === IN_MEMORY) return openLocked(file, owner, { release: () => undefined });
  makePrivate(file);
  const lock = lockStore(file);
  if (lock === null)
    throw new StoreRefused(
      `${file} is in use by another watchtower`,
      "stop that one, or name another file with --store",
    );
  try {
    return openLocked(file, owner, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openLocked(file: string, owner: string, lock: StoreLock): WatchStore {
  const database = openDatabase(file);
  try {
    database.exec(SCHEMA);
    database
      .prepare("INSERT OR IGNORE INTO owner (only_row, version, name) VALUES (1, ?, ?)")
      .run(SCHEMA_VERSION, owner);
    requireStoreOwner(database.prepare("SELECT version, name FROM owner").get(), owner, file);
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    ...createSqliteTransactionLog(database),
    ...createSqliteEvidence(database),
    ...createSqliteSpots(database),
    ...blockTable(database),
    ...headTable(database),
    close: () =>
      settled(() => {
        database.close();
        lock.release();
      }),
  };
}

function blockTable(database: DatabaseSync): Pick<WatchStore, "lastBlocks" | "saveBlock"> {
  const list = database.prepare("SELECT number, hash FROM read_block ORDER BY number DESC");
  const forget = database.prepare("DELETE FROM read_block WHERE number >= ? OR number <= ?");
  const insert = database.prepare("INSERT INTO read_block (number, hash) VALUES (?, ?)");
  return {
    lastBlocks: () =>
      settled(() =>
        list.all().map((row): BlockPlace => ({
          number: BigInt(Number(row["number"])),
          hash: asHex(String(row["hash"])),
        })),
      ),
    saveBlock: ({ number, hash }) =>
      settled(() => {
        together(database, () => {
          forget.run(number, number - BigInt(KEPT_BLOCKS));
          insert.run(number, hash);
        });
      }),
  };
}

function headTable(database: DatabaseSync): Pick<WatchStore, "noteHeads"> {
  const insert = database.prepare("INSERT OR IGNORE INTO signed_head (name, head) VALUES (?, ?)");
  const read = database.prepare("SELECT head FROM signed_head WHERE name = ?");
  const prune = database.prepare(
    "DELETE FROM signed_head WHERE place <= (SELECT MAX(place) FROM signed_head) - ?",
  );
  const note = (signed: SignedHead): readonly Equivocation[] => {
    const name = nameOf(signed);
    insert.run(name, writeSignedHead(signed));
    const first = readSignedHead(String(read.get(name)?.["head"]));
    return first.hash === signed.hash ? [] : [{ signer: signed.signer, first, second: signed }];
  };
  return {
    noteHeads: (signed) =>
      settled(() =>
        together(database, () => {
          const found = signed.flatMap(note);
          prune.run(KEPT_HEADS);
          return found;
        }),
      ),
  };
}

function nameOf({ signer, head }: SignedHead): string {
  return `${signer}/${head.configDigest}/${head.epoch.toString()}/${head.round.toString()}`;
}
