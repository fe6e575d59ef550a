import type { Observation } from "../report/aggregate.ts";
import { requireInteger } from "../report/integers.ts";
import { packMarketWord, packSmileWord } from "../report/words.ts";
import type { RoundId } from "./round-id.ts";

/** What an observation's signature covers beside the observation: one keeper set, one round, one moment. */
export interface ObservationContext extends RoundId {
  /** 32 bytes of hexadecimal. */
  readonly configDigest: `0x${string}`;
  /** Unix seconds. */
  readonly observedAtSeconds: number;
}

/** ASCII of what the bytes are, so that no other message of the network can be taken for an observation. */
const DOMAIN_TAG = "ballast-keeper/observation/2";
const DIGEST_BYTES = 32;
const WORD_BYTES = 32;
const EPOCH_BYTES = 8;
const ROUND_BYTES = 4;
const SECONDS_BYTES = 8;
const PEG_BYTES = 2;
const ROOT_BYTES = 32;
const COUNT_BYTES = 1;
const BITS_PER_BYTE = 8;
const HEX = 16;

/**
 * The canonical bytes that a keeper signs with its network key: tag, config digest, epoch (8 bytes), round (4), observed at (8), peg (2), account
 * root (32), number of markets (1), then of each market its word, the number of its smiles (1) and their words; all big-endian.
 * @throws CoreError `argument-out-of-domain` for a value that its field cannot hold
 */
export function observationBytes(
  { configDigest, epoch, round, observedAtSeconds }: ObservationContext,
  { pegBps, accountRoot, markets }: Observation,
): Uint8Array {
  return joined([
    Uint8Array.from(DOMAIN_TAG, (character) => character.charCodeAt(0)),
    bigEndian("configDigest", BigInt(configDigest), DIGEST_BYTES),
    bigEndian("epoch", epoch, EPOCH_BYTES),
    bigEndian("round", BigInt(round), ROUND_BYTES),
    bigEndian("observedAtSeconds", BigInt(observedAtSeconds), SECONDS_BYTES),
    bigEndian("pegBps", BigInt(pegBps), PEG_BYTES),
    bigEndian("accountRoot", BigInt(accountRoot), ROOT_BYTES),
    bigEndian("markets", BigInt(markets.length), COUNT_BYTES),
    ...markets.flatMap(({ market, smiles }) => [
      bigEndian("market", packMarketWord(market), WORD_BYTES),
      bigEndian("smiles", BigInt(smiles.length), COUNT_BYTES),
      ...smiles.map((smile) => bigEndian("smile", packSmileWord(smile), WORD_BYTES)),
    ]),
  ]);
}

function bigEndian(name: string, value: bigint, length: number): Uint8Array {
  requireInteger(name, value, 0n, (1n << BigInt(length * BITS_PER_BYTE)) - 1n);
  const digits = value.toString(HEX).padStart(2 * length, "0");
  return Uint8Array.from({ length }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), HEX));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
