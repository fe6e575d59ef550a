import type { Command } from "commander";
import { readKeeperEnvironment } from "../../config.ts";
import { type KeeperConfig, loadKeeperConfig } from "../../keeper-config.ts";
import type { DoctorCheck } from "../../services/doctor.ts";
import { examples } from "../context.ts";
import { createOutput } from "../output.ts";
import { readStatuses, statusLines } from "../keeper/read-statuses.ts";

const DEFAULT_CONFIG_FILE = "keeper.json";
const DEFAULT_STATUS_URL = "http://127.0.0.1:9464";
const MARKS = { ok: "ok", warn: "WARN", fail: "FAIL" } as const;

interface KeeperOptions {
  readonly json?: boolean;
  readonly config?: string;
  readonly dryRun?: boolean;
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
  keeper
    .command("new-store")
    .description(
      "make the empty store of a report key that has never signed on this chain; once, before the first start",
    )
    .option(...configOption)
    .addHelpText("after", examples("keeper new-store --config keeper.json"))
    .action((_options: unknown, command: Command) => newStore(command.optsWithGlobals()));
  keeper
    .command("start")
    .description("run until SIGTERM; refuses when the chain is not what the configuration says")
    .option(...configOption)
    .option("--dry-run", "observe and compute without a key; sign and send nothing")
    .addHelpText("after", examples("keeper start --config keeper.json", "keeper start --dry-run"))
    .action((_options: unknown, command: Command) => start(command.optsWithGlobals()));
  keeper
    .command("doctor")
    .description("check keys, nodes, chain, clock, balance, store and market data; exits with 1 on a failure")
    .option(...configOption)
    .option("--dry-run", "leave out what a dry run does not need")
    .addHelpText("after", examples("keeper doctor", "keeper doctor --json | jq '.failed'"))
    .action((_options: unknown, command: Command) => doctor(command.optsWithGlobals()));
  keeper
    .command("status")
    .description("ask one keeper or several over HTTP")
    .argument("[urls...]", "where keepers show their status", [DEFAULT_STATUS_URL])
    .addHelpText(
      "after",
      examples("keeper status", "keeper status http://10.0.0.1:9464 http://10.0.0.2:9464"),
    )
    .action(async (urls: readonly string[], _options: unknown, command: Command) => {
      const { json = false }: KeeperOptions = command.optsWithGlobals();
      const answers = await readStatuses(urls);
      createOutput(json).result({ keepers: answers }, () => statusLines(answers));
      if (answers.some(({ problem }) => problem !== null)) process.exitCode = 1;
    });
}

function configOf({ config }: KeeperOptions): KeeperConfig {
  const environment = readKeeperEnvironment();
  return loadKeeperConfig(config ?? environment.configFile ?? DEFAULT_CONFIG_FILE, environment);
}

/** A signal that aborts at the first SIGINT or SIGTERM; the second ends the process at once. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => {
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  return stop.signal;
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

async function start(options: KeeperOptions): Promise<void> {
  const config = configOf(options);
  const { runDryRun, runKeeper } = await import("../../main.ts");
  const run = options.dryRun === true ? runDryRun : runKeeper;
  await run(config, stopSignal());
}

async function doctor(options: KeeperOptions): Promise<void> {
  const config = configOf(options);
  const { runDoctor } = await import("../keeper/run-doctor.ts");
  const done = new AbortController();
  const checks = await runDoctor(config, options.dryRun ?? false, done.signal);
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
