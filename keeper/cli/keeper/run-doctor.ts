import { createOracleChain } from "../../adapters/ethers/oracle-chain.ts";
import { createRpcPool } from "../../adapters/ethers/rpc-pool.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import type { Deployment } from "../../config.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Clock } from "../../ports/clock.ts";
import type { StoreOwner } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { followChainClock } from "../../services/chain-clock.ts";
import { attempt, type DoctorCheck, examine, NotChecked, ok } from "../../services/doctor.ts";
import { examineKeys, type KnownKeys } from "./examine-keys.ts";
import { inspectStore } from "./inspect-store.ts";
import { NO_SENDER } from "./no-sender.ts";
import { chainOver, expectationOf, loadKeeperDeployment, type OpenChain } from "./open-chain.ts";
import { openMarketData } from "./open-market-data.ts";
import { reachPeers } from "./reach-peers.ts";

const SILENT: Telemetry = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface DoctorChoice {
  /** Leaves out what a dry run does not need. */
  readonly isDryRun: boolean;
  /** Examines this machine's files alone: asks no node, no peer, no venue and no database server. */
  readonly isConfigOnly: boolean;
}

/** Examines what a configuration names, each thing by itself; `told` hears what comes next. */
export async function runDoctor(
  config: KeeperConfig,
  { isDryRun, isConfigOnly }: DoctorChoice,
  signal: AbortSignal,
  told: (step: string) => void,
): Promise<readonly DoctorCheck[]> {
  if (!isDryRun) told("opening the keys");
  const keys = isDryRun ? NO_KEYS : await examineKeys(config);
  const read: { deployment?: Deployment } = {};
  const files = await attempt("deployment", "name the network's file of addresses", () => {
    read.deployment = loadKeeperDeployment(config);
    return [ok("deployment", `${config.deploymentFile}, chain ${read.deployment.chainId}`)];
  });
  const examined = { config, keys, deployment: read.deployment ?? null };
  const store = () => tryStore(examined);
  if (isConfigOnly || read.deployment === undefined) {
    const isLocal = config.store.kind === "sqlite" || !isConfigOnly;
    const stores =
      isDryRun || !isLocal
        ? []
        : await attempt("store", "check the store", async () => [ok("store", await store())]);
    return [...keys.checks, ...files, ...stores];
  }
  told("asking nodes, peers and sources of market data");
  const open = openUnchecked(config, read.deployment);
  try {
    return [...keys.checks, ...files, ...(await examineAll({ ...examined, open, isDryRun, signal }))];
  } finally {
    open.provider.destroy();
  }
}

const NO_KEYS: { readonly checks: readonly DoctorCheck[]; readonly ids: KnownKeys } = {
  checks: [],
  ids: { report: null, transmitter: null, network: null },
};

interface Examined {
  readonly config: KeeperConfig;
  readonly keys: typeof NO_KEYS;
  readonly deployment: Deployment | null;
}

/** The chain through nodes that may all be away. */
function openUnchecked({ rpcUrls }: KeeperConfig, deployment: Deployment): OpenChain {
  return chainOver(deployment, createRpcPool(rpcUrls, BigInt(deployment.chainId), systemTimer, SILENT));
}

function tryStore({ config, keys, deployment }: Examined): Promise<string> {
  const { report } = keys.ids;
  const owner: StoreOwner | null =
    report === null || deployment === null
      ? null
      : {
          chainId: BigInt(deployment.chainId),
          registry: deployment.addresses.keeperRegistry,
          reportKey: report,
        };
  return inspectStore(config.store, owner);
}

async function examineAll(
  parts: Examined & { readonly open: OpenChain; readonly isDryRun: boolean; readonly signal: AbortSignal },
): Promise<readonly DoctorCheck[]> {
  const { config, keys, open, isDryRun, signal } = parts;
  const { deployment, pool, probe, provider, listings } = open;
  const { report, transmitter, network } = keys.ids;
  // Fails when no node is fit; what is wrong with each is asked for below.
  const judged = pool.check().catch(() => undefined);
  let opened: Promise<Clock> | null = null;
  const clock = () => (opened ??= judged.then(() => openClock(config, open, signal)));
  const closers: (() => void)[] = [];
  const checks = await examine({
    expected: expectationOf(config, deployment, { address: report, networkKey: network }),
    isDryRun,
    limits: config,
    clock,
    nodes: async () => {
      await judged;
      return [...pool.problems()].map(([name, problem]) => ({ name, problem }));
    },
    facts: async () => {
      await judged;
      return probe.facts();
    },
    balanceWei: () => {
      if (transmitter === null) throw new NotChecked("the transmitter is not known");
      return probe.balanceWei(transmitter);
    },
    tryStore: () => tryStore(parts),
    peers: async () => reachPeers(await probe.registeredKeepers(), report),
    marketData: async () => {
      const data = await openMarketData(config, { clock: await clock(), provider, telemetry: SILENT });
      closers.push(data.close);
      return data.marketData;
    },
    markets: listings.map(({ symbol }) => symbol),
  });
  for (const close of closers) close();
  return checks;
}

async function openClock({ clock }: KeeperConfig, open: OpenChain, signal: AbortSignal): Promise<Clock> {
  if (clock === "system") return systemClock;
  const chain = createOracleChain(open.deployment.addresses, open.provider, NO_SENDER);
  return followChainClock(() => chain.latestBlock(), systemTimer, SILENT, signal).catch(() => {
    throw new NotChecked("the chain's clock cannot be read");
  });
}
