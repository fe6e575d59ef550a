import type { Command } from "commander";
import { examples, withSession, type CommandContext } from "../context.ts";
import { CommandError } from "../failure.ts";
import { accountId, decimalAmount } from "../parse.ts";
import { connectToken } from "../session.ts";
import { chooseToken, unitsOf } from "../token.ts";
import { requireAccount } from "./account.ts";

export function addDepositCommand(program: Command): void {
  program
    .command("deposit")
    .description(
      "move tokens from the key's address into an account, approving exactly that amount if need be",
    )
    .argument("<account>", "the account's number", accountId)
    .argument("<amount>", "in whole tokens, such as 2500 or 0.75", decimalAmount)
    .option("--token <token>", "symbol or address (default: the settlement coin)")
    .addHelpText(
      "after",
      examples("deposit 1 25000 --dev-account 0", "deposit 1 0.5 --token WBTC --dev-account 0"),
    )
    .action((id: bigint, amount: string, { token }: { token?: string }, command: Command) =>
      withSession(command, (context) => deposit(context, id, amount, token)),
    );
}

async function deposit(
  { output, session }: CommandContext,
  id: bigint,
  amount: string,
  wanted: string | undefined,
): Promise<void> {
  const [signer, { clearingHouse, vault }] = [await session.signer(), await session.signed()];
  await requireAccount(session, id);
  const { address, symbol, decimals } = await chooseToken(session, wanted);
  const units = unitsOf(amount, symbol, decimals);
  const owner = await signer.getAddress();
  const token = connectToken(address, signer);
  const balance = await token.balanceOf(owner);
  if (balance < units) {
    throw new CommandError(
      "too-few-tokens",
      `${owner} holds ${balance.toString()} units of ${symbol}, the deposit needs ${units.toString()}`,
      "deposit less, or send tokens to this address first",
    );
  }
  const spender = await vault.getAddress();
  if ((await token.allowance(owner, spender)) < units)
    await session.transact(`approving ${symbol}`, () => token.approve(spender, units));
  const { hash, gasUsed } = await session.transact(`depositing into account ${id.toString()}`, () =>
    clearingHouse.deposit(id, address, units),
  );
  output.result({ account: id, token: address, symbol, units, hash, gasUsed }, () => [
    `Deposited ${amount} ${symbol} into account ${id.toString()}.`,
  ]);
}
