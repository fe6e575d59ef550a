// A process that records one signature in a store, says so, and waits to be killed.
import { openSqliteStore } from "../../keeper/adapters/sqlite/keeper-store.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { STORE_OWNER } from "./signed-reports.ts";

const [file = "", slot = "", hash = ""] = process.argv.slice(2);
const store = openSqliteStore(file, STORE_OWNER, "existing");
await store.record(slot, asHex(hash));
process.stdout.write("recorded\n");
setInterval(() => undefined, 1_000);
