import { dirname, join } from "node:path";
import type { BaseWallet } from "ethers";
import { type Deployment, loadDeployment, readConfig, readKeeperEnvironment } from "../../config.ts";
import { type KeeperConfig, loadKeeperConfig } from "../../keeper-config.ts";
import { openWallet } from "../key.ts";

/** Where a watchtower's store lies unless it is told: beside the deployment's file. */
const STORE_NAME = "watchtower.sqlite";

/** The options of `ballast watchtower`, those that all commands share among them. */
export interface WatchtowerOptions {
  readonly once?: boolean;
  readonly interval: number;
  readonly fromBlock?: number;
  readonly config?: string;
  readonly store?: string;
  readonly keeper?: readonly string[];
  readonly httpHost: string;
  readonly httpPort: number;
  readonly json?: boolean;
  readonly deployment?: string;
  readonly rpcUrl?: string;
  readonly keystore?: string;
  readonly passwordFile?: string;
  readonly devAccount?: number;
}

/** All that one watchtower is told. */
export interface WatchChoice extends Pick<
  WatchtowerOptions,
  "once" | "interval" | "fromBlock" | "httpHost" | "httpPort"
> {
  readonly deployment: Deployment;
  readonly rpcUrls: readonly string[];
  readonly wallet: BaseWallet;
  readonly storeFile: string;
  /** Addresses of keepers' status pages. */
  readonly keeperUrls: readonly string[];
  /** Whose market data reports are compared with; null for none. */
  readonly keeper: KeeperConfig | null;
}

/**
 * What options, environment and files say together: an option stands before a keeper's file, and that before the environment.
 * @throws ConfigError or CommandError naming what cannot be used
 */
export async function readWatchChoice(options: WatchtowerOptions): Promise<WatchChoice> {
  const environment = readConfig();
  const keeper =
    options.config === undefined ? null : loadKeeperConfig(options.config, readKeeperEnvironment());
  const file = options.deployment ?? keeper?.deploymentFile ?? environment.deploymentFile;
  const deployment = loadDeployment(file);
  const own = options.rpcUrl ?? (keeper === null ? environment.rpcUrl : null);
  const wallet = await openWallet(
    {
      keystoreFile: options.keystore ?? environment.keystoreFile,
      passwordFile: options.passwordFile ?? environment.passwordFile,
      devAccount: options.devAccount ?? null,
    },
    deployment.chainId,
  );
  const { once, interval, fromBlock, httpHost, httpPort } = options;
  return {
    ...{ interval, httpHost, httpPort },
    ...(once === undefined ? {} : { once }),
    ...(fromBlock === undefined ? {} : { fromBlock }),
    deployment,
    rpcUrls: own === null ? (keeper?.rpcUrls ?? [deployment.rpcUrl]) : [own],
    wallet,
    keeperUrls: options.keeper ?? [],
    storeFile: options.store ?? join(dirname(file), STORE_NAME),
    keeper,
  };
}
