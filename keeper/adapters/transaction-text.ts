import { z } from "zod";
import type { TransactionOutcome, TransactionRecord } from "../ports/transaction-log.ts";
import { bigintText, hexText, writeText } from "./text-fields.ts";

const recordSchema = z.strictObject({
  id: z.string(),
  to: hexText,
  data: hexText,
  doneErrors: z.array(hexText),
  chainId: bigintText,
  from: hexText,
  nonce: z.int().min(0),
  gasLimit: bigintText,
  attempts: z.array(
    z.strictObject({
      kind: z.enum(["effect", "cancellation"]),
      hash: hexText,
      raw: hexText,
      fees: z.strictObject({ maxFeePerGasWei: bigintText, maxPriorityFeePerGasWei: bigintText }),
    }),
  ),
});

const outcomeSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("mined"), hash: hexText, blockNumber: bigintText, gasUsed: bigintText }),
  z.strictObject({ kind: z.literal("already-done") }),
  z.strictObject({ kind: z.literal("refused"), revertData: hexText.nullable() }),
  z.strictObject({ kind: z.literal("superseded") }),
]);

/** A record or an outcome as stores keep it: JSON with bigints as decimal texts. */
export function writeTransactionText(value: TransactionRecord | TransactionOutcome): string {
  return writeText(value);
}

/** @throws ZodError when the text is no transaction's record */
export function readTransaction(text: string): TransactionRecord {
  return recordSchema.parse(JSON.parse(text));
}

/** @throws ZodError when the text is no transaction's outcome */
export function readOutcome(text: string): TransactionOutcome {
  return outcomeSchema.parse(JSON.parse(text));
}
