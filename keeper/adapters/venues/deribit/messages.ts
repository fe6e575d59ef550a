import { z } from "zod";
import { MAX_VENUE_NUMBER } from "../parse-answer.ts";

// Deribit API v2.1.1, JSON-RPC 2.0 over WebSocket: https://docs.deribit.com

/** More instruments than any currency lists. */
const MAX_INSTRUMENTS = 10_000;

const price = z.number().positive().max(MAX_VENUE_NUMBER);
const amount = z.number().nonnegative().max(MAX_VENUE_NUMBER);
const milliseconds = z.int().positive().max(MAX_VENUE_NUMBER);

const failure = z.object({ code: z.int(), message: z.string() });

/** Any message of the venue: an answer, a failure, a notification or a heartbeat. */
export const incomingMessage = z.union([
  z.object({ id: z.int(), error: failure }),
  z.object({ id: z.int(), result: z.unknown(), usOut: z.int().positive() }),
  z.object({
    method: z.literal("subscription"),
    params: z.object({ channel: z.string(), data: z.unknown() }),
  }),
  z.object({
    method: z.literal("heartbeat"),
    params: z.object({ type: z.enum(["heartbeat", "test_request"]) }),
  }),
]);

/** Answer to public/get_index_price. */
export const indexPriceAnswer = z.object({ index_price: price });

/** Data of deribit_price_index.*. */
export const indexNotification = z.object({ index_name: z.string(), price, timestamp: milliseconds });

/** Answer to public/ticker and data of ticker.*, of an inverse perpetual: amounts are in USD. */
export const perpetualTicker = z.object({
  instrument_name: z.string(),
  timestamp: milliseconds,
  best_bid_amount: amount,
  best_ask_amount: amount,
});

/** A row of the answer to public/get_book_summary_by_currency. */
export const bookSummary = z.object({
  instrument_name: z.string(),
  /** Premiums in coin; null when nobody quotes. */
  bid_price: amount.nullable(),
  ask_price: amount.nullable(),
  /** Percent. */
  mark_iv: amount.nullable().default(null),
  /** Coin. */
  open_interest: amount,
  underlying_price: price,
  /** A future, "SYN." and a date, or "index_price" when there is neither. */
  underlying_index: z.string(),
  creation_timestamp: milliseconds,
});

/** Answer to public/get_book_summary_by_currency with kind "option". */
export const bookSummaries = z.array(z.unknown()).max(MAX_INSTRUMENTS);

export type IncomingMessage = z.infer<typeof incomingMessage>;
export type BookSummary = z.infer<typeof bookSummary>;
