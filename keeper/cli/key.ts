import { readFileSync } from "node:fs";
import { type BaseWallet, HDNodeWallet, type JsonRpcProvider, type Signer, Wallet } from "ethers";
import { readPassword } from "../adapters/keystore/password-file.ts";
import { CommandError } from "./failure.ts";

/** Only on this chain id is it sure that an unlocked account is worth nothing. */
const LOCAL_CHAIN_ID = 31_337n;
/** The phrase of the accounts that local nodes keep unlocked, known to everyone. */
const LOCAL_PHRASE = "test test test test test test test test test test test junk";

/** Where the key of a command comes from. A key is never an argument and never in the environment. */
export interface KeyChoice {
  readonly keystoreFile: string | null;
  readonly passwordFile: string | null;
  /** Number of an account that a local Hardhat node keeps unlocked. */
  readonly devAccount: number | null;
}

/** @throws CommandError saying which file is missing or wrong, or that no key was named */
export async function openSigner(choice: KeyChoice, provider: JsonRpcProvider): Promise<Signer> {
  if (choice.devAccount !== null) return devSigner(choice.devAccount, provider);
  return (await openKeystore(choice)).connect(provider);
}

/**
 * The key itself, for commands that sign transactions on this machine.
 * @throws CommandError saying which file is missing or wrong, or that no key was named
 */
export async function openWallet(choice: KeyChoice, chainId: number): Promise<BaseWallet> {
  if (choice.devAccount === null) return openKeystore(choice);
  requireLocal(BigInt(chainId));
  return HDNodeWallet.fromPhrase(LOCAL_PHRASE, undefined, `m/44'/60'/0'/0/${choice.devAccount}`);
}

async function openKeystore({ keystoreFile, passwordFile }: KeyChoice): Promise<Wallet> {
  if (keystoreFile === null) {
    throw new CommandError(
      "no-key",
      "this command signs, and no key was named",
      "name an encrypted keystore with --keystore FILE --password-file FILE; on a local chain --dev-account 0 does",
    );
  }
  if (passwordFile === null) {
    throw new CommandError(
      "no-password",
      `the keystore ${keystoreFile} needs its password`,
      "put the password in a file that only you can read and name it with --password-file",
    );
  }
  const keystore = readKeystore(keystoreFile);
  const password = readPassword(passwordFile);
  try {
    const wallet = await Wallet.fromEncryptedJson(keystore, password);
    return new Wallet(wallet.privateKey);
  } catch (error) {
    throw new CommandError(
      "bad-keystore",
      `the keystore ${keystoreFile} does not open`,
      "check that the password's file has the right first line and that the keystore is an encrypted JSON wallet",
      { cause: error },
    );
  }
}

async function devSigner(index: number, provider: JsonRpcProvider): Promise<Signer> {
  requireLocal((await provider.getNetwork()).chainId);
  const accounts = await provider.listAccounts();
  const signer = accounts[index];
  if (signer === undefined) {
    throw new CommandError(
      "no-dev-account",
      `the node has ${accounts.length} accounts, none has the number ${index}`,
      accounts.length === 0 ? "use --keystore and --password-file" : `choose 0 to ${accounts.length - 1}`,
    );
  }
  return signer;
}

function requireLocal(chainId: bigint): void {
  if (chainId === LOCAL_CHAIN_ID) return;
  throw new CommandError(
    "not-local",
    `--dev-account is for a local Hardhat chain (id ${LOCAL_CHAIN_ID.toString()}), this one is ${chainId.toString()}`,
    "use --keystore and --password-file",
  );
}

function readKeystore(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError("no-file", `the keystore ${file} cannot be read`, "check its path and rights", {
      cause: error,
    });
  }
}
