import { z } from "zod";
import { asHex, type Hex } from "../ports/hex.ts";
import type { TransactionOutcome, TransactionRecord } from "../ports/transaction-log.ts";

const bigint = z
  .string()
  .regex(/^[0-9]+$/)
  .transform((text) => BigInt(text));
const hex = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text): Hex => asHex(text));

const recordSchema = z.strictObject({
  id: z.string(),
  to: hex,
  data: hex,
  doneErrors: z.array(hex),
  chainId: bigint,
  from: hex,
  nonce: z.int().min(0),
  gasLimit: bigint,
  attempts: z.array(
    z.strictObject({
      kind: z.enum(["effect", "cancellation"]),
      hash: hex,
      raw: hex,
      fees: z.strictObject({ maxFeePerGasWei: bigint, maxPriorityFeePerGasWei: bigint }),
    }),
  ),
});

const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mined"), hash: hex, blockNumber: bigint, gasUsed: bigint }),
  z.strictObject({ kind: z.literal("already-done") }),
  z.strictObject({ kind: z.literal("refused"), revertData: hex.nullable() }),
  z.strictObject({ kind: z.literal("superseded") }),
]);

/** A record or an outcome as stores keep it: JSON with bigints as decimal texts. */
export function writeTransactionText(value: TransactionRecord | TransactionOutcome): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "bigint" ? field.toString() : field,
  );
}

/** @throws ZodError when the text is no transaction's record */
export function readTransaction(text: string): TransactionRecord {
  return recordSchema.parse(JSON.parse(text));
}

/** @throws ZodError when the text is no transaction's outcome */
export function readOutcome(text: string): TransactionOutcome {
  return outcomeSchema.parse(JSON.parse(text));
}
