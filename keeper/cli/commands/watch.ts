import type { Command } from "commander";
import { watchMargin } from "../../services/margin-watch.ts";
import { botOptions, runBot, type BotOptions } from "../bot.ts";
import { examples } from "../context.ts";

export function addWatchCommand(program: Command): void {
  botOptions(
    program
      .command("watch")
      .description("margin watch: call accounts below maintenance margin, release those that have recovered"),
  )
    .addHelpText("after", examples("watch --dev-account 8", "watch --once --json --dev-account 8"))
    .action((options: BotOptions, command: Command) =>
      runBot(command, options, ({ chain, telemetry }) => watchMargin(chain, telemetry)),
    );
}
