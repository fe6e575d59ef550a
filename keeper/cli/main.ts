// `ballast`: accounts, orders, margin, bots and governance from the command line.
import { Command } from "commander";
import { addAccountCommands } from "./commands/account.ts";
import { addDepositCommand } from "./commands/deposit.ts";
import { addHistoryCommands } from "./commands/history.ts";
import { addKeeperCommands } from "./commands/keeper.ts";
import { addKeysCommands } from "./commands/keys.ts";
import { addLiquidateCommand } from "./commands/liquidate.ts";
import { addMarginCommand } from "./commands/margin.ts";
import { addOracleCommands } from "./commands/oracle.ts";
import { addOrderCommands } from "./commands/order.ts";
import { addParamsCommands } from "./commands/params.ts";
import { addSettleCommand } from "./commands/settle.ts";
import { addVarCommand } from "./commands/var.ts";
import { addWatchCommand } from "./commands/watch.ts";
import { addWatchtowerCommand } from "./commands/watchtower.ts";
import { addWhatIfCommand } from "./commands/what-if.ts";
import { addWithdrawCommand } from "./commands/withdraw.ts";
import { examples } from "./context.ts";
import { explain } from "./failure.ts";
import { toJson } from "./output.ts";
import { wholeNumber } from "./parse.ts";

const program = new Command("ballast")
  .description("a clearing house for crypto options and futures whose margin moves with risk")
  .option("--json", "print one JSON object instead of words; big integers are text")
  .option("--deployment <file>", "JSON file of addresses (BALLAST_DEPLOYMENT; default out/deployment.json)")
  .option("--rpc-url <url>", "node to ask (BALLAST_RPC_URL; default: the deployment's)")
  .option("--keystore <file>", "encrypted JSON keystore that signs (BALLAST_KEYSTORE)")
  .option("--password-file <file>", "file whose first line opens the keystore (BALLAST_PASSWORD_FILE)")
  .option("--dev-account <n>", "sign with an unlocked account of a local Hardhat node", wholeNumber)
  .showHelpAfterError("Add --help to see what is expected.")
  .configureHelp({ showGlobalOptions: true })
  .addHelpText(
    "after",
    examples(
      "oracle status",
      "account open --dev-account 0",
      "deposit 1 25000 --dev-account 0",
      "margin 1",
      "order sign --help",
    ),
  );

addAccountCommands(program);
addDepositCommand(program);
addWithdrawCommand(program);
addMarginCommand(program);
addWhatIfCommand(program);
addVarCommand(program);
addOrderCommands(program);
addOracleCommands(program);
addWatchCommand(program);
addWatchtowerCommand(program);
addLiquidateCommand(program);
addSettleCommand(program);
addParamsCommands(program);
addKeysCommands(program);
addKeeperCommands(program);
addHistoryCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  const failure = explain(error);
  const { json } = program.opts<{ json?: boolean }>();
  console.error(
    json === true ? toJson({ error: failure }) : `ballast: ${failure.message}\n  ${failure.advice}`,
  );
  process.exitCode = 1;
}
