import { DatabaseSync } from "node:sqlite";

/** A write that finds the file in use waits so long, ms. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Opens a database whose every commit is on the disk when the statement returns: a write-ahead journal, flushed at each commit. The file is
 * made when it is missing.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
  return database;
}

/** The database answers at once; a failure must still be a rejection. */
export function settled<T>(run: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(run());
  });
}

/** Runs statements as one: all of them count, or none. */
export function together<T>(database: DatabaseSync, run: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = run();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}
