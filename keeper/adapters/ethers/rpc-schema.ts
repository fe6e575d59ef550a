import { z } from "zod";
import { asHex, type Hex } from "../../ports/hex.ts";

export const quantity = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => BigInt(text));
export const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/)
  .transform((text): Hex => asHex(text));
export const hash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/)
  .transform((text): Hex => asHex(text.toLowerCase()));

const header = z.object({ number: quantity, hash, timestamp: quantity, baseFeePerGas: quantity.nullish() });
const receipt = z.object({
  transactionHash: hash,
  blockNumber: quantity,
  blockHash: hash,
  status: quantity,
  gasUsed: quantity,
  logs: z.array(z.object({ address: data, topics: z.array(hash), data })),
});

/** A block as far as it is needed. */
export type RpcHeader = Readonly<z.infer<typeof header>>;
export type RpcReceipt = Readonly<z.infer<typeof receipt>>;

/** Each throws when the value has another form. */
export const parseQuantity = (value: unknown): bigint => quantity.parse(value);
export const parseHash = (value: unknown): Hex => hash.parse(value);
export const parseHeader = (value: unknown): RpcHeader => header.parse(value);
/** Null for a block that the node does not know. */
export const parseHeaderOrNull = (value: unknown): RpcHeader | null => header.nullable().parse(value);
/** Null for a transaction that is on no block; so is a receipt of one that waits. */
export const parseReceiptOrNull = (value: unknown): RpcReceipt | null => receipt.nullable().parse(value);
/** Whether the node knows it at all. */
export const parsePresence = (value: unknown): boolean => z.looseObject({}).nullable().parse(value) !== null;

/** A number as JSON-RPC writes it. */
export const toQuantity = (value: bigint): string => `0x${value.toString(16)}`;
