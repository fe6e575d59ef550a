import type { Provider } from "ethers";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { KeeperRewards__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRewards__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { ScenarioStore__factory } from "../../../types/ethers-contracts/factories/oracle/ScenarioStore__factory.ts";
import type { RiskConfig } from "../../../types/ethers-contracts/governance/RiskConfig.ts";
import type { KeeperRegistry } from "../../../types/ethers-contracts/oracle/KeeperRegistry.ts";
import type { KeeperRewards } from "../../../types/ethers-contracts/oracle/KeeperRewards.ts";
import type { RiskOracle } from "../../../types/ethers-contracts/oracle/RiskOracle.ts";
import type { ScenarioStore } from "../../../types/ethers-contracts/oracle/ScenarioStore.ts";
import type {
  ChainFacts,
  ChainProbe,
  ContractLink,
  OverlappingConfiguration,
  RegisteredKeeper,
  Registration,
} from "../../ports/chain-probe.ts";
import { asHex, type Hex } from "../../ports/hex.ts";
import type { ChainBlock, KeeperSet } from "../../ports/oracle-chain.ts";
import { configDigestOf } from "./config-digest.ts";
import { blockOf, type OracleAddresses, readKeeperSet } from "./oracle-chain.ts";

const NO_CODE = "0x";

/** Probes the contracts that a keeper works with, through ethers. */
export function createChainProbe(addresses: OracleAddresses, provider: Provider): ChainProbe {
  const contracts = {
    oracle: RiskOracle__factory.connect(addresses.riskOracle, provider),
    registry: KeeperRegistry__factory.connect(addresses.keeperRegistry, provider),
    store: ScenarioStore__factory.connect(addresses.scenarioStore, provider),
    config: RiskConfig__factory.connect(addresses.riskConfig, provider),
    rewards: KeeperRewards__factory.connect(addresses.keeperRewards, provider),
  };
  const probed = { addresses, provider, contracts };
  return {
    facts: () => readFacts(probed),
    registeredKeepers: () => readEntries(contracts.registry),
    registration: () => readRegistration(probed),
    balanceWei: (address) => provider.getBalance(address),
  };
}

/** The contracts of a deployment, every one of which is read of. */
interface Probed {
  readonly addresses: OracleAddresses;
  readonly provider: Provider;
  readonly contracts: {
    readonly oracle: RiskOracle;
    readonly registry: KeeperRegistry;
    readonly store: ScenarioStore;
    readonly config: RiskConfig;
    readonly rewards: KeeperRewards;
  };
}

/** The block as of which the chain is read. */
interface At {
  readonly blockTag: number;
}

/** All of them as of one block: what is agreed on may change between two reads. */
async function readFacts(probed: Probed): Promise<ChainFacts> {
  const { addresses, provider } = probed;
  const at = { blockTag: await provider.getBlockNumber() };
  const [{ chainId }, block] = await Promise.all([provider.getNetwork(), blockAt(provider, at)]);
  try {
    return await readContracts(probed, { chainId, block }, at);
  } catch (error) {
    // Code is long: it is asked for only where a contract does not answer.
    const withoutCode = await contractsWithoutCode(addresses, provider, at);
    if (withoutCode.length === 0) throw error;
    return { kind: "incomplete", chainId, block, withoutCode };
  }
}

async function readContracts(
  { addresses, contracts }: Probed,
  { chainId, block }: Pick<ChainFacts, "chainId" | "block">,
  at: At,
): Promise<ChainFacts> {
  const { oracle, registry, config } = contracts;
  const [
    domain,
    links,
    { keeperSet, parametersHash, derivedDigest },
    oracleParamsHash,
    marginParamsHash,
    margin,
  ] = await Promise.all([
    oracle.eip712Domain(at),
    readLinks(addresses, contracts, at),
    readRegistered(registry, addresses.keeperRegistry, chainId, at),
    config.oracleParamsHash(at),
    config.marginParamsHash(at),
    config.marginParams(at),
  ]);
  return {
    kind: "complete",
    chainId,
    block,
    oracleVersion: domain.version,
    links,
    keeperSet,
    parametersHash,
    derivedDigest,
    oracleParamsHash: asHex(oracleParamsHash),
    marginParamsHash: asHex(marginParamsHash),
    heartbeatSeconds: Number(margin.heartbeatSeconds),
  };
}

interface Registered {
  readonly keeperSet: KeeperSet;
  readonly parametersHash: Hex;
  readonly derivedDigest: Hex;
  readonly entries: readonly RegisteredKeeper[];
  readonly previous: OverlappingConfiguration | null;
}

async function readRegistered(
  registry: KeeperRegistry,
  address: Hex,
  chainId: bigint,
  at: At,
): Promise<Registered> {
  const [keeperSet, entries, configCount, hash, previous] = await Promise.all([
    readKeeperSet(registry, at.blockTag),
    readEntries(registry, at),
    registry.configCount(at),
    registry.parametersHash(at),
    readPrevious(registry, at),
  ]);
  const parametersHash = asHex(hash);
  const { faults } = keeperSet;
  const configuration = { chainId, registry: address, configCount, entries, faults, parametersHash };
  return { keeperSet, parametersHash, derivedDigest: configDigestOf(configuration), entries, previous };
}

async function readPrevious(registry: KeeperRegistry, at: At): Promise<OverlappingConfiguration | null> {
  const { digest, until } = await registry.overlapping(at);
  return until === 0n ? null : { configDigest: asHex(digest), countsUntilSeconds: Number(until) };
}

async function readRegistration({ addresses, provider, contracts }: Probed): Promise<Registration> {
  const [{ chainId }, blockTag] = await Promise.all([provider.getNetwork(), provider.getBlockNumber()]);
  const { keeperSet, derivedDigest, entries, previous } = await readRegistered(
    contracts.registry,
    addresses.keeperRegistry,
    chainId,
    { blockTag },
  );
  const { configDigest } = keeperSet;
  if (derivedDigest !== configDigest)
    throw new Error(
      `the registry's answers make ${derivedDigest} and not its own config digest ${configDigest}: the nodes lie, or it is not the registry of this deployment`,
    );
  return { configDigest, keepers: entries, previous };
}

async function readEntries(registry: KeeperRegistry, at?: At): Promise<readonly RegisteredKeeper[]> {
  const entries = await registry.entries({ ...at });
  return entries.map(({ reportKey, networkKey, payee, endpoint }) => ({
    reportKey: asHex(reportKey),
    networkKey: asHex(networkKey),
    payee: asHex(payee),
    endpoint,
  }));
}

async function blockAt(provider: Provider, { blockTag }: At): Promise<ChainBlock> {
  const block = await blockOf(provider, BigInt(blockTag));
  if (block === null)
    throw new Error(
      `the node does not hold block ${blockTag}, which it named: check that it is synchronised`,
    );
  return block;
}

async function contractsWithoutCode(
  addresses: OracleAddresses,
  provider: Provider,
  { blockTag }: At,
): Promise<readonly string[]> {
  const { riskOracle, keeperRegistry, scenarioStore, riskConfig, keeperRewards } = addresses;
  const entries = Object.entries({ riskOracle, keeperRegistry, scenarioStore, riskConfig, keeperRewards });
  const codes = await Promise.all(entries.map(([, address]) => provider.getCode(address, blockTag)));
  return entries.flatMap(([name], index) => (codes[index] === NO_CODE ? [name] : []));
}

/** What the oracle and the store hold of registry and rules, against the deployment's file. */
async function readLinks(
  addresses: OracleAddresses,
  { oracle, store, rewards }: Probed["contracts"],
  at: At,
): Promise<readonly ContractLink[]> {
  const link = async (name: string, expected: Hex, read: Promise<string>): Promise<ContractLink> => ({
    name,
    expected,
    actual: asHex(await read),
  });
  return Promise.all([
    link("riskOracle.registry", addresses.keeperRegistry, oracle.registry(at)),
    link("riskOracle.config", addresses.riskConfig, oracle.config(at)),
    link("scenarioStore.registry", addresses.keeperRegistry, store.registry(at)),
    link("scenarioStore.config", addresses.riskConfig, store.config(at)),
    link("keeperRewards.oracle", addresses.riskOracle, rewards.oracle(at)),
    link("keeperRewards.registry", addresses.keeperRegistry, rewards.registry(at)),
  ]);
}
