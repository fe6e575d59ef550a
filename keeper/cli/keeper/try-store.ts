import { existsSync } from "node:fs";
import { Client } from "pg";
import { openDatabase } from "../../adapters/sqlite/open-database.ts";
import { storeMissing } from "../../adapters/store-layout.ts";
import type { StoreChoice } from "../../keeper-config.ts";

const WRITE_AND_GIVE_UP = "BEGIN; CREATE TABLE ballast_write_probe (id INTEGER); ROLLBACK;";
const IS_STORE = "SELECT to_regclass('keeper_owner') IS NOT NULL AS is_store";
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Opens the store, begins a write and gives it up; makes nothing, and may be done while a keeper has it.
 * @throws StoreRefused when it is missing; the driver's error when it cannot be written
 */
export async function tryStore(store: StoreChoice): Promise<void> {
  if (store.kind === "sqlite") {
    if (!existsSync(store.file)) throw storeMissing(store.file);
    const database = openDatabase(store.file);
    try {
      database.exec(WRITE_AND_GIVE_UP);
    } finally {
      database.close();
    }
    return;
  }
  const client = new Client({
    connectionString: store.url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ readonly is_store: boolean }>(IS_STORE);
    if (rows[0]?.is_store !== true) throw storeMissing("the database");
    await client.query(WRITE_AND_GIVE_UP);
  } finally {
    await client.end();
  }
}
