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
