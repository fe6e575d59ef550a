import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { importKey } from "../../../keeper/adapters/keystore/key-folder.ts";
import { writeDeploymentFile } from "../../../keeper/cli/deployment-file.ts";
import { inspectStore } from "../../../keeper/cli/keeper/inspect-store.ts";
import { makeStore } from "../../../keeper/cli/keeper/new-store.ts";
import { openStore, storeOwner } from "../../../keeper/cli/keeper/open-store.ts";
import { loadDeployment } from "../../../keeper/config.ts";
import { loadKeeperConfig } from "../../../keeper/keeper-config.ts";
import { StoreRefused } from "../../../keeper/ports/store.ts";
import { deploymentRecord } from "../../support/deployment-record.ts";
import { keeperFile, withFolder, writeKeeperFile } from "../../support/keeper-file.ts";
import { runBallast } from "../../support/run-ballast.ts";

const PASSWORD = "local";
const SILENT = { error: () => undefined };

/** A folder with a report key and a configuration, and no store yet. */
async function prepared(folder: string) {
  const wallet = Wallet.createRandom();
  await importKey(join(folder, "keys"), "report", wallet.privateKey, PASSWORD, { scryptCost: 2 });
  writeDeploymentFile(join(folder, "deployment.json"), deploymentRecord());
  const file = writeKeeperFile(folder, keeperFile());
  return { wallet, file, store: join(folder, "keeper.sqlite") };
}

const failureOf = (run: Promise<unknown>) =>
  run.then(
    () => null,
    (error: unknown) => error,
  );

describe("ballast keeper new-store", function () {
  this.timeout(30_000);

  it("makes the report key's store once, which a start then takes", () =>
    withFolder(async (folder) => {
      const { wallet, file, store } = await prepared(folder);
      const made = await runBallast(null, ["keeper", "new-store", "--config", file, "--json"]);
      expect(made.code, made.err).to.equal(0);
      expect(JSON.parse(made.out)).to.include({ reportKey: wallet.address, chainId: "31337", where: store });
      const owner = storeOwner(loadDeployment(join(folder, "deployment.json")), wallet.address);
      await (await openStore({ kind: "sqlite", file: store }, owner, "existing", SILENT)).close();
      const again = await runBallast(null, ["keeper", "new-store", "--config", file]);
      expect(again.code).to.equal(1);
      expect(again.err).to.include(`there is one at ${store}`).and.include("start the keeper with it");
    }));

  it("is what a start, and the doctor, advise when the store is not there; neither makes it", () =>
    withFolder(async (folder) => {
      const { wallet, store } = await prepared(folder);
      const owner = storeOwner(loadDeployment(join(folder, "deployment.json")), wallet.address);
      const choice = { kind: "sqlite", file: store } as const;
      for (const run of [openStore(choice, owner, "existing", SILENT), inspectStore(choice, owner)]) {
        const failure = await failureOf(run);
        expect(failure).to.be.instanceOf(StoreRefused);
        expect((failure as StoreRefused).advice).to.include("ballast keeper new-store");
      }
      expect(existsSync(store)).to.equal(false);
    }));

  it("lets the doctor look while a keeper has the store", () =>
    withFolder(async (folder) => {
      const { wallet, file, store } = await prepared(folder);
      await makeStore(loadKeeperConfig(file));
      const owner = storeOwner(loadDeployment(join(folder, "deployment.json")), wallet.address);
      const held = await openStore({ kind: "sqlite", file: store }, owner, "existing", SILENT);
      await inspectStore({ kind: "sqlite", file: store }, owner);
      await held.close();
    }));
});
