// A process of its own that sends one effect, so that a test can end it at any moment: sender-process.ts URL LOG-FILE ACCOUNT COUNTER ID STOP-AT.
import { openDatabase } from "../../keeper/adapters/sqlite/open-database.ts";
import { createSqliteTransactionLog } from "../../keeper/adapters/sqlite/transaction-log.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import type { TransactionLog } from "../../keeper/ports/transaction-log.ts";
import { oneCall, openAccount } from "./sending-account.ts";

const HANG_MS = 3_600_000;
/** Deep enough for the test to act between the block and the confirmation. */
const CONFIRMATIONS = 4n;

const [url = "", logFile = "", account = "", counter = "", id = "", stopAt = ""] = process.argv.slice(2);

/** Says where it is and stays there, once the write is durable. */
const hang = async (place: string): Promise<void> => {
  console.log(`reached ${place}`);
  await new Promise((resolve) => setTimeout(resolve, HANG_MS));
};

const durable = createSqliteTransactionLog(openDatabase(logFile));
const log: TransactionLog = {
  ...durable,
  saveTransaction: async (record) => {
    await durable.saveTransaction(record);
    const place = record.attempts.length === 0 ? "intent" : "hash";
    if (place === stopAt) await hang(place);
  },
};
const { sender } = await openAccount(account, [url], {
  log,
  policy: { confirmations: CONFIRMATIONS, finalityBlocks: CONFIRMATIONS },
});
const { kind } = await sender.send(oneCall(asHex(counter), id));
console.log(`done ${kind}`);
