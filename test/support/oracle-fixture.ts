import { network } from "hardhat";
import { AbiCoder, id, keccak256, ZeroAddress, ZeroHash, type HDNodeWallet } from "ethers";
import type { OracleAddresses } from "../../keeper/adapters/ethers/oracle-chain.ts";
import { asHex } from "../../keeper/ports/hex.ts";
import { keeperEntries } from "./keeper-entries.ts";
import { liquidationParams, marginParams, oracleParams } from "./risk-params.ts";
import {
  ballastDomain,
  draft,
  packed,
  REPORT_TYPES,
  signHash,
  testKeepers,
  typedHash,
  type ReportDraft,
} from "./risk-reports.ts";

const FAULTS = 1;
const OVERLAP_SECONDS = 3_600n;
const FEED_DECIMALS = 8;
const SPOT_USD = [3_000n, 100_000n];
const E8 = 10n ** 8n;

/** What EIP-712 hashes of a report, computed by ethers alone. */
export const reportHash = (report: ReportDraft, chainId: bigint, oracle: string): string => {
  const { markets, smiles, ...head } = packed(report);
  const payload = AbiCoder.defaultAbiCoder().encode(
    ["uint16", "bytes32", "uint256[]", "uint256[]"],
    [report.pegBps, report.accountRoot, markets, smiles],
  );
  const { configDigest, epoch, round, observedAt, blockNumber, blockHash } = head;
  const message = {
    configDigest,
    epoch,
    round,
    observedAt,
    blockNumber,
    blockHash,
    payloadHash: keccak256(payload),
  };
  return typedHash(ballastDomain(chainId, oracle), REPORT_TYPES, message);
};

/** A chain with the oracle's contracts, owned by the first account. */
export const deployOracle = async ({ faults = FAULTS, feeds = false } = {}) => {
  const connection = await network.create();
  const { ethers, networkHelpers } = connection;
  const [owner] = await ethers.getSigners();
  if (owner === undefined) throw new Error("The test chain has no account.");
  const keepers = testKeepers(3 * faults + 1);
  const registry = await ethers.deployContract("KeeperRegistry", [
    owner.address,
    keeperEntries(keepers.map(({ address }) => address)),
    faults,
    ZeroHash,
    OVERLAP_SECONDS,
  ]);
  await registry.grantRole(id("CONFIGURER_ROLE"), owner.address);
  const mocks = feeds
    ? await Promise.all(
        SPOT_USD.map((usd) => ethers.deployContract("MockPriceFeed", [FEED_DECIMALS, usd * E8])),
      )
    : [];
  const feedAddresses = await Promise.all(mocks.map((mock) => mock.getAddress()));
  const config = await ethers.deployContract("RiskConfig", [
    owner.address,
    marginParams(),
    oracleParams(feedAddresses),
    liquidationParams(),
  ]);
  const oracle = await ethers.deployContract("RiskOracle", [registry, config]);
  const store = await ethers.deployContract("ScenarioStore", [registry, config]);
  const { chainId } = await ethers.provider.getNetwork();
  const oracleAddress = await oracle.getAddress();

  /** A valid report observed now, on the latest block. */
  const validDraft = async (): Promise<ReportDraft> => {
    const block = await ethers.provider.getBlock("latest");
    if (block === null) throw new Error("The test chain has no block.");
    const base = draft(BigInt(block.timestamp), await registry.configDigest());
    return { ...base, blockNumber: BigInt(block.number), blockHash: block.hash ?? ZeroHash };
  };
  const signed = (
    report: ReportDraft,
    signers: readonly HDNodeWallet[] = keepers.slice(0, 2 * faults + 1),
  ): string[] => signHash(signers, reportHash(report, chainId, oracleAddress));
  const submit = (report: ReportDraft, signatures = signed(report)) =>
    oracle.submit(packed(report), signatures);

  return {
    ethers,
    networkHelpers,
    owner,
    keepers,
    registry,
    config,
    oracle,
    store,
    mocks,
    chainId,
    validDraft,
    signed,
    submit,
  };
};

export type OracleFixture = Awaited<ReturnType<typeof deployOracle>>;

/** Where a keeper that only reads finds the oracle's contracts. */
export async function oracleAddresses(fixture: OracleFixture): Promise<OracleAddresses> {
  const addressOf = async (contract: { getAddress(): Promise<string> }) => asHex(await contract.getAddress());
  return {
    riskOracle: await addressOf(fixture.oracle),
    keeperRegistry: await addressOf(fixture.registry),
    scenarioStore: await addressOf(fixture.store),
    riskConfig: await addressOf(fixture.config),
    keeperRewards: asHex(ZeroAddress),
  };
}
