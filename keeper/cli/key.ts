import { readFileSync } from "node:fs";
import { type JsonRpcProvider, type Signer, Wallet } from "ethers";
import { readPassword } from "../adapters/keystore/password-file.ts";
import { CommandError } from "./failure.ts";

/** Only on this chain id is it sure that an unlocked account is worth nothing. */
const LOCAL_CHAIN_ID = 31_337n;

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
  const { keystoreFile, passwordFile } = choice;
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
    return (await Wallet.fromEncryptedJson(keystore, password)).connect(provider);
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
  const { chainId } = await provider.getNetwork();
  if (chainId !== LOCAL_CHAIN_ID) {
    throw new CommandError(
      "not-local",
      `--dev-account is for a local Hardhat chain (id ${LOCAL_CHAIN_ID.toString()}), this one is ${chainId.toString()}`,
      "use --keystore and --password-file",
    );
  }
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

function readKeystore(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CommandError("no-file", `the keystore ${file} cannot be read`, "check its path and rights", {
      cause: error,
    });
  }
}
