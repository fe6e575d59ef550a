import { createTransactionSender } from "../../keeper/services/transactions/transaction-sender.ts";
import {
  DEFAULT_TRANSACTION_POLICY,
  type TransactionPolicy,
} from "../../keeper/services/transactions/transaction-policy.ts";
import { recordingTelemetry } from "./keeper-doubles.ts";
import { emptyLog, fakeChain, fakeTimer, SENDER } from "./transaction-doubles.ts";

const CHAIN_ID = 31_337n;

/** A world that mines a block at every look, unless a test stops it. */
export function openTransactionWorld(changed: Partial<TransactionPolicy> = {}) {
  const fake = fakeChain();
  const timer = fakeTimer();
  const telemetry = recordingTelemetry();
  const log = emptyLog();
  const stop = new AbortController();
  const policy: TransactionPolicy = {
    ...DEFAULT_TRANSACTION_POLICY,
    confirmations: 3n,
    finalityBlocks: 3n,
    replaceAfterBlocks: 2n,
    replaceAfterMs: 0,
    ...changed,
  };
  timer.meanwhile = () => {
    fake.mine();
  };
  const sender = createTransactionSender({
    chain: fake.chain,
    log,
    timer,
    telemetry,
    policy,
    signal: stop.signal,
  });
  const events = (name: string) => telemetry.lines.filter(({ event }) => event === name);
  const open = () => log.openTransactions(CHAIN_ID, SENDER);
  return { ...fake, fake, timer, log, stop, sender, events, open };
}
