import { z } from "zod";
import type { SignedReport } from "../core/report/typed-data.ts";
import { asHex, type Hex } from "../ports/hex.ts";

const bigint = z
  .string()
  .regex(/^[0-9]+$/)
  .transform((text) => BigInt(text));
const hex = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text): Hex => asHex(text));

const schema = z.strictObject({
  report: z.strictObject({
    configDigest: hex,
    epoch: bigint,
    round: z.int().min(0),
    observedAt: z.int().min(0),
    blockNumber: bigint,
    blockHash: hex,
    pegBps: z.int().min(0),
    accountRoot: hex,
    markets: z.array(bigint),
    smiles: z.array(bigint),
  }),
  signatures: z.array(hex),
});

/** A signed report as stores keep it: JSON with bigints as decimal texts. */
export function writeSignedReport(final: SignedReport): string {
  return JSON.stringify(final, (_key, field: unknown) =>
    typeof field === "bigint" ? field.toString() : field,
  );
}

/** @throws ZodError when the text is not what `writeSignedReport` writes */
export function readSignedReport(text: string): SignedReport {
  return schema.parse(JSON.parse(text));
}
