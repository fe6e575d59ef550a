import { rm } from "node:fs/promises";
import type { ContractTransactionResponse, HDNodeWallet, JsonRpcProvider } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import type { ClearingAddresses } from "../../keeper/adapters/ethers/clearing-chain.ts";
import { MARKETS, type Market } from "../../keeper/ports/market-data.ts";
import { hashParameters } from "../../keeper/adapters/ethers/config-digest.ts";
import type { DeploymentRecord } from "../../keeper/cli/deployment-file.ts";
import type { ProtocolParameters } from "../../keeper/core/protocol/parameters.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";
import { deployBallast, type Ballast } from "../../deploy/deploy.ts";
import { deploymentRecord } from "../../deploy/deployment-record.ts";
import { loadParameters, type DeployParameters, type Who } from "../../deploy/parameter-file.ts";
import type { LocalKeeper } from "../network/keeper-network.ts";
import { registeredKeepers, withFreePorts, withKeepers } from "../network/registered-keepers.ts";
import { PROJECT_ROOT } from "../run-command.ts";
import type { TestTokenHandle, Tokens } from "./accounts.ts";
import { giveGasMoney, mined, testWallet, type House } from "./house.ts";
import type { MarketNumbers } from "./listing.ts";
import { REPLAY_PROTOCOL } from "./protocol.ts";
import { stakeKeepers } from "./stake-keepers.ts";

/** The house on its chain, and the keys of those who run it. */
export interface Deployment {
  readonly house: House;
  readonly tokens: Tokens;
  readonly numbers: MarketNumbers;
  readonly addresses: ClearingAddresses;
  /** What the keepers' processes are told of the house. */
  readonly record: DeploymentRecord;
  readonly keepers: readonly LocalKeeper[];
  readonly scenarios: Ballast["scenarios"];
  /** Opens accounts and carries signed orders; it holds no role. */
  readonly operator: HDNodeWallet;
  /** Pays for margin watch and settlement. */
  readonly bot: HDNodeWallet;
  /** Addresses that may hold tokens beside the accounts' wallets, the vault and the fund. */
  readonly tokenHolders: readonly string[];
  /** Sends new answers of the independent price feeds that guard the posted spots, and does not wait for their block. */
  sendFeeds(spotsUsd: Readonly<Record<Market, number>>): Promise<readonly ContractTransactionResponse[]>;
}

/** Wallets of the test mnemonic beyond those of the deployment's roles. */
const OPERATOR_WALLET = 50;
const BOT_WALLET = 52;
/** Pays for the first keeper's reports; the other keepers' follow. */
const FIRST_TRANSMITTER_WALLET = 60;
const FEED_UNITS = 1e8;

/** Which keepers the house has, and how they work. */
interface KeeperChoice {
  readonly count: number;
  readonly protocol: ProtocolParameters;
}

const DEMO_KEEPERS: KeeperChoice = { count: 4, protocol: REPLAY_PROTOCOL };

/** Deploys through Ignition to the node and returns what the demo needs, under keys of its own. */
export async function deployHouse(
  nodeUrl: string,
  provider: JsonRpcProvider,
  choice = DEMO_KEEPERS,
): Promise<Deployment> {
  const parameters = await parametersOfTheDay(choice, provider);
  const connection = await network.create({ network: "localhost", override: { url: nodeUrl } });
  const ballast = await deployOnce(connection, parameters);
  const [operator, bot] = [testWallet(OPERATOR_WALLET, provider), testWallet(BOT_WALLET, provider)];
  const keepers = registeredKeepers(
    parameters,
    (index) => testWallet(index, provider),
    FIRST_TRANSMITTER_WALLET,
  );
  await giveGasMoney(
    provider,
    [operator, bot, ...keepers.map(({ transmitter }) => transmitter)].map(({ address }) => address),
  );
  const keyOf = (who: Who): HDNodeWallet => {
    if (typeof who === "string") throw new TypeError(`the demo has no key for ${who}`);
    return testWallet(who.account, provider);
  };
  await stakeKeepers(
    ballast,
    keyOf(parameters.roles.votesHolder),
    parameters.keepers.entries.map(({ operator: owner, reportKey }) => ({
      operator: keyOf(owner),
      reportKey: keyOf(reportKey),
    })),
  );
  const numbers = { BTC: numberOf(parameters, "BTC"), ETH: numberOf(parameters, "ETH") };
  const feeds = new Map(parameters.oracle.markets.map(({ market }, index) => [market, ballast.feeds[index]]));
  return {
    house: houseOf(ballast, operator, keyOf(parameters.roles.lister), parameters),
    tokens: await tokensOf(ballast, parameters, numbers, operator),
    numbers,
    addresses: await addressesOf(ballast),
    record: await deploymentRecord(ballast, parameters, nodeUrl),
    keepers,
    scenarios: ballast.scenarios.connect(operator),
    operator,
    bot,
    tokenHolders: [operator.address],
    sendFeeds: async (spotsUsd) => {
      const sent: ContractTransactionResponse[] = [];
      for (const market of MARKETS) {
        const answer = BigInt(Math.round(spotsUsd[market] * FEED_UNITS));
        const feed = feeds.get(numbers[market]);
        if (feed !== undefined) sent.push(await feed.connect(operator).updateAnswer(answer));
      }
      return sent;
    },
  };
}

/** The replay's parameters, with the keepers at free ports and bound to their protocol. */
async function parametersOfTheDay(
  { count, protocol }: KeeperChoice,
  provider: JsonRpcProvider,
): Promise<DeployParameters> {
  const wallet = (index: number) => testWallet(index, provider);
  const parameters = await withFreePorts(withKeepers(await loadParameters("replay"), count, wallet));
  const { keepers } = parameters;
  return { ...parameters, keepers: { ...keepers, parametersHash: hashParameters(protocol) } };
}

/** The chain ends with the demo, and so does Ignition's journal of it. */
async function deployOnce(connection: NetworkConnection, parameters: DeployParameters): Promise<Ballast> {
  const deploymentId = `replay-${process.pid}`;
  try {
    return await deployBallast(connection, parameters, deploymentId);
  } finally {
    await rm(`${PROJECT_ROOT}deploy/deployments/${deploymentId}`, { recursive: true, force: true });
  }
}

function numberOf(parameters: DeployParameters, market: Market): number {
  const [number] = Object.entries(parameters.markets).find(([, name]) => name === market) ?? [];
  if (number === undefined) throw new RangeError(`the parameters have no market ${market}`);
  return Number(number);
}

function houseOf(
  ballast: Ballast,
  operator: HDNodeWallet,
  lister: HDNodeWallet,
  { margin }: DeployParameters,
): House {
  return {
    clearingHouse: ballast.house.connect(operator),
    vault: ballast.vault.connect(operator),
    registry: ballast.registry.connect(lister),
    settlement: ballast.settlement.connect(operator),
    exchange: ballast.exchange.connect(operator),
    engine: ballast.marginEngine.connect(operator),
    lens: ballast.lens.connect(operator),
    oracle: ballast.oracle.connect(operator),
    liquidation: ballast.liquidation.connect(operator),
    fund: ballast.fund.connect(operator),
    horizonSeconds: margin.horizonSeconds,
  };
}

async function tokensOf(
  ballast: Ballast,
  { collateral }: DeployParameters,
  numbers: MarketNumbers,
  minter: HDNodeWallet,
): Promise<Tokens> {
  const handles = await Promise.all(
    [ballast.coin, ...ballast.collateral].map((token) => handleOf(token, minter)),
  );
  const [coin] = handles;
  const ofMarket = (market: Market) => {
    const handle = handles[1 + collateral.findIndex((asset) => asset.market === numbers[market])];
    if (handle === undefined) throw new RangeError(`no collateral follows ${market}`);
    return handle;
  };
  if (coin === undefined) throw new RangeError("the house has no settlement coin");
  return { coin, collateral: { BTC: ofMarket("BTC"), ETH: ofMarket("ETH") } };
}

async function handleOf(token: Ballast["coin"], minter: HDNodeWallet): Promise<TestTokenHandle> {
  const [address, decimals] = await Promise.all([token.getAddress(), token.decimals()]);
  const minting = token.connect(minter);
  return {
    address,
    decimals: Number(decimals),
    mint: async (to, units) => {
      await mined(minting.mint(to, units));
    },
    approve: async (owner, spender) => {
      await mined(token.connect(owner).approve(spender, MAX_ALLOWANCE));
    },
    balanceOf: (holder) => minting.balanceOf(holder),
    totalSupply: () => minting.totalSupply(),
  };
}

const MAX_ALLOWANCE = 2n ** 256n - 1n;

async function addressesOf(ballast: Ballast): Promise<ClearingAddresses> {
  const at = async (contract: { getAddress(): Promise<string> }): Promise<Hex> =>
    asHex(await contract.getAddress());
  return {
    clearingHouse: await at(ballast.house),
    settlement: await at(ballast.settlement),
    liquidationEngine: await at(ballast.liquidation),
    marginLens: await at(ballast.lens),
    riskConfig: await at(ballast.config),
  };
}
