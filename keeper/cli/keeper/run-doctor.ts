import { createOracleChain } from "../../adapters/ethers/oracle-chain.ts";
import { type KeySummary, summarise } from "../../adapters/keystore/key-folder.ts";
import { isOpenToOthers } from "../../adapters/keystore/password-file.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Hex } from "../../ports/hex.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { followChainClock } from "../../services/chain-clock.ts";
import { type DoctorCheck, examine } from "../../services/doctor.ts";
import { explain } from "../failure.ts";
import { NO_SENDER } from "./no-sender.ts";
import { expectationOf, openChain, type OpenChain } from "./open-chain.ts";
import { openKeys } from "./open-keys.ts";
import { openMarketData, type OpenMarketData } from "./open-market-data.ts";
import { reachPeers } from "./reach-peers.ts";
import { tryStore } from "./try-store.ts";

const SILENT: Telemetry = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Examines what a configuration names: keys, nodes, chain, balance, store and market data. */
export async function runDoctor(
  config: KeeperConfig,
  isDryRun: boolean,
  signal: AbortSignal,
): Promise<readonly DoctorCheck[]> {
  const keys = isDryRun ? { checks: [], summaries: [] } : await examineKeys(config);
  let open: OpenChain;
  try {
    open = await openChain(config, SILENT);
  } catch (error) {
    const { message, advice } = explain(error);
    return [...keys.checks, { name: "chain", verdict: "fail", detail: message, advice }];
  }
  try {
    return [...keys.checks, ...(await examineAll(config, open, isDryRun, keys.summaries, signal))];
  } finally {
    open.provider.destroy();
  }
}

async function examineAll(
  config: KeeperConfig,
  open: OpenChain,
  isDryRun: boolean,
  summaries: readonly KeySummary[],
  signal: AbortSignal,
): Promise<readonly DoctorCheck[]> {
  const { deployment, pool, probe, provider, listings } = open;
  const chain = createOracleChain(deployment.addresses, provider, NO_SENDER);
  const clock =
    config.clock === "system"
      ? systemClock
      : await followChainClock(() => chain.latestBlock(), systemTimer, SILENT, signal);
  const idOf = (kind: string): Hex | null => summaries.find((key) => key.kind === kind)?.id ?? null;
  const transmitter = idOf("transmitter");
  const secrets = isDryRun || config.keys === null ? [] : Object.values(config.keys);
  let data: OpenMarketData;
  try {
    data = await openMarketData(config, { clock, provider, telemetry: SILENT });
  } catch (error) {
    const { message, advice } = explain(error);
    return [{ name: "market data", verdict: "fail", detail: message, advice }];
  }
  return examine({
    expected: expectationOf(config, deployment, { address: idOf("report"), networkKey: idOf("network") }),
    limits: config,
    clock,
    nodes: () => Promise.resolve([...pool.status()].map(([name, problem]) => ({ name, problem }))),
    facts: () => probe.facts(),
    balanceWei: transmitter === null ? null : () => probe.balanceWei(transmitter),
    tryStore: isDryRun ? null : () => tryStore(config.store),
    peers: isDryRun ? null : async () => reachPeers(await probe.registeredKeepers(), idOf("report")),
    marketData: data.marketData,
    markets: listings.map(({ symbol }) => symbol),
    openFiles: secrets.filter(isReadableByOthers),
  }).finally(data.close);
}

async function examineKeys(config: KeeperConfig): Promise<{
  readonly checks: readonly DoctorCheck[];
  readonly summaries: readonly KeySummary[];
}> {
  const { keys } = config;
  if (keys === null) {
    const advice = "make keys with `ballast keys new` and name them in the configuration, or use --dry-run";
    const detail = "the configuration names none";
    return { checks: [{ name: "keys", verdict: "fail", detail, advice }], summaries: [] };
  }
  try {
    await openKeys(config);
    const summaries = (["report", "transmitter", "network"] as const).map((kind) =>
      summarise(kind, keys[kind]),
    );
    const detail = summaries.map(({ kind, id, peerId }) => `${kind} ${peerId ?? id}`).join(", ");
    return { checks: [{ name: "keys", verdict: "ok", detail, advice: null }], summaries };
  } catch (error) {
    const { message, advice } = explain(error);
    return { checks: [{ name: "keys", verdict: "fail", detail: message, advice }], summaries: [] };
  }
}

function isReadableByOthers(file: string): boolean {
  try {
    return isOpenToOthers(file);
  } catch {
    // A file that is not there is found by the check of the keys.
    return false;
  }
}
