import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect } from "chai";
import { createMemoryStore } from "../../../keeper/adapters/memory/keeper-store.ts";
import { openPostgresStore } from "../../../keeper/adapters/postgres/keeper-store.ts";
import { openSqliteStore } from "../../../keeper/adapters/sqlite/keeper-store.ts";
import { openDatabase } from "../../../keeper/adapters/sqlite/open-database.ts";
import { asHex } from "../../../keeper/ports/hex.ts";
import { KEPT_FINALS, StoreRefused, type KeeperStore } from "../../../keeper/ports/store.ts";
import { postgresServer } from "../../support/postgres-server.ts";
import { signedReport, STORE_OWNER } from "../../support/signed-reports.ts";

const [FIRST, SECOND] = [asHex(`0x${"11".repeat(32)}`), asHex(`0x${"22".repeat(32)}`)];
const KILLS = 3;
const ORIGIN = { epoch: 0n, round: 0 };
const roundsOf = async (store: KeeperStore, after = ORIGIN, limit = 10) =>
  (await store.finalsAfter(after, limit)).map(({ report }) => [report.epoch, report.round]);

const fail = (error: Error) => {
  throw error;
};

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
    SQLite: () => openSqliteStore(":memory:", STORE_OWNER),
    Postgres: async () => openPostgresStore(await server.emptyDatabase(), STORE_OWNER, fail),
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

    it(`${kind}: forgets the oldest reports`, async () => {
      const store = await open();
      for (let round = 0; round < KEPT_FINALS + 3; round++) await store.saveFinal(signedReport(1n, round));
      expect(await roundsOf(store, ORIGIN, 1)).to.deep.equal([[1n, 3]]);
      await store.close();
    }).timeout(120_000);
  }

  it("refuses the file of another key or chain, and one of a newer version", async () => {
    const file = join(folder, "owner.db");
    await openSqliteStore(file, STORE_OWNER).close();
    await openSqliteStore(file, STORE_OWNER).close();
    for (const change of [
      { chainId: 1n },
      { reportKey: `0x${"02".repeat(20)}` },
      { registry: `0x${"03".repeat(20)}` },
    ])
      expect(() => openSqliteStore(file, { ...STORE_OWNER, ...change })).to.throw(StoreRefused, "belongs to");
    const database = openDatabase(file);
    database.exec("UPDATE owner SET version = 2");
    database.close();
    expect(() => openSqliteStore(file, STORE_OWNER)).to.throw(StoreRefused, "has version 2");
  });

  it("refuses a database of another key, and gives its own back to the next process", async () => {
    const url = await server.emptyDatabase();
    const first = await openPostgresStore(url, STORE_OWNER, fail);
    await first.record("report/1", FIRST);
    await first.close();
    const stranger = await openPostgresStore(url, { ...STORE_OWNER, chainId: 1n }, fail).catch(
      (error: unknown) => error,
    );
    expect(stranger).to.be.instanceOf(StoreRefused);
    const second = await openPostgresStore(url, STORE_OWNER, fail);
    expect(await second.record("report/1", SECOND)).to.equal(false);
    await second.close();
  });

  it("keeps a transaction in Postgres until its outcome takes its place", async () => {
    const store = await openPostgresStore(await server.emptyDatabase(), STORE_OWNER, fail);
    const record = {
      id: "a",
      to: FIRST,
      data: FIRST,
      doneErrors: [],
      chainId: 31_337n,
      from: SECOND,
      nonce: 7,
      gasLimit: 2n ** 24n,
      attempts: [],
    };
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

  it("remembers what was recorded by a process that was killed at once", async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
    const script = fileURLToPath(new URL("../../support/record-and-wait.ts", import.meta.url));
    const file = join(folder, "killed.db");
    for (let round = 0; round < KILLS; round++) {
      const slot = `report/${round.toString()}`;
      const child = spawn(process.execPath, ["--import", tsx, script, file, slot, FIRST], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(child.stdout, "data");
      child.kill("SIGKILL");
      await once(child, "close");
      const store = openSqliteStore(file, STORE_OWNER);
      expect(await store.record(slot, SECOND)).to.equal(false);
      expect(await store.record(slot, FIRST)).to.equal(true);
      await store.close();
    }
  });
});
