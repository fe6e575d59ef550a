import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { expect } from "chai";
import { encryptKeystoreJson, JsonRpcProvider, JsonRpcSigner, Network, Wallet } from "ethers";
import { CommandError } from "../../../keeper/cli/failure.ts";
import { openSigner, type KeyChoice } from "../../../keeper/cli/key.ts";

/** Weak on purpose: the test waits for it. */
const QUICK_SCRYPT = { N: 2, r: 1, p: 1 };
const PASSWORD = "open sesame";
const NONE: KeyChoice = { keystoreFile: null, passwordFile: null, devAccount: null };

const providerOf = (chainId: number) =>
  new JsonRpcProvider("http://127.0.0.1:1", undefined, { staticNetwork: Network.from(chainId) });

const refusal = async (choice: KeyChoice, chainId = 31_337, unlocked = 0): Promise<CommandError> => {
  const provider = providerOf(chainId);
  const account = new JsonRpcSigner(provider, Wallet.createRandom().address);
  provider.listAccounts = () => Promise.resolve(new Array<JsonRpcSigner>(unlocked).fill(account));
  try {
    await openSigner(choice, provider);
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  } finally {
    provider.destroy();
  }
  throw new Error("a CommandError was expected");
};

describe("the key of a command", () => {
  let folder = "";
  const keystoreFile = () => join(folder, "keystore.json");
  const passwordFile = () => join(folder, "password");
  const wallet = Wallet.createRandom();

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    const { address, privateKey } = wallet;
    writeFileSync(
      keystoreFile(),
      await encryptKeystoreJson({ address, privateKey }, PASSWORD, { scrypt: QUICK_SCRYPT }),
    );
    writeFileSync(passwordFile(), `${PASSWORD}\nnot the password\n`, { mode: 0o600 });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("comes from an encrypted keystore and the first line of a password file", async () => {
    const provider = providerOf(31_337);
    const choice = { ...NONE, keystoreFile: keystoreFile(), passwordFile: passwordFile() };
    const signer = await openSigner(choice, provider);
    expect(await signer.getAddress()).to.equal(wallet.address);
    provider.destroy();
  });

  it("is asked for, with what to write", async () => {
    expect((await refusal(NONE)).advice).to.include("--keystore");
    expect((await refusal({ ...NONE, keystoreFile: keystoreFile() })).advice).to.include("--password-file");
  });

  it("is refused when a file is missing or the password is wrong, without showing the password", async () => {
    const missing = await refusal({
      ...NONE,
      keystoreFile: join(folder, "none"),
      passwordFile: passwordFile(),
    });
    expect(missing.code).to.equal("no-file");
    expect(missing.message).to.include(join(folder, "none"));
    const wrong = join(folder, "wrong");
    writeFileSync(wrong, "guess", { mode: 0o600 });
    const error = await refusal({ ...NONE, keystoreFile: keystoreFile(), passwordFile: wrong });
    expect(error.code).to.equal("bad-keystore");
    expect(`${error.message} ${error.advice}`).not.to.include("guess");
  });

  it("is refused by the number of an account that the node does not have", async () => {
    const beyond = await refusal({ ...NONE, devAccount: 3 }, 31_337, 3);
    expect(beyond.message).to.include("3 accounts, none has the number 3");
    expect(beyond.advice).to.equal("choose 0 to 2");
    expect((await refusal({ ...NONE, devAccount: 0 })).advice).to.include("--keystore");
  });

  it("is never an unlocked account on a chain that is not local", async () => {
    const error = await refusal({ ...NONE, devAccount: 0 }, 1);
    expect(error.code).to.equal("not-local");
    for (const part of ["31337", "this one is 1"]) expect(error.message).to.include(part);
  });
});
