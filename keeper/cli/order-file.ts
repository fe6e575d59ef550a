import { readFileSync, writeFileSync } from "node:fs";
import { getAddress, isAddress, isHexString } from "ethers";
import { z } from "zod";
import { CommandError } from "./failure.ts";
import { describeIssues } from "../schema-issues.ts";
import { toJson } from "./output.ts";

const INDENT = 2;

/** A whole number of units too large for JSON's numbers, as text. */
const unsigned = z
  .string()
  .regex(/^[0-9]+$/, "expected a whole number of at least zero, as text")
  .transform(BigInt);
const signed = z
  .string()
  .regex(/^-?[0-9]+$/, "expected a whole number, as text")
  .transform(BigInt);
const address = z
  .string()
  .refine((text) => isAddress(text), "expected an address: 0x and 40 hexadecimal digits")
  .transform((text) => getAddress(text));

const orderSchema = z.strictObject({
  account: unsigned,
  instrument: unsigned,
  sizeE8: signed,
  limitPriceE8: unsigned,
  counterparty: unsigned,
  reduceOnly: z.boolean(),
  nonce: unsigned,
  deadline: z.int().min(0),
});

const signedOrderSchema = z.strictObject({
  format: z.literal("ballast-order"),
  version: z.literal(1),
  /** For people: it is not signed. */
  name: z.string(),
  order: orderSchema,
  signer: address,
  signature: z.string().refine((text) => isHexString(text), "expected hexadecimal digits behind 0x"),
});

/** The contract's Order. */
export type Order = z.infer<typeof orderSchema>;
export type SignedOrder = z.infer<typeof signedOrderSchema>;

function signedOrderText(order: Omit<SignedOrder, "format" | "version">): string {
  return `${toJson({ format: "ballast-order", version: 1, ...order }, INDENT)}\n`;
}

export function writeSignedOrder(file: string, order: Omit<SignedOrder, "format" | "version">): void {
  writeFileSync(file, signedOrderText(order));
}

/** @throws CommandError naming the file and every field that is wrong */
export function readSignedOrder(file: string): SignedOrder {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new CommandError(
      "bad-order-file",
      `${file} cannot be read as JSON`,
      "make one with: ballast order sign --out FILE",
      { cause: error },
    );
  }
  const result = signedOrderSchema.safeParse(value);
  if (result.success) return result.data;
  throw new CommandError(
    "bad-order-file",
    `${file} is not a signed order:\n${describeIssues(result.error, value)}`,
    "make one with: ballast order sign --out FILE",
  );
}
