// Loaded before a process (`node --import`): it kills itself (SIGKILL) right before or right after its n-th durable write to a table of its SQLite store, as it is told:
// `kill-at-write.ts?table=signed_slot&nth=2&moment=before`.
import { DatabaseSync, type SQLInputValue, type StatementResultingChanges, StatementSync } from "node:sqlite";
import { toldTo } from "../../scripts/network/preload.ts";

const WRITE = /^\s*(?:INSERT(?: OR \w+)? INTO|DELETE FROM|UPDATE)\s+(\w+)/i;

const given = toldTo(import.meta.url);
const table = given.get("table");
const moment = given.get("moment");
let left = Number(given.get("nth"));

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** Runs a write to the table that is counted, or dies at it. */
function counted<T>(written: string, write: () => T): T {
  if (written !== table) return write();
  left -= 1;
  if (left === 0 && moment === "before") die();
  const result = write();
  if (left === 0 && moment === "after") die();
  return result;
}

type Run = (this: StatementSync, ...values: SQLInputValue[]) => StatementResultingChanges;
const run: Run = Reflect.get(StatementSync.prototype, "run");
const countedRun: Run = function (...values) {
  const written = WRITE.exec(this.sourceSQL)?.[1] ?? "";
  return counted(written, () => run.apply(this, values));
};

/** A commit is a write of its own, under the name COMMIT: what was written before it stands only after it. */
type Exec = (this: DatabaseSync, sql: string) => void;
const exec: Exec = Reflect.get(DatabaseSync.prototype, "exec");
const countedExec: Exec = function (sql) {
  counted(sql.trim(), () => {
    exec.call(this, sql);
  });
};

Object.assign(StatementSync.prototype, { run: countedRun });
Object.assign(DatabaseSync.prototype, { exec: countedExec });
