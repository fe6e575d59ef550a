import type { Command } from "commander";
import { examples, withSession, type CommandContext } from "../context.ts";
import { accountId, decimalAmount } from "../parse.ts";
import { chooseToken, unitsOf } from "../token.ts";
import { requireAccount } from "./account.ts";

interface WithdrawOptions {
  readonly token?: string;
  readonly to?: string;
}

export function addWithdrawCommand(program: Command): void {
  program
    .command("withdraw")
    .description("pay tokens out of an account, which has to end at or above its initial margin")
    .argument("<account>", "the account's number", accountId)
    .argument("<amount>", "in whole tokens, such as 2500 or 0.75", decimalAmount)
    .option("--token <token>", "symbol or address (default: the settlement coin)")
    .option("--to <address>", "who receives it (default: the key's address)")
    .addHelpText("after", examples("withdraw 1 1000 --dev-account 0"))
    .action((id: bigint, amount: string, options: WithdrawOptions, command: Command) =>
      withSession(command, (context) => withdraw(context, id, amount, options)),
    );
}

async function withdraw(
  { output, session }: CommandContext,
  id: bigint,
  amount: string,
  options: WithdrawOptions,
): Promise<void> {
  const { clearingHouse } = await session.signed();
  await requireAccount(session, id);
  const { address, symbol, decimals } = await chooseToken(session, options.token);
  const units = unitsOf(amount, symbol, decimals);
  const to = options.to ?? (await (await session.signer()).getAddress());
  const { hash, gasUsed } = await session.transact(`withdrawing from account ${id.toString()}`, () =>
    clearingHouse.withdraw(id, address, units, to),
  );
  output.result({ account: id, token: address, symbol, units, to, hash, gasUsed }, () => [
    `Withdrew ${amount} ${symbol} from account ${id.toString()} to ${to}.`,
  ]);
}
