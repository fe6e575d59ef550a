// One keeper process: chooses the adapters that its configuration names and runs until the signal aborts.
import { createOracleChain } from "./adapters/ethers/oracle-chain.ts";
import { startStatusServer } from "./adapters/http/status-server.ts";
import { systemClock } from "./adapters/system/clock.ts";
import { systemTimer } from "./adapters/system/timer.ts";
import { createKeeperMetrics } from "./adapters/telemetry/keeper-metrics.ts";
import { createPinoTelemetry } from "./adapters/telemetry/pino-telemetry.ts";
import { NO_SENDER } from "./cli/keeper/no-sender.ts";
import { expectationOf, NO_KEYS, openChain, type OpenChain } from "./cli/keeper/open-chain.ts";
import { openMarketData } from "./cli/keeper/open-market-data.ts";
import { projectVersion } from "./cli/keeper/version.ts";
import type { KeeperConfig } from "./keeper-config.ts";
import type { Clock } from "./ports/clock.ts";
import type { OracleChain } from "./ports/oracle-chain.ts";
import type { Telemetry } from "./ports/telemetry.ts";
import { followChainClock } from "./services/chain-clock.ts";
import { dryRun } from "./services/dry-run.ts";
import { createHourlyForecaster } from "./services/hourly-forecast.ts";
import { createKeeperMonitor } from "./services/keeper-monitor.ts";
import { observe } from "./services/observe.ts";
import { createParticipation } from "./services/participation.ts";

/** Time between two observations of a dry run. */
const DRY_RUN_INTERVAL_SECONDS = 15;

/**
 * Observes, computes and shows what a keeper would, without a key: signs nothing, sends nothing, talks to no other keeper. Resolves when the
 * signal aborts and everything is closed.
 * @throws ConfigError, ChainUnavailable or ChainDisagrees when it must not start
 */
export async function runDryRun(config: KeeperConfig, stop: AbortSignal): Promise<void> {
  const ended = new AbortController();
  const signal = AbortSignal.any([stop, ended.signal]);
  const log = createPinoTelemetry({ name: config.name, level: config.logLevel });
  const open = await openChain(config, log);
  const chain = createOracleChain(open.deployment.addresses, open.provider, NO_SENDER);
  const clock = await openClock(config, chain, log, signal);
  const marketData = openMarketData(config, clock);
  const monitor = createKeeperMonitor({
    name: config.name,
    version: projectVersion(),
    expected: expectationOf(config, open.deployment, NO_KEYS),
    chain,
    probe: open.probe,
    clock,
    marketData,
    markets: open.listings.map(({ symbol }) => symbol),
    maxDataAgeSeconds: config.maxDataAgeSeconds,
    participation: createParticipation(() => []),
    member: null,
  });
  const metrics = createKeeperMetrics(() => monitor.status());
  const telemetry = metrics.countEvents(log);
  try {
    await monitor.requireAgreement();
    const server = await startStatusServer({ ...config.http, status: () => monitor.status(), metrics });
    telemetry.info("keeper-started", { mode: "dry-run", url: server.url, ...namesOf(open) });
    const hourlyForecaster = createHourlyForecaster();
    const { listings } = open;
    await dryRun(
      {
        chain,
        clock,
        timer: systemTimer,
        telemetry,
        intervalSeconds: DRY_RUN_INTERVAL_SECONDS,
        observe: (atSeconds) => observe({ listings, marketData, chain, hourlyForecaster }, atSeconds),
      },
      signal,
    );
    await server.close();
    telemetry.info("keeper-stopped");
  } finally {
    ended.abort();
    open.provider.destroy();
  }
}

function openClock(
  { clock }: KeeperConfig,
  chain: OracleChain,
  telemetry: Telemetry,
  signal: AbortSignal,
): Promise<Clock> {
  if (clock === "system") return Promise.resolve(systemClock);
  return followChainClock(() => chain.latestBlock(), systemTimer, telemetry, signal);
}

function namesOf({ deployment, listings }: OpenChain) {
  return { chainId: deployment.chainId, markets: listings.map(({ symbol }) => symbol).join(",") };
}
