import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { runBallast } from "../../support/run-ballast.ts";

interface KeysJson {
  readonly keys: readonly { readonly kind: string; readonly id: string; readonly peerId: string | null }[];
}

describe("ballast keys", function () {
  let root = "";
  let folder = "";
  const inRoot = (name: string) => join(root, name);
  const keys = (...args: readonly string[]) =>
    runBallast(inRoot("none.json"), [
      "--password-file",
      inRoot("password"),
      "keys",
      ...args,
      "--folder",
      folder,
    ]);
  before(() => {
    root = mkdtempSync(join(tmpdir(), "ballast-"));
    folder = inRoot("keys");
    writeFileSync(inRoot("password"), "open sesame\n", { mode: 0o600 });
  });
  after(() => {
    rmSync(root, { recursive: true });
  });

  it("makes a key once, lists it and says what to do the second time", async () => {
    const made = await keys("new", "--kind", "network", "--json");
    expect(made.code, made.err).to.equal(0);
    const list = JSON.parse((await keys("list", "--json")).out) as KeysJson;
    expect(list).to.deep.equal(JSON.parse(made.out));
    expect(list.keys[0]?.peerId).to.match(/^12D3KooW/);
    const again = await keys("new", "--kind", "network");
    expect(again.code).to.equal(1);
    expect(again.err).to.include("not overwritten").and.include("--folder");
  });

  it("tells of each key while it is encrypted, and in its help of the password's file", async () => {
    const other = inRoot("told");
    const { err } = await runBallast(null, [
      ...["--password-file", inRoot("password"), "keys", "new"],
      ...["--kind", "network", "transmitter", "--folder", other],
    ]);
    expect(err)
      .to.include("... encrypting the network key")
      .and.include("... encrypting the transmitter key");
    const help = await runBallast(null, ["keys", "new", "--help"]);
    expect(help.out).to.include("--password-file").and.include("--json").and.not.include("--rpc-url");
  });

  it("imports a key from a file and shows its address, never the key", async () => {
    const wallet = Wallet.createRandom();
    writeFileSync(inRoot("old-key"), wallet.privateKey);
    const { code, out, err } = await keys("import", "report", "--from", inRoot("old-key"));
    expect(code, err).to.equal(0);
    expect(out).to.include(wallet.address);
    expect(out + err).not.to.include(wallet.privateKey.slice(2));
    const unknown = await keys("import", "master", "--from", inRoot("old-key"));
    expect(unknown.err).to.include("report, transmitter, network");
  });
});
