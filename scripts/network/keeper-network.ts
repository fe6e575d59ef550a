// Several keepers as processes of one machine: keys, configurations and processes.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BaseWallet, hexlify } from "ethers";
import { importKey, keyFile } from "../../keeper/adapters/keystore/key-folder.ts";
import type { ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";
import { makeStore } from "../../keeper/cli/keeper/new-store.ts";
import { type KeeperFileInput, loadKeeperConfig } from "../../keeper/keeper-config.ts";
import { type KeeperProcess, startKeeperProcess, type StartChoice } from "./keeper-process.ts";

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

/** What one keeper has for itself. */
interface OwnPart {
  /** Stands before what all share. */
  readonly config?: Partial<KeeperFileInput>;
  /** Asked before each start of its process. */
  readonly start?: () => StartChoice;
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
  readonly own?: (keeper: LocalKeeper, index: number) => OwnPart;
}

/** A protocol's parameters as a keeper's file gives them. */
export function protocolInput(parameters: ProtocolParameters): KeeperFileInput["protocol"] {
  const { spotDeviationBps, forecastDeviationBps, ...numbers } = parameters;
  return {
    ...numbers,
    spotDeviationBps: Number(spotDeviationBps),
    forecastDeviationBps: Number(forecastDeviationBps),
  };
}

/** Keepers that run; one that ended, by whatever, may be started again. */
export interface KeeperNetwork {
  readonly configFiles: readonly string[];
  /** @throws RangeError when it does not run */
  keeper(index: number): KeeperProcess;
  isRunning(index: number): boolean;
  /** Ends one keeper, by default without warning. */
  kill(index: number, signal?: NodeJS.Signals): Promise<number | null>;
  restart(index: number): Promise<KeeperProcess>;
  /** Ends all that run, and those that are starting once they do; resolves to the exit codes. */
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
  const own = keepers.map((keeper, index) => plan.own?.(keeper, index) ?? {});
  const configFiles: string[] = [];
  for (const [index, keeper] of keepers.entries())
    configFiles.push(await prepareKeeper(plan, keeper, own[index]?.config));
  const running = new Map<number, KeeperProcess>();
  const starting = new Set<Promise<unknown>>();
  const startAt = async (index: number): Promise<KeeperProcess> => {
    const file = configFiles[index];
    if (file === undefined || running.has(index)) throw new RangeError(`keeper ${index} runs already`);
    const started = await startKeeperProcess(file, own[index]?.start?.());
    running.set(index, started);
    void started.ended.then(() => running.delete(index));
    return started;
  };
  const start = (index: number): Promise<KeeperProcess> => {
    const begun = startAt(index);
    starting.add(begun);
    const done = () => starting.delete(begun);
    begun.then(done, done);
    return begun;
  };
  const keeperAt = (index: number): KeeperProcess => {
    const found = running.get(index);
    if (found === undefined) throw new RangeError(`keeper ${index} does not run`);
    return found;
  };
  const started = await Promise.allSettled(keepers.map((_keeper, index) => start(index)));
  const failed = started.find((result) => result.status === "rejected");
  if (failed !== undefined) {
    for (const process of running.values()) await process.stop("SIGKILL");
    throw failed.reason;
  }
  return {
    configFiles,
    keeper: keeperAt,
    isRunning: (index) => running.has(index),
    kill: (index, signal = "SIGKILL") => keeperAt(index).stop(signal),
    restart: start,
    stop: async () => {
      await Promise.allSettled(starting);
      return Promise.all(
        keepers.map((_keeper, index) => running.get(index)?.stop() ?? Promise.resolve(null)),
      );
    },
  };
}

/** Writes one keeper's folder and makes its store; resolves to its configuration's path. */
async function prepareKeeper(
  plan: NetworkPlan,
  keeper: LocalKeeper,
  own: OwnPart["config"],
): Promise<string> {
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
    ...own,
  };
  const file = join(folder, "keeper.json");
  writeFileSync(file, JSON.stringify(content));
  await makeStore(loadKeeperConfig(file));
  return file;
}
