// Keepers of a desk in one process: real keys, agreement and tables of account risk over the desk's chain; the markets they see are those of its last report.
import { getBytes, HDNodeWallet, toBeHex } from "ethers";
import type { DeployParameters } from "../../deploy/parameter-file.ts";
import { createAccountRiskChain } from "../../keeper/adapters/ethers/account-risk-chain.ts";
import { createOracleChain } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { createWalletSigner } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { networkKeyOf } from "../../keeper/adapters/keystore/network-key.ts";
import { createNetworkSigner } from "../../keeper/adapters/keystore/network-signer.ts";
import { createGossipRoom } from "../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../keeper/adapters/memory/keeper-store.ts";
import { systemTimer } from "../../keeper/adapters/system/timer.ts";
import { NO_SENDER } from "../../keeper/cli/keeper/no-sender.ts";
import { DEFAULT_PARAMETERS, slotAt } from "../../keeper/core/protocol/parameters.ts";
import type { MarketsView } from "../../keeper/core/report/aggregate.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import { unpackSmileWord, unpackStoredMarketWord } from "../../keeper/core/report/words.ts";
import type { AccountRiskChain } from "../../keeper/ports/account-risk-chain.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import { createAccountRisk, type AccountRiskTables } from "../../keeper/services/account-risk.ts";
import { joinAgreement, type Agreement } from "../../keeper/services/protocol/agreement.ts";
import { keccak } from "./account-risk-double.ts";
import { BTC, ETH, type Desk } from "./ballast-desk.ts";
import { recordingTelemetry } from "./keeper-doubles.ts";

/** Hardhat's accounts come from its well-known phrase. */
const PHRASE = "test test test test test test test test test test test junk";
const KEY_BYTES = 32;
const FIRST_PORT = 9_401;
const LOOK_MS = 20;
const FINAL_MS = 20_000;
/** A report is due in every slot. */
const PARAMETERS = { ...DEFAULT_PARAMETERS, heartbeatSeconds: 1 };

const networkOf = (index: number) =>
  createNetworkSigner(networkKeyOf(getBytes(toBeHex(index + 1, KEY_BYTES))));
const walletOf = (account: number) =>
  HDNodeWallet.fromPhrase(PHRASE, undefined, `m/44'/60'/0'/0/${account.toString()}`);

/** The parameters with keepers at these accounts, f of whom may be faulty. */
export const keptBy =
  (accounts: readonly number[], faults: number) =>
  (parameters: DeployParameters): DeployParameters => ({
    ...parameters,
    keepers: {
      ...parameters.keepers,
      faults,
      entries: accounts.map((account, index) => ({
        reportKey: { account },
        networkKey: networkOf(index).publicKey,
        endpoint: `/ip4/127.0.0.1/tcp/${(FIRST_PORT + index).toString()}`,
        payee: { account },
        operator: { account },
      })),
    },
  });

/** How a keeper, by index, differs from an honest one. */
export interface RiskConduct {
  /** What it names in place of its own root. */
  readonly names?: () => Hex;
  /** What it sees of the chain. */
  readonly sees?: (chain: AccountRiskChain) => AccountRiskChain;
}

export interface RiskKeepers {
  readonly tables: readonly AccountRiskTables[];
  /** The chain's next slot comes, and the keepers agree on a report. */
  nextReport(): Promise<SignedReport>;
  stop(): void;
}

/** @param epoch in which they begin, later than that of every report on the chain */
export async function joinRiskKeepers(
  { ballast, connection, now }: Desk,
  accounts: readonly number[],
  epoch: bigint,
  conducts: Readonly<Record<number, RiskConduct>>,
): Promise<RiskKeepers> {
  const { provider } = connection.ethers;
  const at = async (contract: { getAddress(): Promise<string> }) => asHex(await contract.getAddress());
  const riskOracle = await at(ballast.oracle);
  const oracleChain = createOracleChain(
    {
      riskOracle,
      keeperRegistry: await at(ballast.keepers),
      scenarioStore: await at(ballast.scenarios),
      riskConfig: await at(ballast.config),
      keeperRewards: await at(ballast.rewards),
    },
    provider,
    NO_SENDER,
  );
  const riskChain = createAccountRiskChain(
    { riskOracle, clearingHouse: await at(ballast.house), marginLens: await at(ballast.lens) },
    provider,
  );
  const room = createGossipRoom();
  const stop = new AbortController();
  const { signal } = stop;
  const finals: SignedReport[] = [];
  const tables: AccountRiskTables[] = [];
  const joined: Agreement[] = [];
  let nowSeconds = await now();
  for (const [index, account] of accounts.entries()) {
    const { names, sees = (chain: AccountRiskChain) => chain } = conducts[index] ?? {};
    const signer = createWalletSigner(walletOf(account));
    const telemetry = recordingTelemetry();
    const own = createAccountRisk({
      chain: sees(riskChain),
      timer: systemTimer,
      telemetry,
      keccak256: keccak,
      lookMs: LOOK_MS,
    });
    void own.follow(signal);
    tables.push(own);
    const store = createMemoryStore();
    await store.saveView({ epoch, wish: epoch });
    const parts = {
      chain: oracleChain,
      gossip: room.join(signer.address),
      signer,
      network: networkOf(index),
      store,
      clock: { nowSeconds: () => nowSeconds },
      timer: systemTimer,
      telemetry,
      parameters: PARAMETERS,
      participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
      observe: async () => ({ ...(await lastView(ballast)), accountRoot: (names ?? own.root)() }),
    };
    joined.push(await joinAgreement(parts, (final) => finals.push(final), signal));
  }
  return {
    tables,
    nextReport: async () => {
      const before = finals.length;
      const next = slotAt(await now(), PARAMETERS) + 1;
      nowSeconds = next * PARAMETERS.slotSeconds;
      await connection.networkHelpers.time.increaseTo(nowSeconds);
      await Promise.all(joined.map((agreement) => agreement.beginSlot(next)));
      for (const end = performance.now() + FINAL_MS; performance.now() < end;) {
        const final = finals[before];
        if (final !== undefined) return final;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      throw new Error(`no report of slot ${next.toString()}`);
    },
    stop: () => {
      stop.abort(new Error("the keepers are told to end"));
    },
  };
}

/** What the chain's last report says: keepers whose market stands still. */
async function lastView({ oracle }: Desk["ballast"]): Promise<MarketsView> {
  const markets = await Promise.all(
    [BTC, ETH].map(async (market) => {
      const { marketWord, smiles } = await oracle.marketState(market);
      return { market: unpackStoredMarketWord(marketWord), smiles: smiles.map(unpackSmileWord) };
    }),
  );
  return { pegBps: 10_000, markets };
}
