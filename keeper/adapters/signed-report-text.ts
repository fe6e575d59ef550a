import { z } from "zod";
import type { SignedReport } from "../core/report/typed-data.ts";
import { bigintText, hexText, writeText } from "./text-fields.ts";

const schema = z.strictObject({
  report: z.strictObject({
    configDigest: hexText,
    epoch: bigintText,
    round: z.int().min(0),
    observedAt: z.int().min(0),
    blockNumber: bigintText,
    blockHash: hexText,
    pegBps: z.int().min(0),
    accountRoot: hexText,
    markets: z.array(bigintText),
    smiles: z.array(bigintText),
  }),
  signatures: z.array(hexText),
});

/** A signed report as stores keep it: JSON with bigints as decimal texts. */
export function writeSignedReport(final: SignedReport): string {
  return writeText(final);
}

/** @throws ZodError when the text is not what `writeSignedReport` writes */
export function readSignedReport(text: string): SignedReport {
  return schema.parse(JSON.parse(text));
}
