// One keeper process: chooses the adapters that its configuration names and runs until it is told to stop.
import { createOracleChain } from "./adapters/ethers/oracle-chain.ts";
import { createWalletSigner } from "./adapters/ethers/wallet-signer.ts";
import { createNetworkSigner } from "./adapters/keystore/network-signer.ts";
import { createScenarioBuilder } from "./adapters/processes/scenario-builder.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { systemTimer } from "./adapters/system/timer.ts";
import { createKeeperMetrics, type KeeperMetrics } from "./adapters/telemetry/keeper-metrics.ts";
import { createPinoTelemetry } from "./adapters/telemetry/pino-telemetry.ts";
import { createProposalArchive } from "./adapters/wire/proposal-archive.ts";
import { NO_SENDER } from "./cli/keeper/no-sender.ts";
import { openAccountRisk } from "./cli/keeper/open-account-risk.ts";
import { expectationOf, NO_KEYS, openChain, type OpenChain } from "./cli/keeper/open-chain.ts";
import { type GossipChoice, openGossip, type RegisteredGossip } from "./cli/keeper/open-gossip.ts";
import { type KeeperKeys, openKeys } from "./cli/keeper/open-keys.ts";
import { openMarketData, type OpenMarketData } from "./cli/keeper/open-market-data.ts";
import { openSending } from "./cli/keeper/open-sending.ts";
import { openStore, storeOwner } from "./cli/keeper/open-store.ts";
import { rememberKeepers } from "./cli/keeper/remember-keepers.ts";
import { serveStatus } from "./cli/keeper/serve-status.ts";
import { projectVersion } from "./cli/keeper/version.ts";
import { createKeeper } from "./keeper.ts";
import type { KeeperConfig } from "./keeper-config.ts";
import type { PreciseClock } from "./ports/clock.ts";
import { asHex, type Hex } from "./ports/hex.ts";
import type { MarketData } from "./ports/market-data.ts";
import type { OracleChain } from "./ports/oracle-chain.ts";
import type { KeeperStore } from "./ports/store.ts";
import type { Telemetry } from "./ports/telemetry.ts";
import { type ChainExpectation, guardSigner } from "./services/chain-agreement.ts";
import { followChainClock } from "./services/chain-clock.ts";
import { dryRun } from "./services/dry-run.ts";
import { createHourlyForecaster } from "./services/hourly-forecast.ts";
import { createKeeperMonitor, type KeeperMonitor, type MemberParts } from "./services/keeper-monitor.ts";
import { observe } from "./services/observe.ts";
import type { Prosecution } from "./services/prosecution.ts";
import { createParticipation, type Participation } from "./services/participation.ts";

/** Time between two observations of a dry run. */
const DRY_RUN_INTERVAL_SECONDS = 15;

/** How a keeper process is told things while it runs. */
export interface KeeperControl {
  /** Aborts when it is to end. */
  readonly stop: AbortSignal;
  /** Calls back whenever the configuration is to be read again; `reread` throws ConfigError. */
  onReload(heard: (reread: () => KeeperConfig) => void): void;
}

/** What every kind of keeper process starts from. */
interface Base {
  readonly config: KeeperConfig;
  readonly open: OpenChain;
  /** Reads only. */
  readonly reader: OracleChain;
  readonly clock: PreciseClock;
  readonly marketData: MarketData;
  readonly sources: OpenMarketData["sources"];
  readonly metrics: KeeperMetrics;
  /** Counts every event in the metrics. */
  readonly telemetry: Telemetry;
  /** Aborts when the process is told to stop, and when its start fails. */
  readonly signal: AbortSignal;
}

/**
 * Observes, computes and shows what a keeper would, without a key: signs nothing, sends nothing, talks to no other keeper. Resolves when
 * `stop` aborts and everything is closed.
 * @throws ConfigError, ChainUnavailable or ChainDisagrees when it must not start
 */
export async function runDryRun(config: KeeperConfig, control: KeeperControl): Promise<void> {
  await withBase(config, control.stop, async (base) => {
    const { open, reader: chain, clock, marketData, telemetry, signal } = base;
    const monitor = monitorOf(
      base,
      NO_KEYS,
      createParticipation(() => []),
      null,
    );
    await monitor.requireAgreement();
    followExpectation(base, monitor, NO_KEYS, control);
    const server = await serveStatus(base, monitor, {
      queueDrops: () => 0,
      evidence: () => [],
      observations: () => null,
      accountRisk: null,
    });
    telemetry.info("keeper-started", { mode: "dry-run", url: server.url, ...namesOf(open) });
    const settings = {
      listings: open.listings,
      marketData,
      maxDataAgeSeconds: config.maxDataAgeSeconds,
      chain,
      hourlyForecaster: createHourlyForecaster(),
    };
    const observeAt = (atSeconds: number) => observe(settings, atSeconds);
    const intervalSeconds = DRY_RUN_INTERVAL_SECONDS;
    await dryRun(
      { chain, clock, timer: systemTimer, telemetry, intervalSeconds, observe: observeAt },
      signal,
    );
    await server.close();
    telemetry.info("keeper-stopped");
  });
}

/**
 * Takes part in the network. Resolves when `stop` aborts and everything is closed: what is in flight is in the store.
 * @throws ConfigError, KeystoreError, ChainUnavailable, ChainDisagrees or StoreRefused when it must not start
 */
export async function runKeeper(config: KeeperConfig, control: KeeperControl): Promise<void> {
  await withBase(config, control.stop, async (base) => {
    base.telemetry.info("keeper-starting", { step: "opening the keys" });
    const keys = await openKeys(config);
    const owner = storeOwner(base.open.deployment, keys.report.address);
    const store = await openStore(config.store, owner, "existing", base.telemetry);
    try {
      await takePart(base, keys, store, control);
    } finally {
      await store.close();
    }
  });
}

async function takePart(
  base: Base,
  keys: KeeperKeys,
  store: KeeperStore,
  control: KeeperControl,
): Promise<void> {
  const { config, open, clock, marketData, metrics, telemetry, signal } = base;
  const address = asHex(keys.report.address);
  const known = rememberKeepers(open.probe);
  const participation = createParticipation(known.keepers);
  const network: { open?: RegisteredGossip } = {};
  const { transmitter } = keys;
  const sending = openSending({ config, open, self: address, transmitter, store, telemetry, signal });
  const { sender, chain, prosecution } = sending;
  const archive = createProposalArchive();
  const member = memberOf(base, keys, store, { gossip: () => network.open?.gossip, prosecution });
  const ids = { address, networkKey: keys.network.publicKey };
  const monitor = monitorOf({ ...base, open: { ...open, probe: known.probe } }, ids, participation, member);
  await monitor.requireAgreement();
  followExpectation(base, monitor, ids, control);

  const accountRisk = openAccountRisk(base);
  const server = await serveStatus(base, monitor, {
    queueDrops: () => network.open?.gossip.troubles("peer-queue-full") ?? 0,
    evidence: () => prosecution.open(),
    observations: archive.find,
    accountRisk: (account) => accountRisk.proof(account),
  });
  try {
    network.open = await openGossip(gossipOf(base, keys, telemetry), signal);
    telemetry.info("keeper-started", { mode: "member", address, url: server.url, ...namesOf(open) });
    const { gossip, sawDigest } = network.open;
    const keeper = createKeeper({
      chain: tellDigests(chain, sawDigest),
      gossip: metrics.countMessages(gossip),
      signer: guardSigner(createWalletSigner(keys.report), (digest) => monitor.requireInForce(digest)),
      network: createNetworkSigner(keys.network),
      store,
      clock,
      timer: systemTimer,
      telemetry,
      parameters: config.protocol,
      participation,
      reportSigned: (sinceSlotMs) => {
        metrics.reportSigned(sinceSlotMs);
      },
      observer: { listings: open.listings, marketData, maxDataAgeSeconds: config.maxDataAgeSeconds },
      scenarioBuilder: createScenarioBuilder(),
      prosecute: (found) => prosecution.prosecute(found),
      accountRoot: () => accountRisk.root(),
      proposalSigned: archive.keep,
    });
    const running = [keeper.run(signal), sender.watch(), prosecution.run(signal), accountRisk.follow(signal)];
    await Promise.all(running);
    // The transaction in flight comes to rest where a restart takes it up.
    await sender.resume().catch(() => undefined);
  } finally {
    await network.open?.gossip.stop();
    await server.close();
  }
  telemetry.info("keeper-stopped");
}

function gossipOf({ config, open, clock }: Base, keys: KeeperKeys, telemetry: Telemetry): GossipChoice {
  return {
    self: asHex(keys.report.address),
    networkKey: keys.network,
    listen: config.listen,
    probe: open.probe,
    clock,
    timer: systemTimer,
    parameters: config.protocol,
    telemetry,
  };
}

/** What a keeper has only while it takes part. */
interface KnownLater {
  readonly gossip: () => RegisteredGossip["gossip"] | undefined;
  readonly prosecution: Pick<Prosecution, "open">;
}

function memberOf(
  { open }: Base,
  keys: KeeperKeys,
  store: KeeperStore,
  { gossip, prosecution }: KnownLater,
): MemberParts {
  const transmitter = asHex(keys.transmitter.address);
  return {
    connected: () => new Set(gossip()?.connected() ?? []),
    transmitter,
    openProofs: () => prosecution.open().length,
    openTransactions: async () =>
      (await store.openTransactions(BigInt(open.deployment.chainId), transmitter)).map(({ id }) => id),
  };
}

/** Whoever asks the chain for the keeper set, as each slot does, also lets those know who follow its configuration. */
function tellDigests(chain: OracleChain, saw: (configDigest: Hex) => void): OracleChain {
  return {
    ...chain,
    keeperSet: async () => {
      const set = await chain.keeperSet();
      saw(set.configDigest);
      return set;
    },
  };
}

/** Takes `expect` anew from the configuration when told to; everything else of it waits for a restart. */
function followExpectation(
  { open, telemetry }: Base,
  monitor: KeeperMonitor,
  keys: Pick<ChainExpectation, "address" | "networkKey">,
  control: KeeperControl,
): void {
  control.onReload((reread) => {
    try {
      const next = reread();
      monitor.expect(expectationOf(next, open.deployment, keys));
      const { configDigests, oracleParamsHashes, marginParamsHashes } = next.expect;
      telemetry.info("expectation-reloaded", {
        configDigests: configDigests.join(" "),
        oracleParamsHashes: oracleParamsHashes.join(" "),
        marginParamsHashes: marginParamsHashes.join(" "),
      });
    } catch (error) {
      telemetry.error("expectation-not-reloaded", { reason: String(error) });
    }
  });
}

/** Opens what every process needs, and closes it whatever happens. */
async function withBase(
  config: KeeperConfig,
  stop: AbortSignal,
  run: (base: Base) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const metrics = createKeeperMetrics();
  const telemetry = metrics.countEvents(createPinoTelemetry({ name: config.name, level: config.logLevel }));
  telemetry.info("keeper-starting", { step: "asking the nodes" });
  const open = await openChain(config, telemetry);
  try {
    const reader = createOracleChain(open.deployment.addresses, open.provider, NO_SENDER);
    const clock =
      config.clock === "system"
        ? systemClock
        : await followChainClock(() => reader.latestBlock(), systemTimer, telemetry, signal);
    const { provider } = open;
    telemetry.info("keeper-starting", { step: "opening market data" });
    const { marketData, sources, keepHistory, close } = await openMarketData(config, {
      clock,
      provider,
      telemetry,
    });
    void keepHistory(signal);
    try {
      await run({ config, open, reader, clock, marketData, sources, metrics, telemetry, signal });
    } finally {
      close();
    }
  } finally {
    ended.abort();
    open.provider.destroy();
  }
}

function monitorOf(
  { config, open, reader, clock, marketData, sources, telemetry }: Base,
  keys: Pick<ChainExpectation, "address" | "networkKey">,
  participation: Participation,
  member: MemberParts | null,
): KeeperMonitor {
  return createKeeperMonitor({
    name: config.name,
    version: projectVersion(),
    expected: expectationOf(config, open.deployment, keys),
    chain: reader,
    probe: open.probe,
    clock,
    timer: systemTimer,
    telemetry,
    nodes: () => [...open.pool.problems()].map(([name, problem]) => ({ name, problem })),
    marketData,
    sources,
    markets: open.listings.map(({ symbol }) => symbol),
    maxDataAgeSeconds: config.maxDataAgeSeconds,
    participation,
    member,
  });
}

function namesOf({ deployment, listings }: OpenChain) {
  return { chainId: deployment.chainId, markets: listings.map(({ symbol }) => symbol).join(",") };
}
