import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { DAILY_HISTORY_FILE } from "../../adapters/replay/daily-history.ts";
import { createHistoryStore } from "../../adapters/replay/history-store.ts";
import { systemClock } from "../../adapters/system/clock.ts";
import { readKeeperEnvironment } from "../../config.ts";
import { loadKeeperConfig, type KeeperConfig } from "../../keeper-config.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { HISTORY_LATE_DAYS, historyAgeDays } from "../../services/history-freshness.ts";
import type { HistoryUpdate } from "../../services/history-update.ts";
import { examples } from "../context.ts";
import { CommandError } from "../failure.ts";
import { updateByConfig } from "../keeper/update-history.ts";
import { createOutput, time } from "../output.ts";

const DEFAULT_CONFIG_FILE = "keeper.json";
const PERCENT = 100;

interface HistoryOptions {
  readonly json?: boolean;
  readonly config?: string;
}

/** Days and hours behind forecasts and scenario sets: continuing them, and comparing them with other keepers'. */
export function addHistoryCommands(program: Command): void {
  const history = program
    .command("history")
    .description("the days and hours behind forecasts and scenario sets (docs/market-data.md)");
  const configOption = [
    "--config <file>",
    `the keeper's configuration (BALLAST_KEEPER_CONFIG; default ${DEFAULT_CONFIG_FILE})`,
  ] as const;
  history
    .command("update")
    .description(
      "add the days and hours that are missing, from Binance's spot market and Deribit's volatility index; a running keeper does so by itself after each hour",
    )
    .option(...configOption)
    .addHelpText(
      "after",
      `${examples("history update --config keeper.json", "history update --json")}
The first time it asks for 800 days of hours, which takes a minute. Files are replaced whole, so it may be stopped at any time and run
beside a keeper. Nothing is written when the venues leave out more than 36 hours, or show other figures than the file: compare
\`history status\` with another keeper's then.
`,
    )
    .action((_options: unknown, command: Command) => update(command.optsWithGlobals()));
  history
    .command("status")
    .description(
      "how far days and hours reach, and a digest of the days: keepers with one digest make one scenario set",
    )
    .option(...configOption)
    .addHelpText("after", examples("history status", "history status --json | jq -r .digest"))
    .action((_options: unknown, command: Command) => {
      status(command.optsWithGlobals());
    });
}

async function update(options: HistoryOptions): Promise<void> {
  const json = options.json ?? false;
  const config = venuesOf(options);
  const showProgress = process.stderr.isTTY && !json;
  const done = await updateByConfig(config, {
    clock: systemClock,
    telemetry: onStandardError(json),
    progress: (hours, inAll) => {
      if (showProgress)
        process.stderr.write(`\r${Math.floor((PERCENT * hours) / inAll)} % of ${inAll} hours`);
    },
  });
  if (showProgress) process.stderr.write("\r\u001B[K");
  createOutput(json).result({ ...done, dataFolder: config.dataFolder }, () => described(done, config));
}

function described(
  { hours, days, lastHourSeconds, lastDaySeconds, isComplete }: HistoryUpdate,
  { dataFolder }: VenuesChoice,
): readonly string[] {
  return [
    `${hours} hours and ${days} days added to ${join(dataFolder, "history")}.`,
    `Days reach to ${time(lastDaySeconds)}, hours to ${lastHourSeconds === null ? "none" : time(lastHourSeconds)}.`,
    ...(isComplete ? [] : ["The venues do not show the last hour yet: update again in a few minutes."]),
  ];
}

function status(options: HistoryOptions): void {
  const { dataFolder } = configOf(options).marketData;
  const { days, firstHourSeconds, lastHour } = createHistoryStore(dataFolder).read();
  const last = days.days.at(-1)?.observedAtSeconds ?? 0;
  const ageDays = historyAgeDays(last, systemClock.nowSeconds());
  const value = {
    days: days.days.length,
    lastDaySeconds: last,
    ageDays,
    isLate: ageDays > HISTORY_LATE_DAYS,
    digest: digestOf(join(dataFolder, DAILY_HISTORY_FILE)),
    firstHourSeconds,
    lastHourSeconds: lastHour?.endSeconds ?? null,
  };
  createOutput(options.json ?? false).result(value, () => [
    `${value.days} days to ${time(last)}, ${ageDays.toFixed(1)} days old${value.isLate ? ": late, run `ballast history update`" : ""}`,
    firstHourSeconds === null || lastHour === null
      ? "no hours: forecasts are made from days alone"
      : `hours from ${time(firstHourSeconds)} to ${time(lastHour.endSeconds)}`,
    `digest of the days ${value.digest}`,
  ]);
  if (value.isLate) process.exitCode = 1;
}

/** Of the records alone: headers say where the figures are from, in words. */
function digestOf(file: string): string {
  const text = readFileSync(file, "utf8");
  return createHash("sha256")
    .update(text.slice(text.indexOf("\n") + 1))
    .digest("hex");
}

type VenuesChoice = Extract<KeeperConfig["marketData"], { kind: "venues" }>;

function configOf({ config }: HistoryOptions): KeeperConfig {
  const environment = readKeeperEnvironment();
  return loadKeeperConfig(config ?? environment.configFile ?? DEFAULT_CONFIG_FILE, environment);
}

function venuesOf(options: HistoryOptions): VenuesChoice {
  const { marketData } = configOf(options);
  if (marketData.kind === "venues") return marketData;
  throw new CommandError(
    "not-live",
    "this keeper replays recorded days, which nobody continues",
    'name a configuration with "marketData": { "kind": "venues", ... }',
  );
}

function onStandardError(json: boolean): Telemetry {
  return {
    info: () => undefined,
    warn: (event, fields) => {
      console.error(json ? JSON.stringify({ event, ...fields }) : `${event}: ${JSON.stringify(fields)}`);
    },
    error: () => undefined,
  };
}
