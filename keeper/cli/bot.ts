import { setTimeout as sleep } from "node:timers/promises";
import { type Command } from "commander";
import { createClearingChain } from "../adapters/ethers/clearing-chain.ts";
import type { ClearingChain } from "../ports/clearing-chain.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry, TelemetryFields } from "../ports/telemetry.ts";
import { withSession } from "./context.ts";
import { explain } from "./failure.ts";
import { time, toJson } from "./output.ts";
import { positiveNumber } from "./parse.ts";
import type { Session } from "./session.ts";

const DEFAULT_INTERVAL_SECONDS = 15;
const MILLISECONDS = 1_000;

/** How long a bot runs. */
export interface BotOptions {
  readonly once?: boolean;
  readonly interval: number;
}

/** What one round of a bot works with. */
export interface BotParts {
  readonly chain: ClearingChain;
  /** The latest block's time: what the contracts compare with. */
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly session: Session;
}

/** Adds the options that all bots share. */
export function botOptions(command: Command): Command {
  return command
    .option("--once", "one round, then end")
    .option(
      "--interval <seconds>",
      "seconds to wait between rounds",
      positiveNumber,
      DEFAULT_INTERVAL_SECONDS,
    );
}

/**
 * Runs rounds until interrupted. A round that fails is logged and the next one comes; with --once its failure is the command's. The next
 * round starts an interval after the last one ended: missed ones are dropped.
 */
export async function runBot(
  command: Command,
  options: BotOptions,
  round: (parts: BotParts) => Promise<unknown>,
): Promise<void> {
  await withSession(command, async ({ output, session }) => {
    const chain = await clearingChain(session);
    const telemetry = logTo(output.json);
    const stop = new AbortController();
    const interrupt = () => {
      stop.abort();
    };
    process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
    const runRound = async () => round({ chain, clock: await clockOf(session), telemetry, session });
    if (options.once === true) {
      const result = await runRound();
      output.result(result, () => [`Done: ${toJson(result)}`]);
      return;
    }
    telemetry.info("bot-started", { intervalSeconds: options.interval });
    while (!stop.signal.aborted) {
      try {
        await runRound();
      } catch (error) {
        const { message, advice } = explain(error);
        telemetry.error("round-failed", { message, advice });
      }
      await sleep(options.interval * MILLISECONDS, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    telemetry.info("bot-stopped");
  });
}

async function clearingChain(session: Session): Promise<ClearingChain> {
  const { clearingHouse, settlement, liquidationEngine, marginLens, riskConfig } =
    session.deployment.addresses;
  const addresses = { clearingHouse, settlement, liquidationEngine, marginLens, riskConfig };
  return createClearingChain(addresses, await session.signer());
}

async function clockOf({ provider }: Session): Promise<Clock> {
  const block = await provider.getBlock("latest");
  const now = block?.timestamp ?? Math.floor(Date.now() / MILLISECONDS);
  return { nowSeconds: () => now };
}

/** A line for each event on the error stream, so that results keep the other one to themselves. */
function logTo(json: boolean): Telemetry {
  const log =
    (level: string) =>
    (event: string, fields: TelemetryFields = {}) => {
      const seconds = Math.floor(Date.now() / MILLISECONDS);
      const shown = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
      console.error(
        json
          ? toJson({ time: seconds, level, event, ...fields })
          : [time(seconds), level.padEnd("error".length), event, ...shown].join("  "),
      );
    };
  return { info: log("info"), warn: log("warn"), error: log("error") };
}
