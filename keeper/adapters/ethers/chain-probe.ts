import type { Provider } from "ethers";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
import { KeeperRewards__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRewards__factory.ts";
import { RiskOracle__factory } from "../../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import { ScenarioStore__factory } from "../../../types/ethers-contracts/factories/oracle/ScenarioStore__factory.ts";
import type { KeeperRegistry } from "../../../types/ethers-contracts/oracle/KeeperRegistry.ts";
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
  return {
    facts: () => readFacts(addresses, provider),
    registeredKeepers: () => readEntries(registryAt(addresses, provider)),
    registration: () => readRegistration(addresses, provider),
    balanceWei: (address) => provider.getBalance(address),
  };
}

function registryAt({ keeperRegistry }: OracleAddresses, provider: Provider): KeeperRegistry {
  return KeeperRegistry__factory.connect(keeperRegistry, provider);
}

/** The block as of which the chain is read. */
interface At {
  readonly blockTag: number;
}

/** All of them as of one block: what is agreed on may change between two reads. */
async function readFacts(addresses: OracleAddresses, provider: Provider): Promise<ChainFacts> {
  const at = { blockTag: await provider.getBlockNumber() };
  const [{ chainId }, block, withoutCode] = await Promise.all([
    provider.getNetwork(),
    blockAt(provider, at),
    contractsWithoutCode(addresses, provider, at),
  ]);
  if (withoutCode.length > 0) return { kind: "incomplete", chainId, block, withoutCode };
  const oracle = RiskOracle__factory.connect(addresses.riskOracle, provider);
  const registry = registryAt(addresses, provider);
  const config = RiskConfig__factory.connect(addresses.riskConfig, provider);
  const [
    domain,
    links,
    { keeperSet, parametersHash, derivedDigest },
    oracleParamsHash,
    marginParamsHash,
    margin,
  ] = await Promise.all([
    oracle.eip712Domain(at),
    readLinks(addresses, provider, at),
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

async function readRegistration(addresses: OracleAddresses, provider: Provider): Promise<Registration> {
  const [{ chainId }, blockTag] = await Promise.all([provider.getNetwork(), provider.getBlockNumber()]);
  const { keeperSet, derivedDigest, entries, previous } = await readRegistered(
    registryAt(addresses, provider),
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
  provider: Provider,
  at: At,
): Promise<readonly ContractLink[]> {
  const oracle = RiskOracle__factory.connect(addresses.riskOracle, provider);
  const store = ScenarioStore__factory.connect(addresses.scenarioStore, provider);
  const rewards = KeeperRewards__factory.connect(addresses.keeperRewards, provider);
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
