import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import {
  createKeys,
  importKey,
  KEY_KINDS,
  keyFile,
  listKeys,
  openAccountKey,
  openNetworkKey,
  summarise,
} from "../../../../keeper/adapters/keystore/key-folder.ts";
import { KeystoreError } from "../../../../keeper/adapters/keystore/keystore-error.ts";
import { newNetworkKey } from "../../../../keeper/adapters/keystore/network-key.ts";
import { readPassword } from "../../../../keeper/adapters/keystore/password-file.ts";

/** Weak on purpose: the test waits for it. */
const QUICK = { scryptCost: 2 };
const PASSWORD = "open sesame";
const RIGHTS = 0o777;

const refusal = async (run: () => unknown): Promise<KeystoreError> => {
  try {
    await run();
  } catch (error) {
    if (error instanceof KeystoreError) return error;
    throw error;
  }
  throw new Error("a KeystoreError was expected");
};

describe("a folder of keys", () => {
  let folder = "";
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), "ballast-")), "keys");
  });
  afterEach(() => {
    rmSync(join(folder, ".."), { recursive: true });
  });

  it("gets three keys that open with the password, readable for their owner alone", async () => {
    const made = await createKeys(folder, KEY_KINDS, PASSWORD, QUICK);
    expect(made.map(({ kind }) => kind)).to.deep.equal(["report", "transmitter", "network"]);
    expect(listKeys(folder)).to.deep.equal(made);
    for (const { file, mode, openToOthers } of made) {
      expect(statSync(file).mode & RIGHTS).to.equal(0o600);
      expect({ mode, openToOthers }).to.deep.equal({ mode: "600", openToOthers: false });
    }
    expect(statSync(folder).mode & RIGHTS).to.equal(0o700);
    const report = await openAccountKey("report", keyFile(folder, "report"), PASSWORD);
    expect(report.address).to.equal(made[0]?.id);
    const network = await openNetworkKey(keyFile(folder, "network"), PASSWORD);
    expect([network.publicKey, network.peerId]).to.deep.equal([made[2]?.id, made[2]?.peerId]);
    expect(made[0]?.id).not.to.equal(made[1]?.id);
  });

  it("keeps every key it has: nothing is written when one of them is there", async () => {
    await createKeys(folder, ["transmitter"], PASSWORD, QUICK);
    const before = readFileSync(keyFile(folder, "transmitter"), "utf8");
    const error = await refusal(() => createKeys(folder, KEY_KINDS, PASSWORD, QUICK));
    expect(error.code).to.equal("key-exists");
    expect(error.message).to.include(keyFile(folder, "transmitter"));
    expect(readFileSync(keyFile(folder, "transmitter"), "utf8")).to.equal(before);
    expect(existsSync(keyFile(folder, "report"))).to.equal(false);
    const again = await refusal(() =>
      importKey(folder, "transmitter", Wallet.createRandom().privateKey, PASSWORD, QUICK),
    );
    expect(again.code).to.equal("key-exists");
  });

  it("takes an account's key and a network seed that exist", async () => {
    const wallet = Wallet.createRandom();
    await importKey(folder, "report", `${wallet.privateKey}\n`, PASSWORD, QUICK);
    expect((await openAccountKey("report", keyFile(folder, "report"), PASSWORD)).privateKey).to.equal(
      wallet.privateKey,
    );
    const { seed, peerId } = newNetworkKey();
    const imported = await importKey(folder, "network", Buffer.from(seed).toString("hex"), PASSWORD, QUICK);
    expect(imported.peerId).to.equal(peerId);
  });

  it("refuses what is no key without repeating it", async () => {
    for (const bad of ["", "0x1234", "g".repeat(64), "0".repeat(64), "f".repeat(64)]) {
      const error = await refusal(() => importKey(folder, "report", bad, PASSWORD, QUICK));
      expect(error.code).to.equal("bad-key");
      if (bad !== "") expect(`${error.message}${error.advice}${String(error.cause)}`).not.to.include(bad);
    }
    expect(listKeys(folder)).to.deep.equal([]);
  });

  it("says which file is missing, broken or does not open", async () => {
    const file = keyFile(folder, "report");
    const missing = await refusal(() => openAccountKey("report", file, PASSWORD));
    expect(missing.message).to.include(file);
    expect(missing.advice).to.include("keys new");
    await createKeys(folder, ["report"], PASSWORD, QUICK);
    // A key that is there and cannot be read, here a folder in its place, is not to be made again.
    expect((await refusal(() => summarise("report", folder))).advice).not.to.include("keys new");
    expect((await refusal(() => openAccountKey("report", file, "guess"))).code).to.equal("wrong-password");
    writeFileSync(file, "{}");
    expect((await refusal(() => summarise("report", file))).code).to.equal("bad-key-file");
    expect((await refusal(() => openNetworkKey(file, PASSWORD))).code).to.equal("bad-key-file");
  });

  it("shows when others may read a key", async () => {
    const [key] = await createKeys(folder, ["network"], PASSWORD, QUICK);
    chmodSync(key?.file ?? "", 0o640);
    expect(listKeys(folder)[0]).to.include({ mode: "640", openToOthers: true });
  });
});

describe("a password file", () => {
  let folder = "";
  const file = () => join(folder, "password");
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("gives its first line", () => {
    writeFileSync(file(), "open sesame\r\nnot the password\n", { mode: 0o600 });
    expect(readPassword(file())).to.equal("open sesame");
  });

  it("is refused when it is missing, empty or open to others", async () => {
    expect((await refusal(() => readPassword(join(folder, "none")))).code).to.equal("no-password");
    writeFileSync(file(), "\nsecond", { mode: 0o600 });
    expect((await refusal(() => readPassword(file()))).code).to.equal("no-password");
    writeFileSync(file(), "open sesame");
    for (const mode of [0o644, 0o640, 0o602]) {
      chmodSync(file(), mode);
      expect((await refusal(() => readPassword(file()))).code).to.equal("open-password");
    }
  });

  it("is taken with the rights that another user, such as the system, gave its file", () => {
    writeFileSync(file(), "open sesame");
    chmodSync(file(), 0o644);
    expect(readPassword(file(), statSync(file()).uid + 1)).to.equal("open sesame");
  });
});
