import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { createMemoryStore } from "../../../keeper/adapters/memory/keeper-store.ts";
import { openPostgresStore, type PostgresChoice } from "../../../keeper/adapters/postgres/keeper-store.ts";
import { openSqliteStore } from "../../../keeper/adapters/sqlite/keeper-store.ts";
import { openDatabase } from "../../../keeper/adapters/sqlite/open-database.ts";
import { asHex, type Hex } from "../../../keeper/ports/hex.ts";
import { KEPT_FINALS, KEPT_ROUNDS, StoreRefused, type KeeperStore } from "../../../keeper/ports/store.ts";
import { postgresServer } from "../../support/postgres-server.ts";
import { signedReport, STORE_OWNER } from "../../support/signed-reports.ts";
import { ALICE, BOB, signedHeadOf } from "../../support/watched-chain.ts";

const [FIRST, SECOND] = [asHex(`0x${"11".repeat(32)}`), asHex(`0x${"22".repeat(32)}`)];
const KILLS = 3;
const ORIGIN = { epoch: 0n, round: 0 };
const roundsOf = async (store: KeeperStore, after = ORIGIN, limit = 10) =>
  (await store.finalsAfter(after, limit)).map(({ report }) => [report.epoch, report.round]);

const fail = (error: Error) => {
  throw error;
};
const NEW_STORE = { owner: STORE_OWNER, opening: "new", failed: fail } as const;
const OLD_STORE = { ...NEW_STORE, opening: "existing" } as const;
const PLACE = { configDigest: signedReport(1n, 1).report.configDigest, round: 1 };
const SENDER = asHex(`0x${"5e".repeat(20)}`);
const transaction = (from = SENDER, chainId = 31_337n) => ({
  id: "a",
  to: FIRST,
  data: FIRST,
  doneErrors: [],
  chainId,
  from,
  nonce: 7,
  gasLimit: 2n ** 24n,
  attempts: [],
});

/** A process that records one signature, says so and waits; it ends with 1 when the store is refused. */
function recordIn(file: string, slot: string) {
  const script = fileURLToPath(new URL("../../support/record-and-wait.ts", import.meta.url));
  return spawn(process.execPath, [script, file, slot, FIRST], { stdio: ["ignore", "pipe", "ignore"] });
}

describe("a keeper's store", () => {
  let folder = "";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-store-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const server = postgresServer();
  after(() => server.stop());

  const kinds: Readonly<Record<string, () => KeeperStore | Promise<KeeperStore>>> = {
    memory: createMemoryStore,
    SQLite: () => openSqliteStore(":memory:", STORE_OWNER, "new"),
    Postgres: async () => openPostgresStore(await server.emptyDatabase(), NEW_STORE),
  };
  for (const [kind, open] of Object.entries(kinds)) {
    it(`${kind}: records one hash for a slot, and takes the same one again`, async () => {
      const store = await open();
      expect(await store.record("report/1", FIRST)).to.equal(true);
      expect(await store.record("report/1", SECOND)).to.equal(false);
      expect(await store.record("report/1", FIRST)).to.equal(true);
      expect(await store.record("report/2", SECOND)).to.equal(true);
      expect(await store.recorded("report/1")).to.equal(FIRST);
      expect(await store.recorded("report/3")).to.equal(null);
      await store.close();
    });

    it(`${kind}: lets only one of two hashes win when they come at once`, async () => {
      const store = await open();
      const won = await Promise.all([store.record("a", FIRST), store.record("a", SECOND)]);
      expect(won.filter(Boolean)).to.have.length(1);
      await store.close();
    });

    it(`${kind}: gives back the last view, whatever its size`, async () => {
      const store = await open();
      expect(await store.loadView()).to.equal(null);
      await store.saveView({ epoch: 3n, wish: 4n });
      await store.saveView({ epoch: 2n ** 63n, wish: 2n ** 64n - 1n });
      expect(await store.loadView()).to.deep.equal({ epoch: 2n ** 63n, wish: 2n ** 64n - 1n });
      await store.close();
    });

    it(`${kind}: never takes a view back, whatever arrives last`, async () => {
      const store = await open();
      await store.saveView({ epoch: 12n, wish: 13n });
      await store.saveView({ epoch: 9n, wish: 100n });
      expect(await store.loadView()).to.deep.equal({ epoch: 12n, wish: 100n });
      await store.saveView({ epoch: 13n, wish: 13n });
      expect(await store.loadView()).to.deep.equal({ epoch: 13n, wish: 100n });
      await store.close();
    });

    it(`${kind}: forgets what was signed long before the newest report of its configuration, and nothing else`, async () => {
      const store = await open();
      const other = { configDigest: SECOND, round: 1 };
      await store.record("long-ago", FIRST, PLACE);
      await store.record("edge", FIRST, { ...PLACE, round: 2 });
      await store.record("of-another-configuration", FIRST, other);
      await store.record("no-report", FIRST);
      await store.saveFinal(signedReport(1n, KEPT_ROUNDS + 1));
      expect(await store.recorded("long-ago")).to.equal(FIRST);
      await store.saveFinal(signedReport(1n, KEPT_ROUNDS + 2));
      expect(await store.recorded("long-ago")).to.equal(null);
      for (const slot of ["edge", "of-another-configuration", "no-report"])
        expect(await store.recorded(slot), slot).to.equal(FIRST);
      await store.close();
    });

    it(`${kind}: lists an open transaction under the account and chain that it was written for last`, async () => {
      const store = await open();
      await store.saveTransaction(transaction());
      await store.saveTransaction(transaction(SECOND, 1n));
      expect(await store.openTransactions(31_337n, SENDER)).to.deep.equal([]);
      expect(await store.openTransactions(1n, SECOND)).to.deep.equal([transaction(SECOND, 1n)]);
      await store.close();
    });

    it(`${kind}: lists reports after a round, by epoch and then round, as they were first saved`, async () => {
      const store = await open();
      expect(await store.newestFinal()).to.equal(null);
      for (const [epoch, round] of [
        [10n, 5],
        [9n, 700],
        [2n ** 40n, 1],
        [10n, 4],
      ] as const)
        await store.saveFinal(signedReport(epoch, round));
      await store.saveFinal(signedReport(10n, 5, 7));
      expect(await roundsOf(store)).to.deep.equal([
        [9n, 700],
        [10n, 4],
        [10n, 5],
        [2n ** 40n, 1],
      ]);
      expect(await roundsOf(store, { epoch: 10n, round: 4 })).to.deep.equal([
        [10n, 5],
        [2n ** 40n, 1],
      ]);
      expect(await roundsOf(store, ORIGIN, 2)).to.deep.equal([
        [9n, 700],
        [10n, 4],
      ]);
      expect(await store.finalsAfter({ epoch: 10n, round: 4 }, 1)).to.deep.equal([signedReport(10n, 5)]);
      expect(await store.newestFinal()).to.deep.equal(signedReport(2n ** 40n, 1));
      await store.close();
    });

    it(`${kind}: keeps one proof against each key until it is closed`, async () => {
      const store = await open();
      const against = (signer: Hex, second: string) => ({
        signer,
        first: signedHeadOf(signer, "01"),
        second: signedHeadOf(signer, second),
      });
      await store.saveProof(against(ALICE, "02"));
      await store.saveProof(against(ALICE, "03"));
      await store.saveProof(against(BOB, "02"));
      expect(await store.openProofs()).to.deep.equal([against(ALICE, "02"), against(BOB, "02")]);
      await store.closeProof(ALICE);
      expect(await store.openProofs()).to.deep.equal([against(BOB, "02")]);
      await store.saveProof(against(ALICE, "03"));
      expect(await store.openProofs()).to.deep.include(against(ALICE, "03"));
      await store.close();
    });

    it(`${kind}: forgets the oldest reports`, async () => {
      const store = await open();
      for (let round = 0; round < KEPT_FINALS + 3; round++) await store.saveFinal(signedReport(1n, round));
      expect(await roundsOf(store, ORIGIN, 1)).to.deep.equal([[1n, 3]]);
      await store.close();
    }).timeout(120_000);
  }

  it("refuses the file of another key or chain, and one of a newer version", async () => {
    const file = join(folder, "owner.db");
    await openSqliteStore(file, STORE_OWNER, "new").close();
    await openSqliteStore(file, STORE_OWNER, "existing").close();
    for (const change of [
      { chainId: 1n },
      { reportKey: `0x${"02".repeat(20)}` },
      { registry: `0x${"03".repeat(20)}` },
    ])
      expect(() => openSqliteStore(file, { ...STORE_OWNER, ...change }, "existing")).to.throw(
        StoreRefused,
        "belongs to",
      );
    const database = openDatabase(file);
    database.exec("UPDATE owner SET version = 3");
    database.close();
    expect(() => openSqliteStore(file, STORE_OWNER, "existing")).to.throw(StoreRefused, "has version 3");
  });

  it("makes no file for a name that does not exist, and replaces none that does", async () => {
    const file = join(folder, "typo.db");
    expect(() => openSqliteStore(file, STORE_OWNER, "existing")).to.throw(
      StoreRefused,
      `there is none at ${file}`,
    );
    expect(existsSync(file)).to.equal(false);
    const store = openSqliteStore(file, STORE_OWNER, "new");
    await store.record("report/1", FIRST);
    await store.close();
    expect(() => openSqliteStore(file, STORE_OWNER, "new")).to.throw(StoreRefused, "there is one");
    const again = openSqliteStore(file, STORE_OWNER, "existing");
    expect(await again.recorded("report/1")).to.equal(FIRST);
    await again.close();
  });

  it("takes an empty file for no store, and lets a new one begin in it", async () => {
    const file = join(folder, "empty.db");
    writeFileSync(file, "");
    expect(() => openSqliteStore(file, STORE_OWNER, "existing")).to.throw(StoreRefused, "there is none");
    await openSqliteStore(file, STORE_OWNER, "new").close();
  });

  it("lets nobody but the owner read the file", async () => {
    const file = join(folder, "private.db");
    const store = openSqliteStore(file, STORE_OWNER, "new");
    await store.record("report/1", FIRST);
    for (const suffix of ["", "-wal", "-shm", "-lock"])
      expect(statSync(`${file}${suffix}`).mode & 0o777, suffix).to.equal(0o600);
    await store.close();
  });

  it("has its files in one process at a time, and reading it stays possible", async () => {
    const file = join(folder, "held.db");
    const link = join(folder, "link.db");
    const first = openSqliteStore(file, STORE_OWNER, "new");
    symlinkSync(file, link);
    for (const name of [file, link])
      expect(() => openSqliteStore(name, STORE_OWNER, "existing")).to.throw(
        StoreRefused,
        `in use by process ${process.pid} on `,
      );
    const other = recordIn(file, "report/1");
    const [code] = (await once(other, "close")) as [number | null];
    expect(code, "another process, after refused attempts of this one").to.equal(1);
    await first.record("report/1", FIRST);
    const reader = openDatabase(file);
    expect(reader.prepare("SELECT hash FROM signed_slot").get()?.["hash"]).to.equal(FIRST);
    reader.close();
    await first.close();
    await openSqliteStore(link, STORE_OWNER, "existing").close();
  });

  it("refuses a database of another key, one without a store and a second new one, and gives its own back to the next process", async () => {
    const url = await server.emptyDatabase();
    const refusal = (choice: PostgresChoice) =>
      openPostgresStore(url, choice).then(
        () => "opened",
        (error: unknown) => (error instanceof StoreRefused ? error.message : String(error)),
      );
    expect(await refusal(OLD_STORE)).to.include("there is none at the database");
    const first = await openPostgresStore(url, NEW_STORE);
    await first.record("report/1", FIRST);
    await first.close();
    expect(await refusal({ ...OLD_STORE, owner: { ...STORE_OWNER, chainId: 1n } })).to.include("belongs to");
    expect(await refusal(NEW_STORE)).to.include("there is one");
    const second = await openPostgresStore(url, OLD_STORE);
    expect(await second.record("report/1", SECOND)).to.equal(false);
    await second.close();
  });

  it("keeps a transaction in Postgres until its outcome takes its place", async () => {
    const store = await openPostgresStore(await server.emptyDatabase(), NEW_STORE);
    const record = transaction(SECOND);
    await store.saveTransaction({ ...record, nonce: 6 });
    await store.saveTransaction(record);
    expect(await store.openTransactions(31_337n, SECOND)).to.deep.equal([record]);
    expect(await store.openTransactions(1n, SECOND)).to.deep.equal([]);
    await store.closeTransaction("a", { kind: "superseded" });
    await store.closeTransaction("a", { kind: "refused", revertData: null });
    expect(await store.openTransactions(31_337n, SECOND)).to.deep.equal([]);
    expect(await store.transactionOutcome("a")).to.deep.equal({ kind: "refused", revertData: null });
    await store.close();
  });

  it("remembers what was recorded by a process that was killed at once, and is free again then", async () => {
    const file = join(folder, "killed.db");
    await openSqliteStore(file, STORE_OWNER, "new").close();
    for (let round = 0; round < KILLS; round++) {
      const slot = `report/${round.toString()}`;
      const child = recordIn(file, slot);
      await once(child.stdout, "data");
      expect(() => openSqliteStore(file, STORE_OWNER, "existing")).to.throw(
        StoreRefused,
        `in use by process ${child.pid}`,
      );
      child.kill("SIGKILL");
      await once(child, "close");
      const store = openSqliteStore(file, STORE_OWNER, "existing");
      expect(await store.record(slot, SECOND)).to.equal(false);
      expect(await store.record(slot, FIRST)).to.equal(true);
      await store.close();
    }
  });
});
