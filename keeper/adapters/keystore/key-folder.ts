import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decryptKeystoreJson, encryptKeystoreJson, getAddress, isKeystoreJson, Wallet } from "ethers";
import { z } from "zod";
import { asHex, type Hex } from "../../ports/hex.ts";
import {
  decryptNetworkKey,
  encryptNetworkKey,
  NETWORK_KEY_BYTES,
  networkKeyOf,
  newNetworkKey,
  type NetworkKey,
  peerIdOf,
  publicKeyInFile,
  SCRYPT_COST,
} from "./network-key.ts";
import { KeystoreError } from "./keystore-error.ts";
import { isOpenToOthers } from "./password-file.ts";

/** A keeper's keys: `report` signs reports, `transmitter` pays for transactions, `network` signs messages. */
export const KEY_KINDS = ["report", "transmitter", "network"] as const;
export type KeyKind = (typeof KEY_KINDS)[number];

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY_FILE = 0o600;
const RIGHTS = 0o777;
const OCTAL = 8;

/** What may be known of a key without its password. */
export interface KeySummary {
  readonly kind: KeyKind;
  readonly file: string;
  /** Address of the account; for a network key its 32-byte public key. */
  readonly id: Hex;
  /** Of a network key alone. */
  readonly peerId: string | null;
  /** The file's rights, octal. */
  readonly mode: string;
  readonly openToOthers: boolean;
}

export interface KeyWork {
  /** scrypt's N; smaller only in tests. */
  readonly scryptCost: number;
}

const FULL_WORK: KeyWork = { scryptCost: SCRYPT_COST };

/** The file of a key in a folder of keys. */
export function keyFile(folder: string, kind: KeyKind): string {
  return join(folder, `${kind}.json`);
}

/**
 * Writes new keys of the kinds, each encrypted under the password and readable for its owner alone.
 * @param told is told each kind before its encryption, which takes a while on purpose
 * @throws KeystoreError `key-exists` before anything is written when one of them is there already
 */
export async function createKeys(
  folder: string,
  kinds: readonly KeyKind[],
  password: string,
  work: KeyWork = FULL_WORK,
  told: (kind: KeyKind) => void = () => undefined,
): Promise<readonly KeySummary[]> {
  for (const kind of kinds) requireAbsent(keyFile(folder, kind));
  const made: KeySummary[] = [];
  for (const kind of kinds) {
    told(kind);
    const json =
      kind === "network"
        ? await encryptNetworkKey(newNetworkKey(), password, work.scryptCost)
        : await encryptAccount(Wallet.createRandom().privateKey, password, work);
    made.push(store(folder, kind, json));
  }
  return made;
}

/**
 * Encrypts and stores a key that exists: 32 bytes in hexadecimal (a secp256k1 key or an Ed25519 seed).
 * @throws KeystoreError `key-exists`, or `bad-key` which does not repeat the key
 */
export async function importKey(
  folder: string,
  kind: KeyKind,
  secretHex: string,
  password: string,
  work: KeyWork = FULL_WORK,
): Promise<KeySummary> {
  requireAbsent(keyFile(folder, kind));
  const digits = secretHex.trim().replace(/^0x/, "");
  if (!new RegExp(`^[0-9a-fA-F]{${2 * NETWORK_KEY_BYTES}}$`).test(digits)) throw badKey(kind);
  if (kind === "network") {
    const key = networkKeyOf(Buffer.from(digits, "hex"));
    return store(folder, kind, await encryptNetworkKey(key, password, work.scryptCost));
  }
  return store(folder, kind, await encryptAccount(`0x${digits}`, password, work));
}

/** The keys in a folder, without opening them. @throws KeystoreError `bad-key-file` */
export function listKeys(folder: string): readonly KeySummary[] {
  return KEY_KINDS.filter((kind) => existsSync(keyFile(folder, kind))).map((kind) =>
    summarise(kind, keyFile(folder, kind)),
  );
}

/** What a key file says of itself. @throws KeystoreError `no-key-file`, `bad-key-file` */
export function summarise(kind: KeyKind, file: string): KeySummary {
  const json = readKeyFile(kind, file);
  const mode = (statSync(file).mode & RIGHTS).toString(OCTAL);
  const shared = { kind, file, mode, openToOthers: isOpenToOthers(file) };
  if (kind !== "network") return { ...shared, id: addressInFile(json, file), peerId: null };
  const publicKey = publicKeyInFile(json, file);
  return { ...shared, id: publicKey, peerId: peerIdOf(publicKey) };
}

/** Opens an account's key. @throws KeystoreError `no-key-file`, `bad-key-file` or `wrong-password` */
export async function openAccountKey(
  kind: "report" | "transmitter",
  file: string,
  password: string,
): Promise<Wallet> {
  const json = readKeyFile(kind, file);
  addressInFile(json, file);
  try {
    return new Wallet((await decryptKeystoreJson(json, password)).privateKey);
  } catch (error) {
    throw new KeystoreError(
      "wrong-password",
      `the ${kind} key ${file} does not open`,
      "check that the password's file has the right first line",
      { cause: error },
    );
  }
}

/** Opens the network key. @throws KeystoreError `no-key-file`, `bad-key-file` or `wrong-password` */
export function openNetworkKey(file: string, password: string): Promise<NetworkKey> {
  return decryptNetworkKey(readKeyFile("network", file), password, file);
}

function readKeyFile(kind: KeyKind, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    // Whoever may not read a key has one: to make another would cost a rotation.
    const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT";
    throw new KeystoreError(
      "no-key-file",
      `the ${kind} key ${file} cannot be read: ${(error as Error).message}`,
      isThere
        ? "let this user read it, and its folder: chown it to the user that the keeper runs as, chmod 600"
        : "make keys with `ballast keys new`, or name the file that holds this one",
      { cause: error },
    );
  }
}

async function encryptAccount(privateKey: string, password: string, work: KeyWork): Promise<string> {
  let wallet: Wallet;
  try {
    wallet = new Wallet(privateKey);
  } catch {
    // The error of the library repeats the key.
    throw badKey("report");
  }
  const { address } = wallet;
  return encryptKeystoreJson({ address, privateKey }, password, { scrypt: { N: work.scryptCost } });
}

const accountFileSchema = z.object({
  address: z.string().regex(/^(?:0x)?[0-9a-fA-F]{40}$/),
});

function addressInFile(json: string, file: string): Hex {
  try {
    if (!isKeystoreJson(json)) throw new SyntaxError("no keystore");
    return asHex(getAddress(accountFileSchema.parse(JSON.parse(json)).address));
  } catch (error) {
    throw new KeystoreError(
      "bad-key-file",
      `${file} is not an encrypted JSON keystore with an address`,
      "name the file that `ballast keys new` wrote, or restore it from the backup",
      { cause: error },
    );
  }
}

function store(folder: string, kind: KeyKind, json: string): KeySummary {
  const file = keyFile(folder, kind);
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
  try {
    writeFileSync(file, `${json}\n`, { mode: OWNER_ONLY_FILE, flag: "wx" });
  } catch (error) {
    if (existsSync(file)) throw keyExists(file);
    throw error;
  }
  return summarise(kind, file);
}

function requireAbsent(file: string): void {
  if (existsSync(file)) throw keyExists(file);
}

function keyExists(file: string): KeystoreError {
  return new KeystoreError(
    "key-exists",
    `there is a key at ${file} and it is not overwritten`,
    "choose another --folder, or move the old key away after its rotation has ended",
  );
}

function badKey(kind: KeyKind): KeystoreError {
  return new KeystoreError(
    "bad-key",
    `the ${kind} key that was given is not a valid key`,
    "give 32 bytes as 64 hexadecimal digits, from a file or on the standard input",
  );
}
