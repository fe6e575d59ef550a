import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Client } from "pg";
import { openDatabase } from "../../adapters/sqlite/open-database.ts";
import { nameOfOwner, requireStoreOwner, storeMissing } from "../../adapters/store-layout.ts";
import type { StoreChoice } from "../../keeper-config.ts";
import type { StoreOwner } from "../../ports/store.ts";
import { storeFailure } from "./store-failure.ts";

const WRITE_AND_GIVE_UP = "BEGIN; CREATE TABLE ballast_write_probe (id INTEGER); ROLLBACK;";
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Looks at a store as a start would meet it, and leaves it as it is; may be done while a keeper has it.
 * @param owner whose it must be; null where that is not known
 * @returns what was found
 * @throws StoreRefused or CommandError as `openStore` would
 */
export async function inspectStore(choice: StoreChoice, owner: StoreOwner | null): Promise<string> {
  try {
    return choice.kind === "sqlite"
      ? inspectFile(choice.file, owner)
      : await inspectServer(choice.url, owner);
  } catch (error) {
    throw storeFailure(choice, error);
  }
}

function inspectFile(file: string, owner: StoreOwner | null): string {
  if (!existsSync(file)) throw storeMissing(file);
  // Looked at before anything is written: another keeper's file stays untouched. A connection that may write, because one that may not leaves
  // the journal's files behind when it closes, in the name of whoever runs the doctor.
  const reader = new DatabaseSync(file);
  try {
    const isStore = reader.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'owner'").get() !== undefined;
    if (!isStore) throw storeMissing(file);
    if (owner !== null)
      requireStoreOwner(reader.prepare("SELECT version, name FROM owner").get(), nameOfOwner(owner), file);
  } finally {
    reader.close();
  }
  const database = openDatabase(file);
  try {
    database.exec(WRITE_AND_GIVE_UP);
  } finally {
    database.close();
  }
  return `${file} opens and takes writes`;
}

async function inspectServer(url: string, owner: StoreOwner | null): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  await client.connect();
  try {
    const table = await client.query("SELECT to_regclass('keeper_owner') IS NOT NULL AS known");
    const [{ known } = { known: false }] = table.rows as { known: boolean }[];
    if (!known) throw storeMissing("the database");
    if (owner !== null) {
      const rows = (await client.query("SELECT version, name FROM keeper_owner")).rows as Record<
        string,
        unknown
      >[];
      requireStoreOwner(rows[0], nameOfOwner(owner), "the database");
    }
    await client.query(WRITE_AND_GIVE_UP);
    return "the database answers and takes writes";
  } finally {
    await client.end();
  }
}
