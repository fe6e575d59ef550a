import { summarise } from "../../adapters/keystore/key-folder.ts";
import { ConfigError } from "../../config.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { StoreOwner } from "../../ports/store.ts";
import { loadKeeperDeployment } from "./open-chain.ts";
import { openStore, storeOwner } from "./open-store.ts";

export interface NewStore extends StoreOwner {
  /** Path of the file, or that it is the database. */
  readonly where: string;
}

/**
 * Makes the empty store of a configuration's report key, for a keeper that has never signed on this chain.
 * @throws ConfigError when the configuration names no keys; StoreRefused when there is a store already
 */
export async function makeStore(config: KeeperConfig): Promise<NewStore> {
  if (config.keys === null)
    throw new ConfigError(
      "the configuration names no keys, and a store belongs to one",
      "make keys with `ballast keys new` and name them under `keys`",
    );
  const { id } = summarise("report", config.keys.report);
  const owner = storeOwner(loadKeeperDeployment(config), id);
  const { store } = config;
  const made = await openStore(store, owner, "new", { error: () => undefined });
  await made.close();
  return { ...owner, where: store.kind === "sqlite" ? store.file : "the database" };
}
