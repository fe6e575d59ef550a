// Several keepers as processes of one machine: keys, configurations and processes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BaseWallet, hexlify } from "ethers";
import { importKey, keyFile } from "../../keeper/adapters/keystore/key-folder.ts";
import type { KeeperFileInput } from "../../keeper/keeper-config.ts";
import { type KeeperProcess, startKeeperProcess } from "./keeper-process.ts";

/** Keys of a local network protect nothing, so that opening them may be quick. */
const LOCAL_WORK = { scryptCost: 2 };
const LOCAL_PASSWORD = "local";
const OWNER_ONLY_FILE = 0o600;

/** One keeper of a local network; its entry stands in the registry. */
export interface LocalKeeper {
  readonly name: string;
  readonly report: BaseWallet;
  readonly transmitter: BaseWallet;
  /** 32 bytes. */
  readonly networkSeed: Uint8Array;
  /** Multiaddr of its registered endpoint. */
  readonly listen: string;
}

/** What the keepers of a local network share. */
export interface NetworkPlan {
  /** Keys, configurations and stores go here, a folder for each keeper. */
  readonly folder: string;
  readonly deploymentFile: string;
  readonly rpcUrls: readonly string[];
  readonly shared: Pick<
    KeeperFileInput,
    "clock" | "marketData" | "limits" | "log" | "protocol" | "transactions"
  >;
}

/** Keepers that run; a stopped one is null until it is started again. */
export interface KeeperNetwork {
  readonly configFiles: readonly string[];
  keeper(index: number): KeeperProcess;
  /** Ends one keeper, by default without warning. */
  kill(index: number, signal?: NodeJS.Signals): Promise<number | null>;
  restart(index: number): Promise<KeeperProcess>;
  /** Ends all that run; resolves to their exit codes. */
  stop(): Promise<readonly (number | null)[]>;
}

/**
 * Writes keys and configurations and starts every keeper at once.
 * @throws KeeperNotStarted when one does not start; the others are ended
 */
export async function launchKeepers(
  plan: NetworkPlan,
  keepers: readonly LocalKeeper[],
): Promise<KeeperNetwork> {
  const configFiles: string[] = [];
  for (const keeper of keepers) configFiles.push(await prepareKeeper(plan, keeper));
  const started = await Promise.allSettled(configFiles.map((file) => startKeeperProcess(file)));
  const running = started.map((result) => (result.status === "fulfilled" ? result.value : null));
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    for (const process of running) await process?.stop("SIGKILL");
    throw failed.reason;
  }
  const keeperAt = (index: number): KeeperProcess => {
    const found = running[index];
    if (found === undefined || found === null) throw new RangeError(`keeper ${index} does not run`);
    return found;
  };
  return {
    configFiles,
    keeper: keeperAt,
    kill: async (index, signal = "SIGKILL") => {
      const code = await keeperAt(index).stop(signal);
      running[index] = null;
      return code;
    },
    restart: async (index) => {
      const file = configFiles[index];
      if (file === undefined || running[index] !== null) throw new RangeError(`keeper ${index} runs`);
      const again = await startKeeperProcess(file);
      running[index] = again;
      return again;
    },
    stop: () => Promise.all(running.map((process) => process?.stop() ?? Promise.resolve(null))),
  };
}

/** Writes one keeper's folder; resolves to its configuration's path. */
async function prepareKeeper(plan: NetworkPlan, keeper: LocalKeeper): Promise<string> {
  const folder = join(plan.folder, keeper.name);
  const keys = join(folder, "keys");
  mkdirSync(folder, { recursive: true });
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, `${LOCAL_PASSWORD}\n`, { mode: OWNER_ONLY_FILE });
  await importKey(keys, "report", keeper.report.privateKey, LOCAL_PASSWORD, LOCAL_WORK);
  await importKey(keys, "transmitter", keeper.transmitter.privateKey, LOCAL_PASSWORD, LOCAL_WORK);
  await importKey(keys, "network", hexlify(keeper.networkSeed), LOCAL_PASSWORD, LOCAL_WORK);
  const content: KeeperFileInput = {
    format: "ballast-keeper",
    version: 1,
    name: keeper.name,
    deployment: plan.deploymentFile,
    rpcUrls: [...plan.rpcUrls],
    keys: {
      report: keyFile(keys, "report"),
      transmitter: keyFile(keys, "transmitter"),
      network: keyFile(keys, "network"),
      passwordFile,
    },
    store: { kind: "sqlite", file: join(folder, "keeper.sqlite") },
    network: { listen: keeper.listen },
    http: { port: 0 },
    ...plan.shared,
  };
  const file = join(folder, "keeper.json");
  writeFileSync(file, JSON.stringify(content));
  return file;
}
