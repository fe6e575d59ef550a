import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { openDatabase } from "../../../../keeper/adapters/sqlite/open-database.ts";
import { createSqliteTransactionLog } from "../../../../keeper/adapters/sqlite/transaction-log.ts";
import { createMemoryTransactionLog } from "../../../../keeper/adapters/memory/transaction-log.ts";
import { asHex } from "../../../../keeper/ports/hex.ts";
import type {
  TransactionLog,
  TransactionOutcome,
  TransactionRecord,
} from "../../../../keeper/ports/transaction-log.ts";

const HASH = asHex(`0x${"ab".repeat(32)}`);
const SENDER = asHex(`0x${"5e".repeat(20)}`);

const record = (id: string, changed: Partial<TransactionRecord> = {}): TransactionRecord => ({
  id,
  to: asHex(`0x${"7a".repeat(20)}`),
  data: asHex("0x1234"),
  doneErrors: [asHex("0xd09e0001")],
  chainId: 31_337n,
  from: SENDER,
  nonce: 7,
  gasLimit: 2n ** 24n,
  attempts: [
    {
      kind: "effect",
      hash: HASH,
      raw: asHex("0x02f8"),
      fees: { maxFeePerGasWei: 2n ** 70n, maxPriorityFeePerGasWei: 0n },
    },
  ],
  ...changed,
});

const OUTCOMES: readonly TransactionOutcome[] = [
  { kind: "mined", hash: HASH, blockNumber: 2n ** 60n, gasUsed: 21_000n },
  { kind: "already-done" },
  { kind: "refused", revertData: asHex("0xbad00001") },
  { kind: "refused", revertData: null },
  { kind: "superseded" },
];

describe("transaction logs", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-log-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const kinds: Readonly<Record<string, () => TransactionLog>> = {
    memory: createMemoryTransactionLog,
    SQLite: () => createSqliteTransactionLog(openDatabase(":memory:")),
  };
  for (const [kind, open] of Object.entries(kinds)) {
    it(`${kind}: gives back what was written, in place of what was there`, async () => {
      const log = open();
      await log.saveTransaction(record("a", { attempts: [] }));
      await log.saveTransaction(record("a"));
      expect(await log.openTransactions(31_337n, SENDER)).to.deep.equal([record("a")]);
      expect(await log.transactionOutcome("a")).to.equal(null);
    });

    it(`${kind}: lists only the account's transactions on the chain`, async () => {
      const log = open();
      await log.saveTransaction(record("a"));
      await log.saveTransaction(record("b", { chainId: 1n }));
      await log.saveTransaction(record("c", { from: asHex(`0x${"aa".repeat(20)}`) }));
      expect((await log.openTransactions(31_337n, SENDER)).map(({ id }) => id)).to.deep.equal(["a"]);
    });

    it(`${kind}: keeps every kind of outcome, and the last one of an effect that was tried again`, async () => {
      const log = open();
      for (const outcome of OUTCOMES) {
        await log.saveTransaction(record("a"));
        await log.closeTransaction("a", outcome);
        expect(await log.openTransactions(31_337n, SENDER)).to.deep.equal([]);
        expect(await log.transactionOutcome("a")).to.deep.equal(outcome);
      }
    });
  }

  it("keeps the file's content for the next process", async () => {
    const file = join(folder, "log.db");
    const first = openDatabase(file);
    const log = createSqliteTransactionLog(first);
    await log.saveTransaction(record("a"));
    await log.saveTransaction(record("b"));
    await log.closeTransaction("b", { kind: "superseded" });
    first.close();
    const second = openDatabase(file);
    const reopened = createSqliteTransactionLog(second);
    expect(await reopened.openTransactions(31_337n, SENDER)).to.deep.equal([record("a")]);
    expect(await reopened.transactionOutcome("b")).to.deep.equal({ kind: "superseded" });
    second.close();
  });

  it("flushes at every commit", () => {
    const database = openDatabase(join(folder, "flush.db"));
    expect({ ...database.prepare("PRAGMA synchronous").get() }).to.deep.equal({ synchronous: 2 });
    expect({ ...database.prepare("PRAGMA journal_mode").get() }).to.deep.equal({ journal_mode: "wal" });
    database.close();
  });

  it("refuses a record that it did not write", async () => {
    const database = openDatabase(":memory:");
    const log = createSqliteTransactionLog(database);
    await log.saveTransaction(record("a"));
    database.exec(`UPDATE open_transaction SET record = '{"id":"a"}'`);
    const failed = await log.openTransactions(31_337n, SENDER).catch((error: unknown) => error);
    expect(failed).to.be.instanceOf(Error);
    database.close();
  });
});
