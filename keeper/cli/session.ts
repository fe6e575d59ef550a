import {
  BaseContract,
  type ContractRunner,
  type ContractTransactionResponse,
  type Interface,
  JsonRpcProvider,
  Network,
  type Signer,
} from "ethers";
import { IAccountRiskVerifier__factory } from "../../types/ethers-contracts/factories/interfaces/IAccountRiskVerifier__factory.ts";
import { IClearingHouse__factory } from "../../types/ethers-contracts/factories/interfaces/IClearingHouse__factory.ts";
import { ICollateralVault__factory } from "../../types/ethers-contracts/factories/interfaces/ICollateralVault__factory.ts";
import { IInstrumentRegistry__factory } from "../../types/ethers-contracts/factories/interfaces/IInstrumentRegistry__factory.ts";
import { IKeeperRegistry__factory } from "../../types/ethers-contracts/factories/interfaces/IKeeperRegistry__factory.ts";
import { IKeeperRewards__factory } from "../../types/ethers-contracts/factories/interfaces/IKeeperRewards__factory.ts";
import { ILiquidationEngine__factory } from "../../types/ethers-contracts/factories/interfaces/ILiquidationEngine__factory.ts";
import { IMarginEngine__factory } from "../../types/ethers-contracts/factories/interfaces/IMarginEngine__factory.ts";
import { IMarginLens__factory } from "../../types/ethers-contracts/factories/interfaces/IMarginLens__factory.ts";
import { IRiskConfig__factory } from "../../types/ethers-contracts/factories/interfaces/IRiskConfig__factory.ts";
import { IRiskOracle__factory } from "../../types/ethers-contracts/factories/interfaces/IRiskOracle__factory.ts";
import { IScenarioStore__factory } from "../../types/ethers-contracts/factories/interfaces/IScenarioStore__factory.ts";
import { ISettlement__factory } from "../../types/ethers-contracts/factories/interfaces/ISettlement__factory.ts";
import { Exchange__factory } from "../../types/ethers-contracts/factories/trading/Exchange__factory.ts";
import { BallastGovernor__factory } from "../../types/ethers-contracts/factories/governance/BallastGovernor__factory.ts";
import { BallastToken__factory } from "../../types/ethers-contracts/factories/governance/BallastToken__factory.ts";
import { KeeperStaking__factory } from "../../types/ethers-contracts/factories/oracle/KeeperStaking__factory.ts";
import { refusing } from "../adapters/ethers/refusal.ts";
import { loadDeployment, type ContractAddresses, type Deployment } from "../config.ts";
import { CommandError } from "./failure.ts";
import { openSigner, type KeyChoice } from "./key.ts";

const POLLING_MS = 250;
const NO_CACHE = -1;

/** The house's contracts as one runner sees them. */
type Contracts = ReturnType<typeof connectContracts>;

/** An open connection to one deployed house. */
export interface Session {
  readonly deployment: Deployment;
  readonly provider: JsonRpcProvider;
  /** For reading. */
  readonly contracts: Contracts;
  /** The key of this command; opened at most once. */
  signer(): Promise<Signer>;
  /** For writing, with this command's key. */
  signed(): Promise<Contracts>;
  /** Sends a transaction and waits for it; a refusal names the contract's own error. */
  transact(action: string, send: () => Promise<ContractTransactionResponse>): Promise<MinedTransaction>;
  /** Reads; a refusal names the contract's own error. */
  read<T>(action: string, run: () => Promise<T>): Promise<T>;
  close(): void;
}

interface MinedTransaction {
  readonly hash: string;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
}

export interface SessionChoice extends KeyChoice {
  readonly deploymentFile: string;
  readonly rpcUrl: string | null;
}

/** The part of a token that the command line uses. */
export interface Erc20 {
  symbol(): Promise<string>;
  decimals(): Promise<bigint>;
  balanceOf(holder: string): Promise<bigint>;
  allowance(owner: string, spender: string): Promise<bigint>;
  approve(spender: string, units: bigint): Promise<ContractTransactionResponse>;
}

const ERC20_ABI = [
  "function symbol() view returns (string)",
  "function decimals() view returns (uint8)",
  "function balanceOf(address) view returns (uint256)",
  "function allowance(address, address) view returns (uint256)",
  "function approve(address, uint256) returns (bool)",
];

export function connectToken(address: string, runner: ContractRunner): Erc20 {
  return BaseContract.from<Erc20>(address, ERC20_ABI, runner);
}

function connectContracts(addresses: ContractAddresses, runner: ContractRunner) {
  return {
    clearingHouse: IClearingHouse__factory.connect(addresses.clearingHouse, runner),
    vault: ICollateralVault__factory.connect(addresses.collateralVault, runner),
    registry: IInstrumentRegistry__factory.connect(addresses.instrumentRegistry, runner),
    settlement: ISettlement__factory.connect(addresses.settlement, runner),
    exchange: Exchange__factory.connect(addresses.exchange, runner),
    marginEngine: IMarginEngine__factory.connect(addresses.marginEngine, runner),
    lens: IMarginLens__factory.connect(addresses.marginLens, runner),
    accountRisk: IAccountRiskVerifier__factory.connect(addresses.accountRiskVerifier, runner),
    oracle: IRiskOracle__factory.connect(addresses.riskOracle, runner),
    keepers: IKeeperRegistry__factory.connect(addresses.keeperRegistry, runner),
    staking: KeeperStaking__factory.connect(addresses.keeperStaking, runner),
    rewards: IKeeperRewards__factory.connect(addresses.keeperRewards, runner),
    scenarios: IScenarioStore__factory.connect(addresses.scenarioStore, runner),
    config: IRiskConfig__factory.connect(addresses.riskConfig, runner),
    liquidation: ILiquidationEngine__factory.connect(addresses.liquidationEngine, runner),
    governor: BallastGovernor__factory.connect(addresses.governor, runner),
  };
}

/** @throws CommandError when the node does not answer or serves another chain; ConfigError for the deployment file */
export async function openSession(choice: SessionChoice): Promise<Session> {
  const deployment = loadDeployment(choice.deploymentFile);
  const url = choice.rpcUrl ?? deployment.rpcUrl;
  const provider = new JsonRpcProvider(url, undefined, {
    staticNetwork: Network.from(deployment.chainId),
    pollingInterval: POLLING_MS,
    // A command sends one transaction after another: a nonce that is remembered from before the last one is wrong.
    cacheTimeout: NO_CACHE,
  });
  await requireChain(provider, url, deployment.chainId);
  const contracts = connectContracts(deployment.addresses, provider);
  // A token's errors are those of ERC-6093, whichever token it is.
  const interfaces: readonly Interface[] = [
    ...Object.values(contracts).map((contract) => contract.interface),
    BallastToken__factory.createInterface(),
  ];
  let opened: Promise<Signer> | null = null;
  const signer = () => (opened ??= openSigner(choice, provider));
  return {
    deployment,
    provider,
    contracts,
    signer,
    signed: async () => connectContracts(deployment.addresses, await signer()),
    transact: (action, send) =>
      refusing(action, interfaces, async () => {
        const receipt = await (await send()).wait();
        if (receipt === null) throw new Error("the transaction was sent but has no receipt: look it up");
        return { hash: receipt.hash, blockNumber: receipt.blockNumber, gasUsed: receipt.gasUsed };
      }),
    read: (action, run) => refusing(action, interfaces, run),
    close: () => {
      provider.destroy();
    },
  };
}

async function requireChain(provider: JsonRpcProvider, url: string, chainId: number): Promise<void> {
  let answer: unknown;
  try {
    answer = await provider.send("eth_chainId", []);
  } catch (error) {
    provider.destroy();
    throw new CommandError(
      "no-node",
      `no node answers at ${url}`,
      "start the node, or name another with --rpc-url (or BALLAST_RPC_URL)",
      { cause: error },
    );
  }
  if (BigInt(String(answer)) !== BigInt(chainId)) {
    provider.destroy();
    throw new CommandError(
      "wrong-chain",
      `the node at ${url} serves chain ${BigInt(String(answer)).toString()}, the deployment is on ${chainId}`,
      "point --rpc-url and --deployment at the same chain",
    );
  }
}
