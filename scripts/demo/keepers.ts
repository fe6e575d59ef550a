import { getBytes, id, type JsonRpcProvider } from "ethers";
import { createOracleChain, type OracleAddresses } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { createWalletSigner } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createGossipRoom } from "../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import { createMemoryTransactionLog } from "../../keeper/adapters/memory/transaction-log.ts";
import { type Replay, replayBy } from "../../keeper/adapters/replay/replay.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { openSender } from "../../keeper/cli/open-sender.ts";
import {
  DEFAULT_PARAMETERS,
  slotAt,
  type ProtocolParameters,
} from "../../keeper/core/protocol/parameters.ts";
import { nameOfRound } from "../../keeper/core/protocol/round-id.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import { createKeeper, type JoinedKeeper } from "../../keeper/keeper.ts";
import type { Clock } from "../../keeper/ports/clock.ts";
import type { SignedScenarioSet } from "../../keeper/ports/gossip.ts";
import type { OracleChain } from "../../keeper/ports/oracle-chain.ts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import type { Telemetry } from "../../keeper/ports/telemetry.ts";
import { createParticipation } from "../../keeper/services/participation.ts";
import { transmitReport } from "../../keeper/services/protocol/transmission.ts";
import { LOCAL_TRANSACTION_POLICY } from "../../keeper/services/transactions/transaction-policy.ts";
import type { HDNodeWallet } from "ethers";
import type { MarketNumbers } from "./listing.ts";

/** The keepers' work as the replay sees it. */
export interface KeeperNetwork {
  /** One slot at the clock's time: all keepers observe, agree and sign; the report is posted. Returns the gas of the whole transaction. */
  postReport(): Promise<bigint>;
  /** All keepers build the day's scenario set and sign it; the leader publishes. */
  publishScenarios(): Promise<void>;
  stop(): void;
}

export interface KeeperNetworkParts {
  readonly provider: JsonRpcProvider;
  readonly nodeUrl: string;
  readonly addresses: OracleAddresses;
  readonly numbers: MarketNumbers;
  readonly replay: Replay;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The keepers' report keys. */
  readonly keys: readonly HDNodeWallet[];
  /** Pays for the keepers' transactions. */
  readonly transmitter: HDNodeWallet;
}

/** A round that has no quorum by then has failed. */
const ROUND_TIMEOUT_MS = 60_000;
export const REPLAY_SLOT_SECONDS = 60;
/** The replay's clock stands still while a round runs, and all keepers share this process: leaders get time. */
const REPLAY_PARAMETERS: ProtocolParameters = {
  ...DEFAULT_PARAMETERS,
  slotSeconds: REPLAY_SLOT_SECONDS,
  progressMs: 45_000,
};

/** Starts keepers that share this process and a gossip room; each has its own key, its own record and makes its own observations. */
export async function startKeepers(parts: KeeperNetworkParts): Promise<KeeperNetwork> {
  const { provider, nodeUrl, addresses, numbers, replay, clock, telemetry, keys, transmitter } = parts;
  const stopped = new AbortController();
  const { chainId } = await provider.getNetwork();
  const { sender } = await openSender({
    rpcUrls: [nodeUrl],
    chainId,
    wallet: transmitter,
    log: createMemoryTransactionLog(),
    policy: LOCAL_TRANSACTION_POLICY,
    telemetry,
    signal: stopped.signal,
  });
  const chain = createOracleChain(addresses, provider, sender);
  const room = createGossipRoom();
  const listings = MARKETS.map((symbol) => ({ market: numbers[symbol], symbol })).sort(
    (a, b) => a.market - b.market,
  );
  const keepers = keys.map((key) => {
    const signer = createWalletSigner(key);
    return createKeeper({
      chain,
      gossip: room.join(signer.address),
      signer,
      network: createNetworkSigner(networkKeyOf(getBytes(id(key.privateKey)))),
      store: createMemoryStore(),
      clock,
      timer: systemTimer,
      parameters: REPLAY_PARAMETERS,
      participation: createParticipation(() => []),
      telemetry,
      observer: { listings, marketData: replayBy(replay, clock) },
    });
  });
  const reports = createWaiter<SignedReport>();
  const scenarioSets = createWaiter<SignedScenarioSet>();
  const accept = { report: reports.put, scenarioSet: scenarioSets.put };
  const joined = await Promise.all(keepers.map((keeper) => keeper.join(accept, stopped.signal)));
  return {
    ...conduct(joined, chain, clock, reports, scenarioSets),
    stop: () => {
      stopped.abort(new Error("the keepers were stopped"));
    },
  };
}

/** Begins the keepers' slots by the replay's clock and posts what they complete. */
function conduct(
  joined: readonly JoinedKeeper[],
  chain: OracleChain,
  clock: Clock,
  reports: Waiter<SignedReport>,
  scenarioSets: Waiter<SignedScenarioSet>,
): Omit<KeeperNetwork, "stop"> {
  return {
    postReport: async () => {
      const slot = slotAt(clock.nowSeconds(), REPLAY_PARAMETERS);
      const next = reports.next(({ report }) => report.round === slot);
      await Promise.all(joined.map(({ agreement }) => agreement.beginSlot(slot)));
      const final = await next;
      const posted = await transmitReport(chain, final);
      if (posted === null)
        throw new Error(`the report of round ${nameOfRound(final.report)} was not new to the chain`);
      return posted.gasUsed;
    },
    publishScenarios: async () => {
      const setId = (await chain.scenarioSetId()) + 1n;
      const next = scenarioSets.next((final) => final.setId === setId);
      await Promise.all(joined.map(({ scenarios }) => scenarios.propose()));
      const { data, configDigest, signatures } = await next;
      await chain.publishScenarioSet(setId, data, configDigest, signatures);
    },
  };
}

interface Waiter<T> {
  readonly put: (value: T) => void;
  /** The next value that fits. Rejects when it takes too long. */
  next(fits: (value: T) => boolean): Promise<T>;
}

/** Hands what the keepers complete to whoever waits for it; each keeper completes the same. */
function createWaiter<T>(): Waiter<T> {
  const waiting = new Set<(value: T) => void>();
  return {
    put: (value: T) => {
      for (const take of waiting) take(value);
    },
    next: (fits) =>
      new Promise((resolve, reject) => {
        const timeout = setTimeout(() => {
          waiting.delete(take);
          reject(new Error(`the keepers did not agree within ${ROUND_TIMEOUT_MS.toString()} ms`));
        }, ROUND_TIMEOUT_MS);
        const take = (value: T) => {
          if (!fits(value)) return;
          clearTimeout(timeout);
          waiting.delete(take);
          resolve(value);
        };
        waiting.add(take);
      }),
  };
}
