// An account that sends effects to a counter through the real sender, over HTTP, on a chain that the test controls.
import { id, Wallet } from "ethers";
import { createMemoryTransactionLog } from "../../keeper/adapters/memory/transaction-log.ts";
import { DEFAULT_RPC_POOL_POLICY } from "../../keeper/adapters/ethers/rpc-pool.ts";
import { openSender, type OpenSender } from "../../keeper/cli/open-sender.ts";
import type { Hex } from "../../keeper/ports/hex.ts";
import type { TransactionLog } from "../../keeper/ports/transaction-log.ts";
import type { TransactionRequest } from "../../keeper/ports/transaction-sender.ts";
import {
  DEFAULT_TRANSACTION_POLICY,
  type TransactionPolicy,
} from "../../keeper/services/transactions/transaction-policy.ts";
import { recordingTelemetry, type LogLine } from "./keeper-doubles.ts";

export const CHAIN_ID = 31_337n;

/** Quick looks, and an attempt that counts as late after two blocks. */
export const TEST_POLICY: TransactionPolicy = {
  ...DEFAULT_TRANSACTION_POLICY,
  confirmations: 2n,
  finalityBlocks: 2n,
  replaceAfterBlocks: 2n,
  replaceAfterMs: 0,
  pollMs: 20,
};

/** An account of its own for each name. */
export const accountOf = (name: string): Wallet => new Wallet(id(`ballast test account ${name}`));

/** One more call of the counter. */
export const oneCall = (counter: Hex, name: string): TransactionRequest => ({
  id: name,
  to: counter,
  data: "0x",
  doneErrors: [],
});

export interface AccountOptions {
  readonly log?: TransactionLog;
  readonly policy?: Partial<TransactionPolicy>;
}

export interface SendingAccount extends OpenSender {
  readonly lines: readonly LogLine[];
  readonly stop: () => void;
}

export async function openAccount(
  name: string,
  rpcUrls: readonly string[],
  { log = createMemoryTransactionLog(), policy = {} }: AccountOptions = {},
): Promise<SendingAccount> {
  const telemetry = recordingTelemetry();
  const stop = new AbortController();
  const opened = await openSender({
    rpcUrls,
    chainId: CHAIN_ID,
    wallet: accountOf(name),
    log,
    policy: { ...TEST_POLICY, ...policy },
    poolPolicy: { ...DEFAULT_RPC_POOL_POLICY, timeoutMs: 300, checkEveryMs: 200 },
    telemetry,
    signal: stop.signal,
  });
  return {
    ...opened,
    lines: telemetry.lines,
    stop: () => {
      stop.abort(new Error("the test is over"));
    },
  };
}
