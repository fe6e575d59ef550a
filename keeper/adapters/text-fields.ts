// How stores and files write what JSON has no form for: big integers as decimal text.
import { z } from "zod";
import { asHex, type Hex } from "../ports/hex.ts";

export const bigintText = z
  .string()
  .regex(/^[0-9]+$/)
  .transform((text) => BigInt(text));
export const hexText = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text): Hex => asHex(text));

export function writeText(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === "bigint" ? field.toString() : field,
  );
}
