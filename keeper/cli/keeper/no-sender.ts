import type { TransactionSender } from "../../ports/transaction-sender.ts";

/** For a process that only reads: whoever asks it to send has made a mistake. */
export const NO_SENDER: TransactionSender = {
  send: ({ id }) => Promise.reject(new Error(`this process only reads, and was asked to send ${id}`)),
};
