import type { Command } from "commander";
import { createOracleChain } from "../../adapters/ethers/oracle-chain.ts";
import { createWatchChain } from "../../adapters/ethers/watch-chain.ts";
import { loadKeeperConfig } from "../../keeper-config.ts";
import type { Clock } from "../../ports/clock.ts";
import { createHourlyForecaster } from "../../services/hourly-forecast.ts";
import { observe } from "../../services/observe.ts";
import { createWatchtower, type WatchResult, type WatchtowerParts } from "../../services/watchtower.ts";
import { botOptions, type BotOptions, type BotParts, runBot } from "../bot.ts";
import { examples } from "../context.ts";
import { NO_SENDER } from "../keeper/no-sender.ts";
import { listingsOf } from "../keeper/listings.ts";
import { type MarketDataParts, openMarketData } from "../keeper/open-market-data.ts";
import { wholeNumber } from "../parse.ts";
import type { Session } from "../session.ts";

/** Blocks before the latest from which a watchtower reads unless it is told. */
const DEFAULT_BLOCKS_BACK = 1_000n;

interface WatchtowerOptions extends BotOptions {
  readonly fromBlock?: number;
  readonly config?: string;
}

export function addWatchtowerCommand(program: Command): void {
  botOptions(
    program
      .command("watchtower")
      .description(
        "read every report sent to the oracle: prove who signed two for one round, compare accepted ones with the own market data",
      )
      .option("--from-block <n>", "first block to read (default: a thousand before the latest)", wholeNumber)
      .option("--config <file>", "a keeper's configuration whose market data reports are compared with"),
  )
    .addHelpText(
      "after",
      examples("watchtower --dev-account 9", "watchtower --config keeper.json --keystore prover.json ..."),
    )
    .action(async (options: WatchtowerOptions, command: Command) => {
      const opened: { tower?: OpenWatchtower } = {};
      let now = 0;
      try {
        await runBot(command, options, async (parts) => {
          now = parts.clock.nowSeconds();
          opened.tower ??= await openWatchtower(parts, options, { nowSeconds: () => now });
          return opened.tower.round();
        });
      } finally {
        opened.tower?.close();
      }
    });
}

interface OpenWatchtower {
  round(): Promise<WatchResult>;
  close(): void;
}

async function openWatchtower(
  { session, telemetry }: BotParts,
  { fromBlock, config }: WatchtowerOptions,
  clock: Clock,
): Promise<OpenWatchtower> {
  const { deployment, provider } = session;
  const reader = createOracleChain(deployment.addresses, provider, NO_SENDER);
  const domain = await reader.oracleDomain();
  const chain = createWatchChain(deployment.addresses, domain, provider, await session.signer());
  const head = await chain.headNumber();
  const back = head > DEFAULT_BLOCKS_BACK ? head - DEFAULT_BLOCKS_BACK : 0n;
  const first = fromBlock === undefined ? back : BigInt(fromBlock);
  const view = config === undefined ? null : await openView(session, config, { clock, provider, telemetry });
  return {
    round: createWatchtower({ chain, clock, telemetry, observe: view?.observe ?? null }, first),
    close: () => {
      view?.close();
    },
  };
}

interface View {
  readonly observe: NonNullable<WatchtowerParts["observe"]>;
  readonly close: () => void;
}

async function openView(
  { deployment, provider }: Session,
  file: string,
  parts: MarketDataParts,
): Promise<View> {
  const chain = createOracleChain(deployment.addresses, provider, NO_SENDER);
  const config = loadKeeperConfig(file);
  const { marketData, close } = await openMarketData(config, parts);
  const settings = {
    listings: listingsOf(deployment),
    marketData,
    maxDataAgeSeconds: config.maxDataAgeSeconds,
    chain,
    hourlyForecaster: createHourlyForecaster(),
  };
  return { observe: (observedAtSeconds) => observe(settings, observedAtSeconds), close };
}
