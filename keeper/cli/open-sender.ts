import type { BaseWallet } from "ethers";
import {
  DEFAULT_RPC_POOL_POLICY,
  openRpcPool,
  type RpcPool,
  type RpcPoolPolicy,
} from "../adapters/ethers/rpc-pool.ts";
import { createTransactionChain } from "../adapters/ethers/transaction-chain.ts";
import { systemTimer } from "../adapters/system/timer.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { TransactionLog } from "../ports/transaction-log.ts";
import type { TransactionPolicy } from "../services/transactions/transaction-policy.ts";
import {
  createTransactionSender,
  type ResumableSender,
} from "../services/transactions/transaction-sender.ts";

/** What a sender is made of. */
export interface SenderParts {
  /** Nodes, in order of preference. */
  readonly rpcUrls: readonly string[];
  readonly chainId: bigint;
  /** Pays; nothing else may send from it. */
  readonly wallet: BaseWallet;
  readonly log: TransactionLog;
  readonly policy: TransactionPolicy;
  readonly poolPolicy?: RpcPoolPolicy;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
}

export interface OpenSender {
  readonly sender: ResumableSender;
  readonly pool: RpcPool;
}

/**
 * Checks the nodes, and ends what an earlier process left open before it resolves.
 * @throws ChainUnavailable when no node of the chain answers
 */
export async function openSender(parts: SenderParts): Promise<OpenSender> {
  const { rpcUrls, chainId, telemetry } = parts;
  const poolPolicy = parts.poolPolicy ?? DEFAULT_RPC_POOL_POLICY;
  const pool = await openRpcPool(rpcUrls, chainId, systemTimer, telemetry, poolPolicy);
  const sender = senderOn(pool, parts);
  await sender.resume();
  return { sender, pool };
}

/** A sender over nodes that are open already; what an earlier process left open waits for `resume`. */
export function senderOn(
  pool: RpcPool,
  {
    wallet,
    log,
    policy,
    telemetry,
    signal,
  }: Pick<SenderParts, "wallet" | "log" | "policy" | "telemetry" | "signal">,
): ResumableSender {
  const chain = createTransactionChain(pool, wallet);
  return createTransactionSender({ chain, log, timer: systemTimer, telemetry, policy, signal });
}
