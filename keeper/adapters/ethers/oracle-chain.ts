import { type Interface, MaxUint256, type Provider } from "ethers";
import type { MarketLimits } from "../../core/report/report-checks.ts";
import type { RiskReport } from "../../core/report/typed-data.ts";
import type { KeeperRegistry } from "../../../types/ethers-contracts/oracle/KeeperRegistry.ts";
import type { RiskOracle } from "../../../types/ethers-contracts/oracle/RiskOracle.ts";
import type { MarketOracleParamsStructOutput } from "../../../types/ethers-contracts/governance/RiskConfig.ts";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { KeeperRewards__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRewards__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { ScenarioStore__factory } from "../../../types/ethers-contracts/factories/oracle/ScenarioStore__factory.ts";
import { decodeMarketState } from "../../core/report/market-state.ts";
import { unpackStoredMarketWord, unpackSmileWord } from "../../core/report/words.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type {
  ChainBlock,
  KeeperSet,
  LastReport,
  OracleChain,
  OracleHeader,
  StoredMarket,
  SubmittedTransaction,
} from "../../ports/oracle-chain.ts";
import type { SigningDomain } from "../../ports/signer.ts";
import type { TransactionRequest, TransactionSender } from "../../ports/transaction-sender.ts";
import { readGuardingFeeds } from "./guarding-feeds.ts";
import { sendOrRefuse } from "./refusal.ts";

/** Addresses of the contracts keepers talk to. */
export interface OracleAddresses {
  readonly riskOracle: Hex;
  readonly keeperRegistry: Hex;
  readonly scenarioStore: Hex;
  readonly riskConfig: Hex;
  /** Counts what a report's signers and its carrier are paid for; reports go through it. */
  readonly keeperRewards: Hex;
}

/** With these the oracle refuses a report when it has it already, or one of a later round or observation. */
const OVERTAKEN = ["EpochRoundNotRising", "ObservedAtNotRising"] as const;

interface Eip5267 {
  eip712Domain(): Promise<{ name: string; version: string; chainId: bigint; verifyingContract: string }>;
}

const ORACLE = RiskOracle__factory.createInterface();
const REWARDS = KeeperRewards__factory.createInterface();
/** A position of no keeper: the pay for carrying a report goes to nobody. */
const NOBODY = MaxUint256;

/**
 * The oracle contracts through ethers; the account of `sender` pays for the transactions.
 * @param carrier report key that is paid for carrying reports; null: nobody's
 */
export function createOracleChain(
  addresses: OracleAddresses,
  provider: Provider,
  sender: TransactionSender,
  carrier: Hex | null = null,
): OracleChain {
  const oracle = RiskOracle__factory.connect(addresses.riskOracle, provider);
  const registry = KeeperRegistry__factory.connect(addresses.keeperRegistry, provider);
  const store = ScenarioStore__factory.connect(addresses.scenarioStore, provider);
  const config = RiskConfig__factory.connect(addresses.riskConfig, provider);
  const interfaces = [oracle.interface, store.interface, registry.interface, REWARDS];

  const submit = async (
    action: string,
    request: TransactionRequest,
  ): Promise<SubmittedTransaction | null> => {
    const sent = await sendOrRefuse(sender, action, interfaces, request);
    return sent.kind === "already-done" ? null : { hash: sent.hash, gasUsed: sent.gasUsed };
  };

  return {
    oracleDomain: () => domainOf(oracle),
    scenarioDomain: () => domainOf(store),
    latestBlock: () => latestBlock(provider),
    block: (number) => blockOf(provider, number),
    header: () => headerOf(oracle),
    quarantinedMarkets: async () => Number(await oracle.quarantinedCount()),
    keeperSet: async () => readKeeperSet(registry, await provider.getBlockNumber()),
    reportLimits: async () => {
      const { minPegBps, maxPegBps, markets } = await config.oracleParams();
      return { minPegBps, maxPegBps, markets: markets.map(marketLimitsOf) };
    },
    guardingFeeds: async () => {
      const at = { blockTag: await provider.getBlockNumber() };
      return readGuardingFeeds((await config.oracleParams(at)).markets, provider, at);
    },
    lastReport: async (markets, blockNumber) =>
      readLastReport(oracle, markets, blockNumber ?? (await provider.getBlockNumber())),
    submitReport: async (report, signatures) => {
      const position = await positionOf(carrier, registry, report.configDigest);
      return submit("submitting a report", reportRequest(addresses, report, signatures, position));
    },
    scenarioSet: async () => {
      const { setId, dataHash } = await store.current();
      return { setId, dataHash: asHex(dataHash) };
    },
    publishScenarioSet: (setId, data, configDigest, signatures) =>
      submit("publishing a scenario set", {
        id: `scenarios/${addresses.scenarioStore}/${configDigest}/${setId.toString()}`,
        to: addresses.scenarioStore,
        data: asHex(
          store.interface.encodeFunctionData("publish", [setId, data, configDigest, [...signatures]]),
        ),
        doneErrors: [selectorOf(store.interface, "SetIdNotRising")],
      }),
  };
}

async function headerOf(
  oracle: RiskOracle,
  at: { readonly blockTag?: bigint | number } = {},
): Promise<OracleHeader> {
  const { epoch, round, observedAt } = await oracle.header(at);
  return { epoch, round: Number(round), observedAtSeconds: Number(observedAt) };
}

async function readLastReport(
  oracle: RiskOracle,
  markets: readonly number[],
  blockTag: bigint | number,
): Promise<LastReport> {
  const at = { blockTag };
  const [header, ...stored] = await Promise.all([
    headerOf(oracle, at),
    ...markets.map(async (market) => {
      const { marketWord, smiles } = await oracle.marketState(market, at);
      return marketWord === 0n ? [] : [[market, decodeStored(marketWord, smiles)] as const];
    }),
  ]);
  return { header, markets: new Map(stored.flat()) };
}

/** All of it as of one block: another set may come into force between two reads. */
export async function readKeeperSet(registry: KeeperRegistry, blockTag: number): Promise<KeeperSet> {
  const at = { blockTag };
  const [configDigest, entries, counting, faults, quorum] = await Promise.all([
    registry.configDigest(at),
    registry.entries(at),
    registry.keepers(at),
    registry.faults(at),
    registry.quorum(at),
  ]);
  // Whoever was excluded stands in the entries, which the digest covers, and counts no more.
  const members = entries.filter(({ reportKey }) => counting.includes(reportKey));
  return {
    configDigest: asHex(configDigest),
    keepers: members.map(({ reportKey }) => asHex(reportKey)),
    networkKeys: members.map(({ networkKey }) => asHex(networkKey)),
    faults: Number(faults),
    quorum: Number(quorum),
  };
}

function marketLimitsOf(params: MarketOracleParamsStructOutput): MarketLimits {
  return {
    market: Number(params.market),
    minSpotE8: params.minSpotE8,
    maxSpotE8: params.maxSpotE8,
    maxSpotChangeBps: params.maxSpotChangeBps,
    minSigmaE9: params.minSigmaE9,
    maxSigmaE9: params.maxSigmaE9,
    maxSigmaUpBps: params.maxSigmaUpBps,
    maxSigmaDownBpsPerHour: params.maxSigmaDownBpsPerHour,
    minPsiE9: params.minPsiE9,
    maxPsiE9: params.maxPsiE9,
    maxDispersionBps: params.maxDispersionBps,
    minForwardRatioE8: params.minForwardRatioE8,
    maxForwardRatioE8: params.maxForwardRatioE8,
    minDiscountE9: params.minDiscountE9,
    maxDiscountE9: params.maxDiscountE9,
    minAtmVolBps: params.minAtmVolBps,
    maxAtmVolBps: params.maxAtmVolBps,
  };
}

function decodeStored(marketWord: bigint, smileWords: readonly bigint[]): StoredMarket {
  const fields = unpackStoredMarketWord(marketWord);
  const { smiles } = decodeMarketState(fields, smileWords.map(unpackSmileWord));
  return { spotE8: fields.spotE8, sigmaE9: fields.sigmaE9, psiE9: fields.psiE9, smiles };
}

async function domainOf(contract: Eip5267): Promise<SigningDomain> {
  const { name, version, chainId, verifyingContract } = await contract.eip712Domain();
  return { name, version, chainId, verifyingContract: asHex(verifyingContract) };
}

async function latestBlock(provider: Provider): Promise<ChainBlock> {
  const latest = await blockOf(provider, "latest");
  if (latest === null) throw new Error("the node returned no latest block: check that it is synchronised");
  return latest;
}

export async function blockOf(provider: Provider, tag: bigint | "latest"): Promise<ChainBlock | null> {
  const block = await provider.getBlock(tag);
  if (!block?.hash) return null;
  return { number: BigInt(block.number), hash: asHex(block.hash), timestampSeconds: block.timestamp };
}

/** Where the carrier's key stands in a configuration. */
async function positionOf(carrier: Hex | null, registry: KeeperRegistry, configDigest: Hex): Promise<bigint> {
  if (carrier === null) return NOBODY;
  const position = (await registry.keysOf(configDigest)).indexOf(carrier);
  return position < 0 ? NOBODY : BigInt(position);
}

function reportRequest(
  { riskOracle, keeperRewards }: OracleAddresses,
  report: RiskReport,
  signatures: readonly Hex[],
  carrier: bigint,
): TransactionRequest {
  const struct = { ...report, markets: [...report.markets], smiles: [...report.smiles] };
  return {
    id: `report/${riskOracle}/${report.configDigest}/${report.epoch.toString()}/${report.round.toString()}`,
    to: keeperRewards,
    data: asHex(REWARDS.encodeFunctionData("submit", [struct, [...signatures], carrier])),
    doneErrors: OVERTAKEN.map((name) => selectorOf(ORACLE, name)),
  };
}

/** First four bytes of a contract error's revert data. */
export function selectorOf(contract: Interface, errorName: string): Hex {
  const error = contract.getError(errorName);
  if (error === null) throw new Error(`the contract has no error ${errorName}: its interface has changed`);
  return asHex(error.selector);
}
