import { closeSync, existsSync, openSync, realpathSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** Keys and what they signed are the keeper's alone. */
const OWNER_ONLY = 0o600;
/** SQLite's result code for a file that another connection has locked. */
const SQLITE_BUSY = 5;

/** A lock that is held until it is released, or its process ends in whatever way. */
export interface StoreLock {
  release(): void;
}

/**
 * Locks a store's file against other processes. The lock is SQLite's own on a file beside it, so that the operating system drops it with the
 * process, and reading and copying the store itself stays possible.
 * @param file exists
 * @returns null when another process, or this one, has it
 */
export function lockStore(file: string): StoreLock | null {
  const lockFile = `${realpathSync(file)}-lock`;
  makePrivate(lockFile);
  const database = new DatabaseSync(lockFile);
  try {
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (isBusy(error)) return null;
    throw error;
  }
  return {
    release: () => {
      database.close();
    },
  };
}

/** Makes a file for its owner's eyes when it is missing. One that is there is not touched: closing it would drop this process's locks on it. */
export function makePrivate(file: string): void {
  if (!existsSync(file)) closeSync(openSync(file, "a", OWNER_ONLY));
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY;
}
