import type { BaseWallet } from "ethers";
import { createOracleChain } from "../../adapters/ethers/oracle-chain.ts";
import { createSlashingChain } from "../../adapters/ethers/slashing-chain.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Hex } from "../../ports/hex.ts";
import type { OracleChain } from "../../ports/oracle-chain.ts";
import type { KeeperStore } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { proofTurns } from "../../services/proof-turns.ts";
import { createProsecution, type Prosecution } from "../../services/prosecution.ts";
import { transactionPolicy } from "../../services/transactions/transaction-policy.ts";
import type { ResumableSender } from "../../services/transactions/transaction-sender.ts";
import { senderOn } from "../open-sender.ts";
import type { OpenChain } from "./open-chain.ts";

interface SendingParts {
  readonly config: KeeperConfig;
  readonly open: OpenChain;
  /** This keeper's report key. */
  readonly self: Hex;
  /** Pays for all that the keeper sends. */
  readonly transmitter: BaseWallet;
  readonly store: KeeperStore;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
}

/** All by which a keeper acts on the chain. */
interface Sending {
  readonly sender: ResumableSender;
  readonly chain: OracleChain;
  /** Proves by turns with the others who signed two reports for one round in front of this keeper. */
  readonly prosecution: Prosecution;
}

export function openSending(parts: SendingParts): Sending {
  const { config, open, self, transmitter: wallet, store, telemetry, signal } = parts;
  const { addresses, chainId } = open.deployment;
  const policy = transactionPolicy(chainId, config.transactions);
  const sender = senderOn(open.pool, { wallet, log: store, policy, telemetry, signal });
  const chain = createOracleChain(addresses, open.provider, sender, self);
  const prosecution = createProsecution({
    store,
    chain: createSlashingChain(addresses, open.provider, sender),
    timer: systemTimer,
    telemetry,
    turnMs: proofTurns(self, chain),
  });
  return { sender, chain, prosecution };
}
