// What each message may look like after JSON.parse; the result is the message of the port, bigints and all.
import { z } from "zod";
import { unpackMarketWord, unpackSmileWord } from "../../core/report/words.ts";
import type { Hex } from "../../ports/hex.ts";
import {
  MAX_KEEPERS,
  MAX_MARKETS,
  MAX_REPORT_SMILES,
  MAX_SCENARIO_BYTES,
  MAX_SMILES,
  MAX_UINT16,
  MAX_UINT32,
  MAX_UINT40,
} from "./wire-bounds.ts";

const HASH_BYTES = 32;
/** secp256k1 with recovery byte. */
const REPORT_SIGNATURE_BYTES = 65;
/** Ed25519. */
const NETWORK_SIGNATURE_BYTES = 64;
const EPOCH_BITS = 64;
const WORD_BITS = 256;
const LOG10_OF_2 = Math.log10(2);

/** `bytes` bytes in lower case. */
const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-f]{${(2 * bytes).toString()}}$`), `${bytes} bytes of hexadecimal`)
    .transform((text) => text as Hex);

/** Its upper and lower case are checked with the whole message's canonical form. */
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "20 bytes of hexadecimal")
  .transform((text) => text as Hex);

const data = (maxBytes: number) =>
  z
    .string()
    .max("0x".length + 2 * maxBytes)
    .regex(/^0x(?:[0-9a-f]{2})*$/, "bytes of hexadecimal")
    .transform((text) => text as Hex);

/** An unsigned whole number as decimal text. */
const unsigned = (bits: number) => {
  const digits = Math.ceil(bits * LOG10_OF_2);
  const bound = `a decimal number below 2^${bits}`;
  return z
    .string()
    .max(digits, bound)
    .regex(/^(?:0|[1-9][0-9]*)$/, { message: bound, abort: true })
    .transform((text, context) => {
      const value = text.length <= digits ? BigInt(text) : -1n;
      if (value >= 0n && value < 1n << BigInt(bits)) return value;
      context.addIssue({ code: "custom", message: bound, input: text });
      return z.NEVER;
    });
};

/** A word of the report, taken apart; refused when no such word exists. */
const unpacked = <T>(unpack: (word: bigint) => T) =>
  unsigned(WORD_BITS).transform((word, context) => {
    try {
      return unpack(word);
    } catch {
      context.addIssue({ code: "custom", message: "a word whose reserved bits are zero", input: word });
      return z.NEVER;
    }
  });

const epoch = unsigned(EPOCH_BITS);
const round = z.int().min(0).max(MAX_UINT32);
const seconds = z.int().min(0).max(MAX_UINT40);
const pegBps = z.int().min(0).max(MAX_UINT16);
const hash = hex(HASH_BYTES);
const word = unsigned(WORD_BITS);
const reportSignature = hex(REPORT_SIGNATURE_BYTES);
const networkSignature = hex(NETWORK_SIGNATURE_BYTES);
const reportSignatures = z.array(reportSignature).max(MAX_KEEPERS);
const roundId = z.strictObject({ epoch, round });
const setId = unsigned(EPOCH_BITS);

const observation = z.strictObject({
  pegBps,
  accountRoot: hash,
  markets: z
    .array(
      z.strictObject({
        market: unpacked(unpackMarketWord),
        smiles: z.array(unpacked(unpackSmileWord)).max(MAX_SMILES),
      }),
    )
    .max(MAX_MARKETS),
});

const signedObservation = z.strictObject({
  from: address,
  observation,
  signature: networkSignature,
});

const report = z.strictObject({
  configDigest: hash,
  epoch,
  round,
  observedAt: seconds,
  blockNumber: unsigned(EPOCH_BITS),
  blockHash: hash,
  pegBps,
  accountRoot: hash,
  markets: z.array(word).max(MAX_MARKETS),
  smiles: z.array(word).max(MAX_REPORT_SMILES),
});

const reportHead = z.strictObject({
  configDigest: hash,
  epoch,
  round,
  observedAt: seconds,
  blockNumber: unsigned(EPOCH_BITS),
  blockHash: hash,
  payloadHash: hash,
});

const scenarioData = data(MAX_SCENARIO_BYTES);

export const messageSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("observe"), epoch, round, observedAtSeconds: seconds }),
  z.strictObject({
    kind: z.literal("observation"),
    epoch,
    round,
    observedAtSeconds: seconds,
    observation,
    signature: networkSignature,
  }),
  z.strictObject({
    kind: z.literal("proposal"),
    epoch,
    round,
    observedAtSeconds: seconds,
    blockNumber: unsigned(EPOCH_BITS),
    blockHash: hash,
    observations: z.array(signedObservation).max(MAX_KEEPERS),
  }),
  z.strictObject({
    kind: z.literal("signature"),
    head: reportHead,
    signature: reportSignature,
  }),
  z.strictObject({ kind: z.literal("final"), report, signatures: reportSignatures }),
  z.strictObject({ kind: z.literal("wish"), epoch, newest: roundId }),
  z.strictObject({ kind: z.literal("catch-up"), after: roundId }),
  z.strictObject({ kind: z.literal("scenario-proposal"), setId, data: scenarioData }),
  z.strictObject({
    kind: z.literal("scenario-signature"),
    setId,
    dataHash: hash,
    signature: reportSignature,
  }),
  z.strictObject({
    kind: z.literal("scenario-final"),
    setId,
    data: scenarioData,
    configDigest: hash,
    signatures: reportSignatures,
  }),
]);
