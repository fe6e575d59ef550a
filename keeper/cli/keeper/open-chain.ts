import { createChainProbe } from "../../adapters/ethers/chain-probe.ts";
import { hashParameters } from "../../adapters/ethers/config-digest.ts";
import type { OracleAddresses } from "../../adapters/ethers/oracle-chain.ts";
import { PooledProvider } from "../../adapters/ethers/pooled-provider.ts";
import { openRpcPool, type RpcPool } from "../../adapters/ethers/rpc-pool.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import { type Deployment, loadDeployment } from "../../config.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { ChainProbe } from "../../ports/chain-probe.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { ChainExpectation } from "../../services/chain-agreement.ts";
import type { MarketListing } from "../../services/observe.ts";
import { listingsOf } from "./listings.ts";

/** A keeper's way to the chain, for reading. */
export interface OpenChain {
  readonly deployment: Deployment;
  readonly pool: RpcPool;
  readonly provider: PooledProvider;
  readonly probe: ChainProbe;
  /** Markets of the deployment that market data know, rising by number. */
  readonly listings: readonly MarketListing[];
}

/** @throws ConfigError for the file */
export function loadKeeperDeployment({ deploymentFile }: KeeperConfig): Deployment {
  return loadDeployment(
    deploymentFile,
    "name the network's file of addresses under `deployment` in the keeper's configuration",
  );
}

/**
 * Reads the deployment's file and checks the nodes.
 * @throws ConfigError for the file; ChainUnavailable when no node of its chain answers
 */
export async function openChain(config: KeeperConfig, telemetry: Telemetry): Promise<OpenChain> {
  const deployment = loadKeeperDeployment(config);
  return chainOver(
    deployment,
    await openRpcPool(config.rpcUrls, BigInt(deployment.chainId), systemTimer, telemetry),
  );
}

/** A deployment as the nodes of a pool show it. */
export function chainOver(deployment: Deployment, pool: RpcPool): OpenChain {
  const provider = new PooledProvider(pool, systemTimer);
  const addresses: OracleAddresses = deployment.addresses;
  return {
    deployment,
    pool,
    provider,
    probe: createChainProbe(addresses, provider),
    listings: listingsOf(deployment),
  };
}

/** A dry run has no keys. */
export const NO_KEYS = { address: null, networkKey: null } as const;

/** What the configuration says that the chain must be. */
export function expectationOf(
  { expect, protocol }: KeeperConfig,
  { chainId }: Deployment,
  keys: Pick<ChainExpectation, "address" | "networkKey">,
): ChainExpectation {
  return {
    chainId: BigInt(chainId),
    ...keys,
    configDigests: expect.configDigests,
    oracleParamsHashes: expect.oracleParamsHashes,
    marginParamsHashes: expect.marginParamsHashes,
    parametersHash: hashParameters(protocol),
  };
}
