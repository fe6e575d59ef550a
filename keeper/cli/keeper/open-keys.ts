import type { Wallet } from "ethers";
import { openAccountKey, openNetworkKey, summarise } from "../../adapters/keystore/key-folder.ts";
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
  requireTwoAccounts(keys);
  return {
    report: await openAccountKey("report", keys.report, password),
    transmitter: await openAccountKey("transmitter", keys.transmitter, password),
    network: await openNetworkKey(keys.network, password),
  };
}

/** @throws ConfigError when one key stands for both: a transmitter is online money, and a stolen report key costs the stake */
export function requireTwoAccounts({
  report,
  transmitter,
}: {
  readonly report: string;
  readonly transmitter: string;
}): void {
  const { id } = summarise("report", report);
  if (id !== summarise("transmitter", transmitter).id) return;
  throw new ConfigError(
    `keys.report and keys.transmitter hold one key, ${id}`,
    "make another transmitter with `ballast keys new --kind transmitter`, and name its file under keys.transmitter",
  );
}
