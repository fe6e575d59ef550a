import { openSqliteStore } from "../../adapters/sqlite/keeper-store.ts";
import type { Deployment } from "../../config.ts";
import type { StoreChoice } from "../../keeper-config.ts";
import type { KeeperStore, StoreOpening, StoreOwner } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { storeFailure } from "./store-failure.ts";

/**
 * @throws StoreRefused when the store is missing (or there, for a new one), in use, another keeper's or of another version; CommandError
 * `store-unusable` when it cannot be opened
 */
export async function openStore(
  choice: StoreChoice,
  owner: StoreOwner,
  opening: StoreOpening,
  telemetry: Pick<Telemetry, "error">,
): Promise<KeeperStore> {
  try {
    if (choice.kind === "sqlite") return openSqliteStore(choice.file, owner, opening);
    const failed = ({ message }: Error) => {
      telemetry.error("store-connection-failed", { reason: message });
    };
    // Loaded when it is needed: the driver takes its share of a small process.
    const { openPostgresStore } = await import("../../adapters/postgres/keeper-store.ts");
    return await openPostgresStore(choice.url, { owner, opening, failed });
  } catch (error) {
    throw storeFailure(choice, error);
  }
}

/** Whose store it is when a report key signs for a deployment. */
export function storeOwner({ chainId, addresses }: Deployment, reportKey: string): StoreOwner {
  return { chainId: BigInt(chainId), registry: addresses.keeperRegistry, reportKey };
}
