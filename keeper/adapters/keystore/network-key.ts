import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  scrypt,
  type ScryptOptions,
} from "node:crypto";
import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { z } from "zod";
import { asHex, type Hex } from "../../ports/hex.ts";
import { KeystoreError } from "./keystore-error.ts";

/** Bytes of an Ed25519 seed and of its public key. */
export const NETWORK_KEY_BYTES = 32;
const SALT_BYTES = 32;
const NONCE_BYTES = 12;
const CIPHER = "aes-256-gcm";
/** RFC 8410: what stands before the 32 bytes of a seed in its PKCS #8 form. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
/** Largest memory that a file may ask scrypt to take. */
const MAX_SCRYPT_MEMORY_BYTES = 512 * 1024 * 1024;

/** Work that a password guess costs: scrypt's N, with r = 8 and p = 1. */
export const SCRYPT_COST = 131_072;
const SCRYPT_BLOCK = 8;
const SCRYPT_PARALLEL = 1;

/** The Ed25519 key that a keeper's messages and its peer id rest on. */
export interface NetworkKey {
  /** 32 bytes; secret. */
  readonly seed: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Hex;
  /** The same public key as libp2p writes it. */
  readonly peerId: string;
}

const bytes = (count: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${(2 * count).toString()}}$`), `expected ${count} bytes of hexadecimal`);

const fileSchema = z.strictObject({
  format: z.literal("ballast-network-key"),
  version: z.literal(1),
  publicKey: bytes(NETWORK_KEY_BYTES),
  scrypt: z.strictObject({
    cost: z.int().min(2),
    blockSize: z.int().min(1),
    parallelisation: z.int().min(1),
    salt: bytes(SALT_BYTES),
  }),
  cipher: z.strictObject({
    name: z.literal(CIPHER),
    nonce: bytes(NONCE_BYTES),
    text: bytes(NETWORK_KEY_BYTES),
    tag: z.string().regex(/^0x[0-9a-f]{32}$/),
  }),
});

type NetworkKeyFile = z.infer<typeof fileSchema>;

/** The key of a 32-byte seed. @throws KeystoreError `bad-key` for another length */
export function networkKeyOf(seed: Uint8Array): NetworkKey {
  if (seed.length !== NETWORK_KEY_BYTES) {
    throw new KeystoreError(
      "bad-key",
      `an Ed25519 seed has ${NETWORK_KEY_BYTES} bytes, this one has ${seed.length}`,
      "give the seed as 64 hexadecimal digits",
    );
  }
  const secret = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  const { x } = createPublicKey(secret).export({ format: "jwk" });
  const publicKey = hexOf(Buffer.from(x ?? "", "base64url"));
  return { seed, publicKey, peerId: peerIdOf(publicKey) };
}

export function newNetworkKey(): NetworkKey {
  return networkKeyOf(randomBytes(NETWORK_KEY_BYTES));
}

/** The libp2p peer id of a 32-byte Ed25519 public key. */
export function peerIdOf(publicKey: Hex): string {
  return peerIdFromPublicKey(publicKeyFromRaw(bytesOf(publicKey))).toString();
}

/** Encrypts a key under a password: scrypt, then AES-256-GCM over the seed with the public key as associated data. */
export async function encryptNetworkKey(
  { seed, publicKey }: NetworkKey,
  password: string,
  cost = SCRYPT_COST,
): Promise<string> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const secret = await derive(password, salt, { N: cost, r: SCRYPT_BLOCK, p: SCRYPT_PARALLEL });
  const cipher = createCipheriv(CIPHER, secret, nonce).setAAD(bytesOf(publicKey));
  const text = Buffer.concat([cipher.update(seed), cipher.final()]);
  const file: NetworkKeyFile = {
    format: "ballast-network-key",
    version: 1,
    publicKey,
    scrypt: { cost, blockSize: SCRYPT_BLOCK, parallelisation: SCRYPT_PARALLEL, salt: hexOf(salt) },
    cipher: { name: CIPHER, nonce: hexOf(nonce), text: hexOf(text), tag: hexOf(cipher.getAuthTag()) },
  };
  return JSON.stringify(file);
}

/** The public part of an encrypted key. @throws KeystoreError `bad-key-file` */
export function publicKeyInFile(json: string, name: string): Hex {
  return asHex(parseFile(json, name).publicKey);
}

/** @throws KeystoreError `bad-key-file` when it is no such file, `wrong-password` when the password does not open it */
export async function decryptNetworkKey(json: string, password: string, name: string): Promise<NetworkKey> {
  const { publicKey, scrypt: work, cipher } = parseFile(json, name);
  const { cost, blockSize, parallelisation, salt } = work;
  const secret = await derive(password, bytesOf(salt), { N: cost, r: blockSize, p: parallelisation }).catch(
    (error: unknown) => {
      throw badFile(name, "asks for work that no key of this program asks for", error);
    },
  );
  const decipher = createDecipheriv(CIPHER, secret, bytesOf(cipher.nonce))
    .setAAD(bytesOf(publicKey))
    .setAuthTag(bytesOf(cipher.tag));
  try {
    return networkKeyOf(Buffer.concat([decipher.update(bytesOf(cipher.text)), decipher.final()]));
  } catch (error) {
    throw new KeystoreError(
      "wrong-password",
      `the network key ${name} does not open`,
      "check that the password's file has the right first line",
      { cause: error },
    );
  }
}

function parseFile(json: string, name: string): NetworkKeyFile {
  try {
    return fileSchema.parse(JSON.parse(json));
  } catch (error) {
    throw badFile(name, "is not an encrypted network key", error);
  }
}

function badFile(name: string, problem: string, cause: unknown): KeystoreError {
  return new KeystoreError(
    "bad-key-file",
    `${name} ${problem}`,
    "name the file that `ballast keys new` wrote, or restore it from the backup",
    { cause },
  );
}

function derive(password: string, salt: Uint8Array, work: ScryptOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(
      password.normalize("NFKC"),
      salt,
      NETWORK_KEY_BYTES,
      { ...work, maxmem: MAX_SCRYPT_MEMORY_BYTES },
      (error, secret) => {
        if (error === null) resolve(secret);
        else reject(error);
      },
    );
  });
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.slice("0x".length), "hex");
}

function hexOf(data: Uint8Array): Hex {
  return asHex(`0x${Buffer.from(data).toString("hex")}`);
}
