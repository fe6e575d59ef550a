import type { Command } from "commander";
import { examples } from "../context.ts";
import { positiveNumber, wholeNumber } from "../parse.ts";
import type { WatchtowerOptions } from "../watchtower/watch-choice.ts";

const DEFAULT_INTERVAL_SECONDS = 15;
const DEFAULT_HTTP_HOST = "127.0.0.1";
const DEFAULT_HTTP_PORT = 9_465;

/** Watches all keepers from outside. What it loads is loaded when it runs. */
export function addWatchtowerCommand(program: Command): void {
  program
    .command("watchtower")
    .description(
      "read every report sent to the oracle: prove who signed two for one round or a wrong spot, compare accepted ones with the own market data (docs/watchtower.md)",
    )
    .option(
      "--config <file>",
      "a keeper's configuration: its deployment, its nodes, and the market data that reports are compared with",
    )
    .option(
      "--store <file>",
      "what was read and seen (default: watchtower.sqlite beside the deployment's file)",
    )
    .option(
      "--keeper <url...>",
      "status pages of keepers, which show the observations that reports are computed again from",
    )
    .option("--from-block <n>", "first block of a new store (default: a day before the latest)", wholeNumber)
    .option("--once", "read what there is, then end")
    .option(
      "--interval <seconds>",
      "seconds to wait between rounds",
      positiveNumber,
      DEFAULT_INTERVAL_SECONDS,
    )
    .option("--http-host <host>", "where /healthz, /readyz, /status.json and /metrics are", DEFAULT_HTTP_HOST)
    .option("--http-port <port>", "0 takes a free one", wholeNumber, DEFAULT_HTTP_PORT)
    .addHelpText(
      "after",
      examples(
        "watchtower --dev-account 9",
        "watchtower --config keeper.json --keystore prover.json --password-file password",
      ),
    )
    .action(async (_options: unknown, command: Command) => {
      const options: WatchtowerOptions = command.optsWithGlobals();
      const { runWatchtower } = await import("../watchtower/run-watchtower.ts");
      await runWatchtower(options);
    });
}
