import type { Provider, Signer } from "ethers";
import type { KeeperRegistry } from "../../../types/ethers-contracts/oracle/KeeperRegistry.ts";
import type { MarketOracleParamsStructOutput } from "../../../types/ethers-contracts/governance/RiskConfig.ts";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { ScenarioStore__factory } from "../../../types/ethers-contracts/factories/oracle/ScenarioStore__factory.ts";
import { decodeMarketState } from "../../core/report/market-state.ts";
import { unpackMarketWord, unpackSmileWord } from "../../core/report/words.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type {
  ChainBlock,
  ForecastLimits,
  KeeperSet,
  OracleChain,
  StoredMarket,
  SubmittedTransaction,
} from "../../ports/oracle-chain.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import { refusing } from "./refusal.ts";

/** Addresses of the contracts keepers talk to. */
export interface OracleAddresses {
  readonly riskOracle: Hex;
  readonly keeperRegistry: Hex;
  readonly scenarioStore: Hex;
  readonly riskConfig: Hex;
}

interface Eip5267 {
  eip712Domain(): Promise<{ name: string; version: string; chainId: bigint; verifyingContract: string }>;
}

/** The oracle contracts through ethers; `transmitter` pays for the transactions. */
export function createOracleChain(
  addresses: OracleAddresses,
  provider: Provider,
  transmitter: Signer,
): OracleChain {
  const oracle = RiskOracle__factory.connect(addresses.riskOracle, transmitter);
  const registry = KeeperRegistry__factory.connect(addresses.keeperRegistry, provider);
  const store = ScenarioStore__factory.connect(addresses.scenarioStore, transmitter);
  const config = RiskConfig__factory.connect(addresses.riskConfig, provider);
  const interfaces = [oracle.interface, store.interface, registry.interface];

  const submit = (
    action: string,
    send: () => Promise<{ wait(): Promise<unknown> }>,
  ): Promise<SubmittedTransaction> =>
    refusing(action, interfaces, async () => receiptOf(await (await send()).wait()));

  return {
    oracleDomain: () => domainOf(oracle),
    scenarioDomain: () => domainOf(store),
    latestBlock: async () => {
      const latest = await blockOf(provider, "latest");
      if (latest === null)
        throw new Error("the node returned no latest block: check that it is synchronised");
      return latest;
    },
    block: (number) => blockOf(provider, number),
    header: async () => {
      const { epoch, round, observedAt } = await oracle.header();
      return { epoch, round: Number(round), observedAtSeconds: Number(observedAt) };
    },
    keeperSet: () => readKeeperSet(registry),
    forecastLimits: async () => (await config.oracleParams()).markets.map(forecastLimitsOf),
    storedMarket: async (market) => {
      const { marketWord, smiles } = await oracle.marketState(market);
      return marketWord === 0n ? null : decodeStored(marketWord, smiles);
    },
    submitReport: (report, signatures) =>
      submit("submitting a report", () =>
        oracle.submit({ ...report, markets: [...report.markets], smiles: [...report.smiles] }, [
          ...signatures,
        ]),
      ),
    scenarioSetId: async () => (await store.current()).setId,
    publishScenarioSet: (setId, data, configDigest, signatures) =>
      submit("publishing a scenario set", () => store.publish(setId, data, configDigest, [...signatures])),
  };
}

async function readKeeperSet(registry: KeeperRegistry): Promise<KeeperSet> {
  const [configDigest, keepers, faults, quorum] = await Promise.all([
    registry.configDigest(),
    registry.keepers(),
    registry.faults(),
    registry.quorum(),
  ]);
  return {
    configDigest: asHex(configDigest),
    keepers: keepers.map(asHex),
    faults: Number(faults),
    quorum: Number(quorum),
  };
}

function forecastLimitsOf(params: MarketOracleParamsStructOutput): ForecastLimits {
  const { market, minSigmaE9, maxSigmaE9, maxSigmaUpBps, maxSigmaDownBpsPerHour, minPsiE9, maxPsiE9 } =
    params;
  return {
    market: Number(market),
    minSigmaE9,
    maxSigmaE9,
    maxSigmaUpBps,
    maxSigmaDownBpsPerHour,
    minPsiE9,
    maxPsiE9,
  };
}

function decodeStored(marketWord: bigint, smileWords: readonly bigint[]): StoredMarket {
  const fields = unpackMarketWord(marketWord);
  const { smiles } = decodeMarketState(fields, smileWords.map(unpackSmileWord));
  return { spotE8: fields.spotE8, sigmaE9: fields.sigmaE9, psiE9: fields.psiE9, smiles };
}

async function domainOf(contract: Eip5267): Promise<SigningDomain> {
  const { name, version, chainId, verifyingContract } = await contract.eip712Domain();
  return { name, version, chainId, verifyingContract: asHex(verifyingContract) };
}

async function blockOf(provider: Provider, tag: bigint | "latest"): Promise<ChainBlock | null> {
  const block = await provider.getBlock(tag);
  if (!block?.hash) return null;
  return { number: BigInt(block.number), hash: asHex(block.hash), timestampSeconds: block.timestamp };
}

function receiptOf(receipt: unknown): SubmittedTransaction {
  if (typeof receipt === "object" && receipt !== null && "hash" in receipt && "gasUsed" in receipt) {
    return { hash: asHex(String(receipt.hash)), gasUsed: BigInt(String(receipt.gasUsed)) };
  }
  throw new Error("the transaction was sent but its receipt is missing: look it up before sending again");
}
