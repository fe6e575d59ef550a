import type { Command } from "commander";
import { settleExpiries } from "../../services/settle.ts";
import { botOptions, runBot, type BotOptions } from "../bot.ts";
import { examples } from "../context.ts";

export function addSettleCommand(program: Command): void {
  botOptions(
    program
      .command("settle")
      .description(
        "sample the fixings of expiries that are near, write them when due and settle who held them",
      ),
  )
    .addHelpText("after", examples("settle --dev-account 8", "settle --once --dev-account 8"))
    .action((options: BotOptions, command: Command) =>
      runBot(command, options, ({ chain, clock, telemetry }) => settleExpiries(chain, clock, telemetry)),
    );
}
