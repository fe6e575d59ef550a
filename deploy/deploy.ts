import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";
import { ZeroAddress } from "ethers";
import {
  AccountRiskVerifier__factory,
  BallastGovernor__factory,
  BallastTimelock__factory,
  BallastToken__factory,
  ClearingHouse__factory,
  CollateralVault__factory,
  Exchange__factory,
  Guardian__factory,
  InstrumentRegistry__factory,
  InsuranceFund__factory,
  KeeperRegistry__factory,
  KeeperRewards__factory,
  KeeperSlashing__factory,
  KeeperStaking__factory,
  LiquidationEngine__factory,
  LiquidationUpkeep__factory,
  MarginEngine__factory,
  MarginLens__factory,
  MockPriceFeed__factory,
  MockToken__factory,
  ReportCarrier__factory,
  RiskConfig__factory,
  RiskOracle__factory,
  ScenarioStore__factory,
  Settlement__factory,
} from "../types/ethers-contracts/index.ts";
import { requireOwnBlocks } from "./block-hashes.ts";
import { governanceModule } from "./modules/governance.ts";
import { houseModule, type HouseInput } from "./modules/house.ts";
import { localAssetsModule, type Mock } from "./modules/local-assets.ts";
import { measurementModule, type MeasurementInput } from "./modules/measurement.ts";
import { peripheryModule } from "./modules/periphery.ts";
import type { DeployParameters, TokenChoice, Who } from "./parameter-file.ts";

type Signers = readonly HardhatEthersSigner[];
type AddressOf = (id: string) => string;
type IgnitionOptions = Readonly<{ config?: typeof LOCAL_CONFIG; deploymentId?: string }>;

/** On a local chain a block is final at once, and there is no reason to wait between looks. */
const LOCAL_CHAIN_ID = 31_337;
const LOCAL_CONFIG = { requiredConfirmations: 1, blockPollingInterval: 20 } as const;

const addressOfWho = (who: Who, signers: Signers): string => {
  if (typeof who === "string") return who;
  const signer = signers[who.account];
  if (signer === undefined) throw new Error(`The connection has no account number ${who.account}.`);
  return signer.address;
};

/** Every token and feed that the parameters want as a mock. */
const mocksOf = ({ coin, collateral, oracle }: DeployParameters): readonly Mock[] => {
  const tokens = [coin, ...collateral].flatMap(({ token }, i): readonly Mock[] =>
    typeof token === "string"
      ? []
      : [{ id: `token${i}`, contract: "MockToken", args: [token.mock.symbol, token.mock.decimals] }],
  );
  const feeds = oracle.markets.flatMap(({ feed, market }): readonly Mock[] =>
    feed === null || typeof feed === "string"
      ? []
      : [{ id: `feed${market}`, contract: "MockPriceFeed", args: [feed.mock.decimals, feed.mock.answer] }],
  );
  return [...tokens, ...feeds];
};

const byReportKey = (a: Readonly<{ reportKey: string }>, b: Readonly<{ reportKey: string }>): number =>
  BigInt(a.reportKey) < BigInt(b.reportKey) ? -1 : 1;

const keeperInput = (
  { entries, ...rest }: DeployParameters["keepers"],
  signers: Signers,
): MeasurementInput["keepers"] => ({
  ...rest,
  entries: entries
    .map(({ reportKey, networkKey, payee, endpoint }) => ({
      reportKey: addressOfWho(reportKey, signers),
      networkKey,
      payee: addressOfWho(payee, signers),
      endpoint,
    }))
    // The registry wants its keepers in rising order.
    .toSorted(byReportKey),
  operators: entries.map(({ operator }) => addressOfWho(operator, signers)),
});

const houseInput = (
  { coin, collateral, roles, settlement }: DeployParameters,
  deployer: string,
  signers: Signers,
  mock: AddressOf,
): HouseInput => {
  const tokenOf = (i: number, token: TokenChoice) => (typeof token === "string" ? token : mock(`token${i}`));
  return {
    deployer,
    guardian: addressOfWho(roles.guardian, signers),
    lister: addressOfWho(roles.lister, signers),
    coin: { ...coin, token: tokenOf(0, coin.token) },
    collateral: collateral.map((asset, i) => ({ ...asset, token: tokenOf(i + 1, asset.token) })),
    settlement,
  };
};

const measurementInput = (
  { keepers, margin, oracle, liquidation }: DeployParameters,
  deployer: string,
  signers: Signers,
  mock: AddressOf,
): MeasurementInput => ({
  deployer,
  keepers: keeperInput(keepers, signers),
  margin,
  oracle: {
    ...oracle,
    sequencerFeed: oracle.sequencerFeed ?? ZeroAddress,
    markets: oracle.markets.map(({ feed, ...market }) => {
      if (feed === null) return { ...market, feed: ZeroAddress };
      return { ...market, feed: typeof feed === "string" ? feed : mock(`feed${market.market}`) };
    }),
  },
  liquidation,
});

/** Deploys what a local chain lacks; answers with the address of each by its id. */
const deployMocks = async (
  { ignition }: NetworkConnection,
  parameters: DeployParameters,
  options: IgnitionOptions,
): Promise<AddressOf> => {
  const mocks = mocksOf(parameters);
  const assets = mocks.length === 0 ? {} : await ignition.deploy(localAssetsModule(mocks), options);
  const addresses = new Map<string, string>();
  for (const [id, contract] of Object.entries(assets)) addresses.set(id, await contract.getAddress());
  return (id) => {
    const address = addresses.get(id);
    if (address === undefined) throw new Error(`No mock was deployed for ${id}.`);
    return address;
  };
};

/**
 * Deploys the whole house through Ignition and hands every role to governance: the deployer (the connection's first account) keeps
 * nothing. Returns typed handles, connected to the deployer.
 * @param deploymentId name of Ignition's journal in deploy/deployments; default: one for each chain id
 */
export const deployBallast = async (
  connection: NetworkConnection,
  parameters: DeployParameters,
  deploymentId?: string,
) => {
  const { ethers, ignition } = connection;
  const { chainId } = await ethers.provider.getNetwork();
  if (chainId !== BigInt(parameters.chainId)) {
    throw new Error(
      `The parameters are for chain ${parameters.chainId}, the connection is to ${chainId.toString()}.`,
    );
  }
  await requireOwnBlocks(ethers.provider);
  const options: IgnitionOptions = {
    ...(chainId === BigInt(LOCAL_CHAIN_ID) && { config: LOCAL_CONFIG }),
    ...(deploymentId !== undefined && { deploymentId }),
  };
  const signers = await ethers.getSigners();
  const [runner] = signers;
  if (runner === undefined) throw new Error("The connection has no account to deploy from.");

  const mock = await deployMocks(connection, parameters, options);
  const input = houseInput(parameters, runner.address, signers, mock);
  const rules = measurementInput(parameters, runner.address, signers, mock);
  const governance = governanceModule({
    deployer: runner.address,
    votesHolder: addressOfWho(parameters.roles.votesHolder, signers),
    governance: parameters.governance,
  });
  const measurement = measurementModule(rules, governance);
  const house = await ignition.deploy(peripheryModule(houseModule(input, governance, measurement)), options);

  const at = async (contract: Readonly<{ getAddress: () => Promise<string> }>) => contract.getAddress();
  return {
    token: BallastToken__factory.connect(await at(house.token), runner),
    timelock: BallastTimelock__factory.connect(await at(house.timelock), runner),
    governor: BallastGovernor__factory.connect(await at(house.governor), runner),
    config: RiskConfig__factory.connect(await at(house.config), runner),
    keepers: KeeperRegistry__factory.connect(await at(house.keepers), runner),
    staking: KeeperStaking__factory.connect(await at(house.staking), runner),
    slashing: KeeperSlashing__factory.connect(await at(house.slashing), runner),
    rewards: KeeperRewards__factory.connect(await at(house.rewards), runner),
    oracle: RiskOracle__factory.connect(await at(house.oracle), runner),
    scenarios: ScenarioStore__factory.connect(await at(house.scenarios), runner),
    marginEngine: MarginEngine__factory.connect(await at(house.marginEngine), runner),
    vault: CollateralVault__factory.connect(await at(house.vault), runner),
    registry: InstrumentRegistry__factory.connect(await at(house.registry), runner),
    house: ClearingHouse__factory.connect(await at(house.house), runner),
    exchange: Exchange__factory.connect(await at(house.exchange), runner),
    settlement: Settlement__factory.connect(await at(house.settlement), runner),
    fund: InsuranceFund__factory.connect(await at(house.fund), runner),
    liquidation: LiquidationEngine__factory.connect(await at(house.liquidation), runner),
    upkeep: LiquidationUpkeep__factory.connect(await at(house.upkeep), runner),
    guardian: Guardian__factory.connect(await at(house.guardian), runner),
    lens: MarginLens__factory.connect(await at(house.lens), runner),
    accountRisk: AccountRiskVerifier__factory.connect(await at(house.accountRisk), runner),
    carrier: ReportCarrier__factory.connect(await at(house.carrier), runner),
    /** Mintable on a local chain; elsewhere only their ERC-20 part answers. */
    coin: MockToken__factory.connect(input.coin.token, runner),
    collateral: input.collateral.map(({ token }) => MockToken__factory.connect(token, runner)),
    /** By market, in the order of the parameters; settable on a local chain only. */
    feeds: rules.oracle.markets.map(({ feed }) => MockPriceFeed__factory.connect(feed, runner)),
  };
};

export type Ballast = Awaited<ReturnType<typeof deployBallast>>;
