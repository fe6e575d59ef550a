import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createKeys, keyFile } from "../../../keeper/adapters/keystore/key-folder.ts";
import { examineKeys } from "../../../keeper/cli/keeper/examine-keys.ts";
import { loadKeeperConfig } from "../../../keeper/keeper-config.ts";
import { keeperFile, withFolder, writeKeeperFile } from "../../support/keeper-file.ts";

const PASSWORD = "open sesame";
const QUICK = { scryptCost: 2 };

describe("the doctor's look at the keys", () => {
  const inFolder = (run: (folder: string, look: () => ReturnType<typeof examineKeys>) => Promise<void>) =>
    withFolder(async (folder) => {
      await createKeys(join(folder, "keys"), ["report", "transmitter", "network"], PASSWORD, QUICK);
      writeFileSync(join(folder, "password"), `${PASSWORD}\n`, { mode: 0o600 });
      const config = loadKeeperConfig(writeKeeperFile(folder, keeperFile()));
      await run(folder, () => examineKeys(config));
    });
  const verdicts = ({ checks }: Awaited<ReturnType<typeof examineKeys>>) =>
    checks.map(({ name, verdict }) => `${verdict} ${name}`);

  it("opens each of them", () =>
    inFolder(async (_folder, look) => {
      const { checks, ids } = await look();
      expect(verdicts({ checks, ids })).to.deep.equal([
        "ok password",
        "ok report key",
        "ok transmitter key",
        "ok network key",
      ]);
      expect(checks[1]?.detail).to.include(ids.report);
    }));

  it("knows whose they are also when the password is wrong, and says so of each", () =>
    inFolder(async (folder, look) => {
      writeFileSync(join(folder, "password"), "guess\n");
      const found = await look();
      expect(verdicts(found)).to.deep.equal([
        "ok password",
        "fail report key",
        "fail transmitter key",
        "fail network key",
      ]);
      expect(found.ids.report).not.to.equal(null);
      for (const { advice } of found.checks.slice(1)) expect(advice).to.include("right first line");
    }));

  it("opens none without a password, and looks at each all the same", () =>
    inFolder(async (folder, look) => {
      rmSync(join(folder, "password"));
      rmSync(keyFile(join(folder, "keys"), "network"));
      const found = await look();
      expect(verdicts(found)).to.deep.equal([
        "fail password",
        "skip report key",
        "skip transmitter key",
        "fail network key",
      ]);
      expect([found.ids.report === null, found.ids.network]).to.deep.equal([false, null]);
    }));

  it("warns of a key that others may read, and refuses one key in two roles", () =>
    inFolder(async (folder, look) => {
      chmodSync(keyFile(join(folder, "keys"), "network"), 0o644);
      const open = await look();
      expect(open.checks.at(-1)?.verdict).to.equal("warn");
      expect(open.checks.at(-1)?.advice).to.include("chmod 600");
      const report = keyFile("keys", "report");
      const keys = {
        report,
        transmitter: report,
        network: keyFile("keys", "network"),
        passwordFile: "password",
      };
      const config = loadKeeperConfig(writeKeeperFile(folder, keeperFile({ keys })));
      expect(verdicts(await examineKeys(config))).to.include("fail keys");
    }));
});
