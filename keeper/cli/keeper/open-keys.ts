import type { Wallet } from "ethers";
import { openAccountKey, openNetworkKey } from "../../adapters/keystore/key-folder.ts";
import type { NetworkKey } from "../../adapters/keystore/network-key.ts";
import { readPassword } from "../../adapters/keystore/password-file.ts";
import { ConfigError } from "../../config.ts";
import type { KeeperConfig } from "../../keeper-config.ts";

/** A keeper's keys, open. */
export interface KeeperKeys {
  readonly report: Wallet;
  readonly transmitter: Wallet;
  readonly network: NetworkKey;
}

/** @throws ConfigError when the configuration names no keys; KeystoreError for a key that does not open */
export async function openKeys({ keys }: KeeperConfig): Promise<KeeperKeys> {
  if (keys === null) {
    throw new ConfigError(
      "the configuration names no keys",
      "make keys with `ballast keys new` and name them under `keys`, or start with --dry-run",
    );
  }
  const password = readPassword(keys.passwordFile);
  return {
    report: await openAccountKey("report", keys.report, password),
    transmitter: await openAccountKey("transmitter", keys.transmitter, password),
    network: await openNetworkKey(keys.network, password),
  };
}
