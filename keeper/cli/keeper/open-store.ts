import { openPostgresStore } from "../../adapters/postgres/keeper-store.ts";
import { openSqliteStore } from "../../adapters/sqlite/keeper-store.ts";
import type { StoreChoice } from "../../keeper-config.ts";
import type { KeeperStore, StoreOwner } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

/** @throws StoreRefused when the store is another keeper's or newer than this program */
export function openStore(
  choice: StoreChoice,
  owner: StoreOwner,
  telemetry: Telemetry,
): Promise<KeeperStore> {
  if (choice.kind === "sqlite") return Promise.resolve(openSqliteStore(choice.file, owner));
  return openPostgresStore(choice.url, owner, ({ message }) => {
    telemetry.error("store-connection-failed", { reason: message });
  });
}
