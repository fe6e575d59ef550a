import { setFlagsFromString } from "node:v8";
import type { Command } from "commander";
import { readKeeperEnvironment } from "../../config.ts";
import { type KeeperConfig, loadKeeperConfig } from "../../keeper-config.ts";
import type { KeeperControl } from "../../main.ts";
import type { DoctorCheck } from "../../services/doctor.ts";
import type { LogSettings } from "../../adapters/telemetry/pino-telemetry.ts";
import { examples, withGlobalHelp } from "../context.ts";
import { addMembershipCommands } from "./keeper-membership.ts";
import { addStakeCommands } from "./keeper-stake.ts";
import { CommandError, explain } from "../failure.ts";
import { createOutput, createProgress } from "../output.ts";
import { readStatuses, type StatusAnswer, statusLines } from "../keeper/read-statuses.ts";

const DEFAULT_CONFIG_FILE = "keeper.json";
const DEFAULT_STATUS_URL = "http://127.0.0.1:9464";
/** Exit codes of `keeper status`. */
const NO_ANSWER = 1;
const NOT_READY = 2;
const MARKS = { ok: "ok", warn: "WARN", fail: "FAIL", skip: "----" } as const;

/** Options of the whole program that these commands do not take, and what says the same to a keeper. */
const ELSEWHERE = {
  deployment: ["--deployment", "name the file under `deployment` in the keeper's configuration"],
  rpcUrl: [
    "--rpc-url",
    "name the nodes under `rpcUrls` in the keeper's configuration, or in BALLAST_KEEPER_RPC_URLS",
  ],
  keystore: ["--keystore", "name the keys under `keys` in the keeper's configuration"],
  passwordFile: [
    "--password-file",
    "name the file under `keys.passwordFile` in the keeper's configuration, or in BALLAST_PASSWORD_FILE",
  ],
  devAccount: ["--dev-account", "name the keys under `keys` in the keeper's configuration"],
} as const;

interface KeeperOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly dryRun?: boolean;
  readonly configOnly?: boolean;
}

/** One keeper process: running it, examining it and asking it. What they load is loaded when they run. */
export function addKeeperCommands(program: Command): void {
  const keeper = program
    .command("keeper")
    .description("run a keeper, check that it can run, ask how keepers are (docs/running-a-keeper.md)");
  const configOption = [
    "--config <file>",
    `the keeper's configuration (BALLAST_KEEPER_CONFIG; default ${DEFAULT_CONFIG_FILE})`,
  ] as const;
  withGlobalHelp(keeper.command("new-store"), "--json")
    .description(
      "make the empty store of a report key that has never signed on this chain; once, before the first start",
    )
    .option(...configOption)
    .addHelpText("after", examples("keeper new-store --config keeper.json"))
    .action((_options: unknown, command: Command) => newStore(optionsOf(command)));
  keeper
    .command("compile")
    .description(
      "load what `start` loads and end: where NODE_COMPILE_CACHE keeps it, a keeper starts 20 MB smaller (for ExecStartPre)",
    )
    .addHelpText("after", examples("keeper compile"))
    .action(compile);
  withGlobalHelp(keeper.command("start"), "--json")
    .description("run until SIGTERM; refuses when the chain is not what the configuration says")
    .option(...configOption)
    .option("--dry-run", "observe and compute without a key; sign and send nothing")
    .addHelpText("after", examples("keeper start --config keeper.json", "keeper start --dry-run"))
    .action((_options: unknown, command: Command) => start(optionsOf(command)));
  withGlobalHelp(keeper.command("doctor"), "--json")
    .description("check keys, nodes, chain, clock, balance, store and market data; exits with 1 on a failure")
    .option(...configOption)
    .option("--dry-run", "leave out what a dry run does not need")
    .option(
      "--config-only",
      "this machine's files alone: asks no node, no peer and no venue (for ExecStartPre)",
    )
    .addHelpText(
      "after",
      examples("keeper doctor", "keeper doctor --json | jq '.failed'", "keeper doctor --config-only"),
    )
    .action((_options: unknown, command: Command) => doctor(optionsOf(command)));
  withGlobalHelp(keeper.command("status"), "--json")
    .description(
      "ask one keeper or several over HTTP; exits with 1 when one does not answer, 2 when one is not ready",
    )
    .argument("[urls...]", "where keepers show their status", [DEFAULT_STATUS_URL])
    .addHelpText(
      "after",
      examples("keeper status", "keeper status http://10.0.0.1:9464 http://10.0.0.2:9464"),
    )
    .action(async (urls: readonly string[], _options: unknown, command: Command) => {
      const { json = false } = optionsOf(command);
      const answers = await readStatuses(urls);
      createOutput(json).result({ keepers: answers }, () => statusLines(answers));
      process.exitCode = exitCodeOf(answers);
    });
  addMembershipCommands(keeper, configOption);
  addStakeCommands(keeper, configOption);
}

/** @throws CommandError `option-not-taken` rather than to pass over what the caller asked for */
function optionsOf(command: Command): KeeperOptions {
  const options: KeeperOptions & Partial<Record<keyof typeof ELSEWHERE, unknown>> = command.optsWithGlobals();
  for (const name of Object.keys(ELSEWHERE) as (keyof typeof ELSEWHERE)[]) {
    if (options[name] === undefined) continue;
    const [flag, advice] = ELSEWHERE[name];
    throw new CommandError("option-not-taken", `ballast keeper ${command.name()} takes no ${flag}`, advice);
  }
  return options;
}

function exitCodeOf(answers: readonly StatusAnswer[]): number {
  if (answers.some(({ status }) => status === null)) return NO_ANSWER;
  return answers.every(({ status }) => status?.ready === true) ? 0 : NOT_READY;
}

function configOf({ config }: KeeperOptions): KeeperConfig {
  const environment = readKeeperEnvironment();
  return loadKeeperConfig(config ?? environment.configFile ?? DEFAULT_CONFIG_FILE, environment);
}

/** Stops at the first SIGINT or SIGTERM, the second ends the process at once; reads the configuration again at each SIGHUP. */
function controlOf(options: KeeperOptions): KeeperControl {
  const stop = new AbortController();
  const heard: Parameters<KeeperControl["onReload"]>[0][] = [];
  process.on("SIGHUP", () => {
    for (const reload of heard) reload(() => configOf(options));
  });
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return { stop: stop.signal, onReload: (reload) => heard.push(reload) };
}

async function newStore(options: KeeperOptions): Promise<void> {
  const config = configOf(options);
  const { makeStore } = await import("../keeper/new-store.ts");
  const made = await makeStore(config);
  createOutput(options.json ?? false).result(made, () => [
    `Made the store of report key ${made.reportKey} on chain ${made.chainId.toString()}: ${made.where}`,
    "It knows of no signature. If this key has signed on this chain before, do not start with it:",
    "docs/running-a-keeper.md says under Backup and restore what to do.",
  ]);
}

/**
 * Without this a keeper grows by 20 MB in half an hour. As an argument of Node the same flag would halve the young generation too, and what was compiled
 * before counts only as long as flags stay as they were: so it comes after all is loaded.
 */
function keepHeapCompact(): void {
  setFlagsFromString("--optimize-for-size");
}

async function compile(): Promise<void> {
  await loadAll();
}

/** All that the command line does not load by itself before a keeper runs. */
async function loadAll() {
  const { createPinoTelemetry } = await import("../../adapters/telemetry/pino-telemetry.ts");
  return { createPinoTelemetry, ...(await import("../../main.ts")) };
}

/** Runs the keeper; what ends it is also a line of its log, for those who collect no error stream. */
async function start(options: KeeperOptions): Promise<void> {
  const { createPinoTelemetry, runDryRun, runKeeper } = await loadAll();
  keepHeapCompact();
  const control = controlOf(options);
  let log: LogSettings = { name: "keeper", level: "error" };
  try {
    const config = configOf(options);
    log = { name: config.name, level: config.logLevel };
    const run = options.dryRun === true ? runDryRun : runKeeper;
    await run(config, control);
  } catch (error) {
    createPinoTelemetry(log).error("keeper-failed", { ...explain(error) });
    throw error;
  }
}

async function doctor(options: KeeperOptions): Promise<void> {
  const config = configOf(options);
  const { runDoctor } = await import("../keeper/run-doctor.ts");
  const done = new AbortController();
  const choice = { isDryRun: options.dryRun ?? false, isConfigOnly: options.configOnly ?? false };
  const progress = createProgress(options.json ?? false);
  const checks = await runDoctor(config, choice, done.signal, progress);
  done.abort();
  const count = (verdict: DoctorCheck["verdict"]) =>
    checks.filter((check) => check.verdict === verdict).length;
  const value = { failed: count("fail"), warned: count("warn"), checks };
  createOutput(options.json ?? false).result(value, () => [
    ...checks.flatMap(({ name, verdict, detail, advice }) => [
      `${MARKS[verdict].padEnd(MARKS.fail.length)}  ${name}: ${detail}`,
      ...(advice === null ? [] : [`      -> ${advice}`]),
    ]),
    value.failed === 0 ? `No failure, ${value.warned} warnings.` : `${value.failed} failures: do not start.`,
  ]);
  if (value.failed > 0) process.exitCode = 1;
}
