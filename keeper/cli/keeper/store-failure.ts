import type { StoreChoice } from "../../keeper-config.ts";
import { StoreRefused } from "../../ports/store.ts";
import { CommandError } from "../failure.ts";

/** SQLite's primary result codes (sqlite.org/rescode.html) and what to do about them. */
const SQLITE_ADVICE: Readonly<Record<number, string>> = {
  5: "another process holds the file: end it; never run two keepers with one store",
  8: "this user may not write there: give it the file and its folder (chown), or choose a folder that is not read-only",
  10: "the disk fails: look at the kernel's log (dmesg)",
  11: "the file is damaged: read docs/running-a-keeper.md, Backup and restore, before anything else",
  13: "the disk is full: make room",
  14: "make its folder and give it to this user, or name another file in store.file",
  26: "another program wrote it: name the keeper's own file in store.file; a new one is made when there is none",
};
/** What the operating system says before SQLite does. */
const FILE_ADVICE: Readonly<Record<string, string>> = {
  EACCES: "this user may not write there: give it the file and its folder (chown)",
  ENOENT: "make its folder and give it to this user, or name another file in store.file",
  EROFS: "the folder is read-only: name a file in another one in store.file",
};
/** Extended result codes hold the primary one in their lowest byte. */
const PRIMARY_CODES = 256;

/** Errors of the connection and of the server (PostgreSQL's documentation, appendix A) and what to do about them. */
const POSTGRES_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "start the database server, or correct host and port of the URL",
  ENOTFOUND: "correct the host of the URL",
  EAI_AGAIN: "correct the host of the URL, or this machine's name service",
  ETIMEDOUT: "look at the network between this machine and the database server",
  "28P01": "correct the user or the password of the URL",
  "28000": "let the server take this user's connections (pg_hba.conf)",
  "3D000": "make the database, one for each keeper: createdb",
  "42501": "let the user make tables in its database (GRANT CREATE)",
  "53300": "the server has too many connections: raise its limit",
};

/** Why a store cannot be opened, in words of its configuration and without the URL's password. */
export function storeFailure(choice: StoreChoice, error: unknown): Error {
  if (error instanceof StoreRefused) return error;
  const reason = reasonOf(error);
  const [where, advice] =
    choice.kind === "sqlite"
      ? [
          choice.file,
          SQLITE_ADVICE[sqliteCodeOf(error)] ??
            FILE_ADVICE[codeOf(error)] ??
            "check store.file, its rights and the free space",
        ]
      : [hostOf(choice.url), POSTGRES_ADVICE[codeOf(error)] ?? "check the database and its URL"];
  return new CommandError("store-unusable", `the store ${where} cannot be opened: ${reason}`, advice, {
    cause: error,
  });
}

function reasonOf(error: unknown): string {
  // A host with several addresses gives one error for all of them, without words of its own.
  if (error instanceof AggregateError && error.message === "") return reasonOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && "code" in error ? error.code : null;
  return typeof code === "string" ? code : "";
}

function sqliteCodeOf(error: unknown): number {
  const code: unknown = error instanceof Error && "errcode" in error ? error.errcode : null;
  return typeof code === "number" ? code % PRIMARY_CODES : 0;
}

function hostOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}
