import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { keeperFile, withFolder, writeKeeperFile } from "../../support/keeper-file.ts";
import { runBallast } from "../../support/run-ballast.ts";

describe("ballast keeper", function () {
  it("refuses options that it would pass over, and says where their values belong", () =>
    withFolder(async (folder) => {
      const file = writeKeeperFile(folder, keeperFile());
      for (const [flag, place] of [
        ["--rpc-url", "rpcUrls"],
        ["--password-file", "keys.passwordFile"],
        ["--keystore", "keys"],
      ] as const) {
        const { code, err } = await runBallast(null, [
          "keeper",
          "start",
          "--config",
          file,
          flag,
          "http://127.0.0.1:1",
        ]);
        expect(code, flag).to.equal(1);
        expect(err).to.include(`keeper start takes no ${flag}`).and.include(place);
      }
    }));

  it("says why it does not start, in words and as a line of its log", () =>
    withFolder(async (folder) => {
      const file = writeKeeperFile(folder, keeperFile({ name: "keeper-7" }));
      const { code, out, err } = await runBallast(null, ["keeper", "start", "--dry-run", "--config", file]);
      expect(code).to.equal(1);
      expect(err).to.include("deployment.json").and.include("`deployment` in the keeper's configuration");
      const line = JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
      expect(line).to.include({ level: "error", keeper: "keeper-7", event: "keeper-failed", code: "config" });
      expect(line["message"]).to.include("deployment.json");
      writeFileSync(join(folder, "keeper.json"), "{");
      const broken = await runBallast(null, ["keeper", "start", "--config", file]);
      expect(JSON.parse(broken.out)).to.include({ level: "error", event: "keeper-failed", code: "config" });
    }));

  it("shows in its help the options that it takes", async () => {
    const status = await runBallast(null, ["keeper", "status", "--help"]);
    expect(status.out).to.include("--json").and.not.include("--rpc-url");
    const join = await runBallast(null, ["keeper", "join", "--help"]);
    expect(join.out).to.include("--keystore").and.include("--password-file").and.include("--json");
  });
});
