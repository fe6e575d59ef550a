import type { Command } from "commander";
import { DEFAULT_SHARE_STEPS, liquidate } from "../../services/liquidate.ts";
import { botOptions, runBot, type BotOptions } from "../bot.ts";
import { examples } from "../context.ts";
import { accountId, positiveNumber } from "../parse.ts";

const DEFAULT_DISCOUNT_PERCENT = 2;
const DEFAULT_SLIPPAGE_PERCENT = 0.5;
/** 1e18 over 100 percent, times 1e-6: percents are read to six decimals. */
const WAD_PER_MILLIONTH_PERCENT = 10n ** 10n;
const MILLION = 1_000_000;

interface LiquidateOptions extends BotOptions {
  readonly bidder: bigint;
  readonly minDiscount: number;
  readonly slippage: number;
}

function percentToWad(percent: number): bigint {
  return BigInt(Math.round(percent * MILLION)) * WAD_PER_MILLIONTH_PERCENT;
}

export function addLiquidateCommand(program: Command): void {
  botOptions(
    program
      .command("liquidate")
      .description("bid in the auctions of called accounts, the weakest first, with an account of your own")
      .requiredOption("--bidder <account>", "the account that takes the risk over", accountId)
      .option(
        "--min-discount <percent>",
        "least discount to bid at, in percent of the maintenance margin taken over",
        positiveNumber,
        DEFAULT_DISCOUNT_PERCENT,
      )
      .option(
        "--slippage <percent>",
        "most to pay above the simulated price, in percent of the maintenance margin taken over",
        positiveNumber,
        DEFAULT_SLIPPAGE_PERCENT,
      ),
  )
    .addHelpText(
      "after",
      examples(
        "liquidate --bidder 2 --dev-account 1",
        "liquidate --bidder 2 --min-discount 5 --once --dev-account 1",
      ),
    )
    .action(({ bidder, minDiscount, slippage, ...options }: LiquidateOptions, command: Command) =>
      runBot(command, options, async ({ chain, clock, telemetry }) => ({
        fills: await liquidate(chain, clock, telemetry, {
          bidder,
          minDiscountWad: percentToWad(minDiscount),
          slippageWad: percentToWad(slippage),
          shareSteps: DEFAULT_SHARE_STEPS,
        }),
      })),
    );
}
