import { getBytes, id, type JsonRpcProvider } from "ethers";
import { createOracleChain, type OracleAddresses } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { createWalletSigner } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createGossipRoom } from "../../keeper/adapters/memory/gossip.ts";
import { createMemorySigningRecord } from "../../keeper/adapters/memory/signing-record.ts";
import { createMemoryTransactionLog } from "../../keeper/adapters/memory/transaction-log.ts";
import { type Replay, replayBy } from "../../keeper/adapters/replay/replay.ts";
import { openSender } from "../../keeper/cli/open-sender.ts";
import { createKeeper, type Keeper } from "../../keeper/keeper.ts";
import type { Clock } from "../../keeper/ports/clock.ts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import type { Telemetry } from "../../keeper/ports/telemetry.ts";
import { LOCAL_TRANSACTION_POLICY } from "../../keeper/services/transactions/transaction-policy.ts";
import type { HDNodeWallet } from "ethers";
import type { MarketNumbers } from "./listing.ts";

/** The keepers' work as the replay sees it. */
export interface KeeperNetwork {
  /** One round: all keepers observe, agree, sign; the leader posts. Returns the gas of the whole transaction. */
  postReport(observedAtSeconds: number): Promise<bigint>;
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
  const keepers: readonly Keeper[] = keys.map((key) => {
    const signer = createWalletSigner(key);
    return createKeeper({
      chain,
      gossip: room.join(signer.address),
      signer,
      network: createNetworkSigner(networkKeyOf(getBytes(id(key.privateKey)))),
      record: createMemorySigningRecord(),
      telemetry,
      observer: { listings, marketData: replayBy(replay, clock) },
    });
  });
  for (const keeper of keepers) keeper.start(stopped.signal);
  const leader = async (epoch: bigint): Promise<Keeper> => {
    for (const keeper of keepers) if (await keeper.leads(epoch)) return keeper;
    throw new Error(`no keeper of this process leads epoch ${epoch.toString()}`);
  };
  const limit = () => AbortSignal.any([stopped.signal, AbortSignal.timeout(ROUND_TIMEOUT_MS)]);
  return {
    postReport: async (observedAtSeconds) => {
      const epoch = (await chain.header()).epoch + 1n;
      const keeper = await leader(epoch);
      const posted = await keeper.transmit(await keeper.leadRound(epoch, observedAtSeconds, limit()));
      if (posted === null)
        throw new Error(`the report of epoch ${epoch.toString()} was not new to the chain`);
      return posted.gasUsed;
    },
    publishScenarios: async () => {
      const setId = (await chain.scenarioSetId()) + 1n;
      const keeper = await leader(setId);
      const { data, configDigest, signatures } = await keeper.leadScenarioSet(setId, limit());
      await chain.publishScenarioSet(setId, data, configDigest, signatures);
    },
    stop: () => {
      stopped.abort(new Error("the keepers were stopped"));
    },
  };
}
