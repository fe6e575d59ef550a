import type { Provider } from "ethers";
import { RiskConfig__factory } from "../../../types/ethers-contracts/factories/governance/RiskConfig__factory.ts";
import { KeeperRegistry__factory } from "../../../types/ethers-contracts/factories/oracle/KeeperRegistry__factory.ts";
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

async function readFacts(addresses: OracleAddresses, provider: Provider): Promise<ChainFacts> {
  const [{ chainId }, block, withoutCode] = await Promise.all([
    provider.getNetwork(),
    latestBlock(provider),
    contractsWithoutCode(addresses, provider),
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
    oracle.eip712Domain(),
    readLinks(addresses, provider),
    readConsistently(registry, addresses.keeperRegistry, chainId),
    config.oracleParamsHash(),
    config.marginParamsHash(),
    config.marginParams(),
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

/** The configuration in force; read again when its parts do not fit together, because another may have come into force between two reads. */
async function readConsistently(
  registry: KeeperRegistry,
  address: Hex,
  chainId: bigint,
): Promise<Registered> {
  const first = await readRegistered(registry, address, chainId);
  return first.derivedDigest === first.keeperSet.configDigest
    ? first
    : readRegistered(registry, address, chainId);
}

async function readRegistered(registry: KeeperRegistry, address: Hex, chainId: bigint): Promise<Registered> {
  const [keeperSet, entries, configCount, hash, previous] = await Promise.all([
    readKeeperSet(registry),
    readEntries(registry),
    registry.configCount(),
    registry.parametersHash(),
    readPrevious(registry),
  ]);
  const parametersHash = asHex(hash);
  const { faults } = keeperSet;
  const configuration = { chainId, registry: address, configCount, entries, faults, parametersHash };
  return { keeperSet, parametersHash, derivedDigest: configDigestOf(configuration), entries, previous };
}

async function readPrevious(registry: KeeperRegistry): Promise<OverlappingConfiguration | null> {
  const { digest, until } = await registry.overlapping();
  return until === 0n ? null : { configDigest: asHex(digest), countsUntilSeconds: Number(until) };
}

async function readRegistration(addresses: OracleAddresses, provider: Provider): Promise<Registration> {
  const { chainId } = await provider.getNetwork();
  const registry = registryAt(addresses, provider);
  const { keeperSet, derivedDigest, entries, previous } = await readConsistently(
    registry,
    addresses.keeperRegistry,
    chainId,
  );
  const { configDigest } = keeperSet;
  if (derivedDigest !== configDigest)
    throw new Error(
      `the registry's answers make ${derivedDigest} and not its own config digest ${configDigest}: another configuration came into force meanwhile, or the node lies`,
    );
  return { configDigest, keepers: entries, previous };
}

async function readEntries(registry: KeeperRegistry): Promise<readonly RegisteredKeeper[]> {
  const entries = await registry.entries();
  return entries.map(({ reportKey, networkKey, payee, endpoint }) => ({
    reportKey: asHex(reportKey),
    networkKey: asHex(networkKey),
    payee: asHex(payee),
    endpoint,
  }));
}

async function latestBlock(provider: Provider): Promise<ChainBlock> {
  const block = await blockOf(provider, "latest");
  if (block === null) throw new Error("the node returned no latest block: check that it is synchronised");
  return block;
}

async function contractsWithoutCode(
  addresses: OracleAddresses,
  provider: Provider,
): Promise<readonly string[]> {
  const { riskOracle, keeperRegistry, scenarioStore, riskConfig } = addresses;
  const entries = Object.entries({ riskOracle, keeperRegistry, scenarioStore, riskConfig });
  const codes = await Promise.all(entries.map(([, address]) => provider.getCode(address)));
  return entries.flatMap(([name], index) => (codes[index] === NO_CODE ? [name] : []));
}

/** What the oracle and the store hold of registry and rules, against the deployment's file. */
async function readLinks(addresses: OracleAddresses, provider: Provider): Promise<readonly ContractLink[]> {
  const oracle = RiskOracle__factory.connect(addresses.riskOracle, provider);
  const store = ScenarioStore__factory.connect(addresses.scenarioStore, provider);
  const link = async (name: string, expected: Hex, read: Promise<string>): Promise<ContractLink> => ({
    name,
    expected,
    actual: asHex(await read),
  });
  return Promise.all([
    link("riskOracle.registry", addresses.keeperRegistry, oracle.registry()),
    link("riskOracle.config", addresses.riskConfig, oracle.config()),
    link("scenarioStore.registry", addresses.keeperRegistry, store.registry()),
    link("scenarioStore.config", addresses.riskConfig, store.config()),
  ]);
}
