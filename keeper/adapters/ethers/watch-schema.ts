// What a watchtower reads of blocks, transactions, events and traces: each by itself, so that one of another form hides no other.
import { z } from "zod";
import { data, hash, quantity } from "./rpc-schema.ts";

const block = z.object({
  number: quantity,
  hash,
  parentHash: hash,
  timestamp: quantity,
  transactions: z.array(z.unknown()),
});
const transaction = z.object({ hash, input: data });
const log = z.object({ transactionHash: hash, topics: z.array(hash), data });
const call = z.object({ to: z.string().nullish(), input: data, calls: z.array(z.unknown()).optional() });

type WatchedHeader = Readonly<z.infer<typeof block>>;
type WatchedTransaction = Readonly<z.infer<typeof transaction>>;
/** An event, as far as it is read. */
export type WatchedLog = Readonly<z.infer<typeof log>>;
type TracedCall = Readonly<z.infer<typeof call>>;

/** Null for a block that the node does not know. Throws when the value has another form. */
export const parseWatchedBlock = (value: unknown): WatchedHeader | null => block.nullable().parse(value);
/** Null for what is no transaction. */
export const parseWatchedTransaction = (value: unknown): WatchedTransaction | null =>
  transaction.safeParse(value).data ?? null;
/** Throws when the value has another form. */
export const parseWatchedLogs = (value: unknown): readonly WatchedLog[] => z.array(log).parse(value);
/** Null for what is no call. */
export const parseTracedCall = (value: unknown): TracedCall | null => call.safeParse(value).data ?? null;
