import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { createKeys, keyFile } from "../../../keeper/adapters/keystore/key-folder.ts";
import { openKeys } from "../../../keeper/cli/keeper/open-keys.ts";
import { ConfigError } from "../../../keeper/config.ts";
import { loadKeeperConfig } from "../../../keeper/keeper-config.ts";
import { keeperFile, withFolder, writeKeeperFile } from "../../support/keeper-file.ts";

const PASSWORD = "open sesame";
/** Keys of tests protect nothing: opening them may be quick. */
const QUICK = { scryptCost: 2 };

describe("a keeper's keys", () => {
  const opening = (folder: string, changes: Parameters<typeof keeperFile>[0] = {}) =>
    openKeys(loadKeeperConfig(writeKeeperFile(folder, keeperFile(changes))));
  const prepare = async (folder: string) => {
    await createKeys(join(folder, "keys"), ["report", "transmitter", "network"], PASSWORD, QUICK);
    writeFileSync(join(folder, "password"), `${PASSWORD}\n`, { mode: 0o600 });
  };

  it("open with the password of the configuration's file", () =>
    withFolder(async (folder) => {
      await prepare(folder);
      const { report, transmitter } = await opening(folder);
      expect(report.address).not.to.equal(transmitter.address);
    }));

  it("are refused when one key would sign and pay", () =>
    withFolder(async (folder) => {
      await prepare(folder);
      const report = keyFile("keys", "report");
      const keys = {
        report,
        transmitter: report,
        network: keyFile("keys", "network"),
        passwordFile: "password",
      };
      const error: unknown = await opening(folder, { keys }).catch((thrown: unknown) => thrown);
      if (!(error instanceof ConfigError)) throw new Error(`they opened, or failed with ${String(error)}`);
      expect(error.message).to.include("hold one key");
      expect(error.advice).to.include("--kind transmitter");
    }));

  it("are refused while others may read the password", () =>
    withFolder(async (folder) => {
      await prepare(folder);
      chmodSync(join(folder, "password"), 0o644);
      const error: unknown = await opening(folder).catch((thrown: unknown) => thrown);
      expect(error).to.include({ code: "open-password" });
      expect((error as { advice: string }).advice).to.include("chmod 600");
    }));
});
