import { Client } from "pg";
import { openDatabase } from "../../adapters/sqlite/open-database.ts";
import type { StoreChoice } from "../../keeper-config.ts";

const WRITE_AND_GIVE_UP = "BEGIN; CREATE TABLE ballast_write_probe (id INTEGER); ROLLBACK;";
const CONNECT_TIMEOUT_MS = 5_000;

/** Opens the store, begins a write and gives it up. Throws when it cannot be written. */
export async function tryStore(store: StoreChoice): Promise<void> {
  if (store.kind === "sqlite") {
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
    await client.query(WRITE_AND_GIVE_UP);
  } finally {
    await client.end();
  }
}
