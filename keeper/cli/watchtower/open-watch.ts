import { provesEquivocation } from "../../adapters/ethers/check-equivocation.ts";
import { createOracleChain } from "../../adapters/ethers/oracle-chain.ts";
import { PooledProvider } from "../../adapters/ethers/pooled-provider.ts";
import { DEFAULT_RPC_POOL_POLICY, openRpcPool, type RpcPool } from "../../adapters/ethers/rpc-pool.ts";
import { createSlashingChain } from "../../adapters/ethers/slashing-chain.ts";
import { createSpotChain } from "../../adapters/ethers/spot-chain.ts";
import { createWatchChain } from "../../adapters/ethers/watch-chain.ts";
import { createKeeperPeek } from "../../adapters/http/keeper-peek.ts";
import { verifyNetworkSignature } from "../../adapters/keystore/network-signer.ts";
import { openSqliteWatchStore } from "../../adapters/sqlite/watch-store.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { OracleChain } from "../../ports/oracle-chain.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { WatchChain } from "../../ports/watch-chain.ts";
import { followChainClock } from "../../services/chain-clock.ts";
import { createGatherer } from "../../services/gather-evidence.ts";
import { createHourlyForecaster } from "../../services/hourly-forecast.ts";
import { createJudge, type JudgeParts } from "../../services/judge-report.ts";
import { observe } from "../../services/observe.ts";
import { createProsecution, type Prosecution } from "../../services/prosecution.ts";
import { createRecomputation } from "../../services/recompute-report.ts";
import { createSpotWatch, type SpotWatch } from "../../services/spot-watch.ts";
import { transactionPolicy } from "../../services/transactions/transaction-policy.ts";
import { createWatchtower, type Watchtower, type WatchtowerParts } from "../../services/watchtower.ts";
import { NO_SENDER } from "../keeper/no-sender.ts";
import { listingsOf } from "../keeper/listings.ts";
import { openMarketData } from "../keeper/open-market-data.ts";
import { senderOn } from "../open-sender.ts";
import type { WatchChoice } from "./watch-choice.ts";

/** A block whose every byte of gas is calldata, as JSON writes it. */
const MAX_BLOCK_BYTES = 16 * 1_024 * 1_024;
const POOL_POLICY = { ...DEFAULT_RPC_POOL_POLICY, maxAnswerBytes: MAX_BLOCK_BYTES };

/** Blocks before the latest from which a new store is read: about a day of 12-second blocks. */
const DEFAULT_BLOCKS_BACK = 7_200n;

/** A watchtower on its chain, with its store. */
export interface OpenWatch {
  readonly tower: Watchtower;
  readonly prosecution: Prosecution;
  readonly spots: SpotWatch;
  /** Takes over the proofs that keepers show; resolves to how many. */
  readonly gather: () => Promise<number>;
  balanceWei(): Promise<bigint>;
  /** Looks after transactions that are mined and not final, until the signal aborts. */
  watchTransactions(): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param signal ends every wait
 * @throws ChainUnavailable when no node of the chain answers; StoreRefused when the store is another's; ConfigError for the market data
 */
export async function openWatch(
  choice: WatchChoice,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<OpenWatch> {
  const { deployment, rpcUrls, wallet, storeFile } = choice;
  const { addresses } = deployment;
  const chainId = BigInt(deployment.chainId);
  const pool = await openRpcPool(rpcUrls, chainId, systemTimer, telemetry, POOL_POLICY);
  const provider = new PooledProvider(pool, systemTimer);
  const closing: (() => Promise<void> | void)[] = [
    () => {
      provider.destroy();
    },
  ];
  const close = async () => {
    for (const each of closing.toReversed()) await each();
  };
  try {
    const reader = createOracleChain(addresses, provider, NO_SENDER);
    const [domain, genesis] = await Promise.all([reader.oracleDomain(), provider.getBlock(0)]);
    const store = openSqliteWatchStore(storeFile, ownerOf(chainId, genesis?.hash, addresses.riskOracle));
    closing.push(() => store.close());
    const sender = await openProverSender(choice, { pool, log: store, telemetry, signal });
    const proving = { store, timer: systemTimer, telemetry };
    const prosecution = createProsecution({
      ...proving,
      chain: createSlashingChain(addresses, provider, sender),
      turnMs: () => Promise.resolve(0),
    });
    const prover = asHex(wallet.address);
    const spotChain = createSpotChain(addresses, provider, sender, prover);
    const spots = createSpotWatch({ ...proving, chain: spotChain });
    const view = await openView(choice, { provider, reader }, telemetry, signal);
    closing.push(view.close);
    const chain = createWatchChain(addresses, domain, provider, telemetry);
    const tower = createWatchtower({
      ...proving,
      chain,
      prosecutor: prosecution,
      spots,
      firstBlock: (latest) => firstBlockOf(choice, latest),
      judge: createJudge(view),
      recompute: openRecomputation(choice, reader, view, telemetry),
    });
    return {
      tower,
      prosecution,
      spots,
      gather: openGathering(choice, { chain, domain, prosecution, telemetry }),
      balanceWei: () => provider.getBalance(prover),
      watchTransactions: () => sender.watch(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Names the chain and the oracle that a store is about. */
function ownerOf(chainId: bigint, genesisHash: string | null | undefined, riskOracle: Hex): string {
  return `${chainId.toString()}/${String(genesisHash)}/${riskOracle}`.toLowerCase();
}

/** Goes on first with what an earlier life sent. */
async function openProverSender(
  { wallet, deployment, keeper }: WatchChoice,
  { pool, ...parts }: Omit<Parameters<typeof senderOn>[1], "wallet" | "policy"> & { readonly pool: RpcPool },
): Promise<ReturnType<typeof senderOn>> {
  const policy = transactionPolicy(deployment.chainId, keeper?.transactions ?? {});
  const sender = senderOn(pool, { ...parts, wallet, policy });
  await sender.resume();
  return sender;
}

function openGathering(
  { keeperUrls }: WatchChoice,
  { chain, domain, prosecution: prosecutor, telemetry }: GatheringParts,
): OpenWatch["gather"] {
  const gather = createGatherer({
    keepers: keeperUrls.map(createKeeperPeek),
    proves: (found, configurations) => provesEquivocation(found, domain, configurations),
    prosecutor,
    telemetry,
  });
  return async () => gather(await chain.configurations());
}

interface GatheringParts {
  readonly chain: Pick<WatchChain, "configurations">;
  readonly domain: SigningDomain;
  readonly prosecution: Prosecution;
  readonly telemetry: Telemetry;
}

function firstBlockOf({ fromBlock }: WatchChoice, latest: bigint): bigint {
  if (fromBlock !== undefined) return BigInt(fromBlock);
  return latest > DEFAULT_BLOCKS_BACK ? latest - DEFAULT_BLOCKS_BACK : 0n;
}

function openRecomputation(
  { keeperUrls }: WatchChoice,
  reader: OracleChain,
  { clock }: View,
  telemetry: Telemetry,
): WatchtowerParts["recompute"] {
  return createRecomputation({
    keepers: keeperUrls.map(createKeeperPeek),
    limits: () => reader.reportLimits(),
    network: { verify: verifyNetworkSignature() },
    clock,
    telemetry,
  });
}

interface View extends JudgeParts {
  readonly close: () => void;
}

async function openView(
  { keeper, deployment }: WatchChoice,
  {
    provider,
    reader,
  }: { readonly provider: PooledProvider; readonly reader: ReturnType<typeof createOracleChain> },
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<View> {
  if (keeper === null) return { clock: systemClock, telemetry, observe: null, close: () => undefined };
  const clock =
    keeper.clock === "system"
      ? systemClock
      : await followChainClock(() => reader.latestBlock(), systemTimer, telemetry, signal);
  const { marketData, close } = await openMarketData(keeper, { clock, provider, telemetry });
  const settings = {
    listings: listingsOf(deployment),
    marketData,
    hourlyForecaster: createHourlyForecaster(),
    maxDataAgeSeconds: keeper.maxDataAgeSeconds,
    chain: reader,
  };
  return {
    clock,
    telemetry,
    observe: (atSeconds, blockNumber) => observe(settings, atSeconds, blockNumber),
    close,
  };
}
