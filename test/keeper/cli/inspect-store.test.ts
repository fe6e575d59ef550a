import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { openSqliteStore } from "../../../keeper/adapters/sqlite/keeper-store.ts";
import { openPostgresStore } from "../../../keeper/adapters/postgres/keeper-store.ts";
import { inspectStore } from "../../../keeper/cli/keeper/inspect-store.ts";
import { StoreRefused } from "../../../keeper/ports/store.ts";
import { withFolder } from "../../support/keeper-file.ts";
import { postgresServer } from "../../support/postgres-server.ts";

const OWNER = { chainId: 1n, registry: "0x01", reportKey: "0x02" };
const OTHER = { ...OWNER, reportKey: "0x03" };
const failure = async (run: Promise<unknown>): Promise<Error> => {
  const error: unknown = await run.then(
    () => new Error("it found nothing wrong"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new TypeError("no error");
  return error;
};

describe("a store that is looked at before a start", () => {
  it("is not made when there is none: that is for new-store", () =>
    withFolder(async (folder) => {
      const file = join(folder, "keeper.sqlite");
      for (const missing of [file, join(folder, "no", "keeper.sqlite")]) {
        const error = await failure(inspectStore({ kind: "sqlite", file: missing }, OWNER));
        expect(error).to.be.instanceOf(StoreRefused);
        expect(error.message).to.include(missing);
      }
      expect(existsSync(file)).to.equal(false);
    }));

  it("opens and takes writes when it is this keeper's, and stays as it is when it is another's", () =>
    withFolder(async (folder) => {
      const file = join(folder, "keeper.sqlite");
      const store = openSqliteStore(file, OWNER, "new");
      expect(await inspectStore({ kind: "sqlite", file }, OWNER)).to.include("takes writes");
      await store.close();
      const before = readFileSync(file);
      const error = await failure(inspectStore({ kind: "sqlite", file }, OTHER));
      expect(error).to.be.instanceOf(StoreRefused);
      expect(error.message).to.include("0x02").and.include("0x03");
      expect(readFileSync(file).equals(before)).to.equal(true);
      expect(readdirSync(folder).filter((name) => /-(?:wal|shm)$/.test(name))).to.deep.equal([]);
      expect(await inspectStore({ kind: "sqlite", file }, null)).to.include("takes writes");
      mkdirSync(join(folder, "inside"));
      expect(
        (await failure(inspectStore({ kind: "sqlite", file: join(folder, "inside") }, OWNER))).message,
      ).to.include("cannot be opened");
    }));

  it("is told apart in a database server too", async () => {
    const server = postgresServer();
    try {
      const url = await server.emptyDatabase();
      const choice = { kind: "postgres", url } as const;
      expect(await failure(inspectStore(choice, OWNER))).to.be.instanceOf(StoreRefused);
      const store = await openPostgresStore(url, { owner: OWNER, opening: "new", failed: () => undefined });
      await store.close();
      expect(await inspectStore(choice, OWNER)).to.include("takes writes");
      expect(await failure(inspectStore(choice, OTHER))).to.be.instanceOf(StoreRefused);
    } finally {
      await server.stop();
    }
  });
});
