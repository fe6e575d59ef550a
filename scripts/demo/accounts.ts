import type { HDNodeWallet, JsonRpcProvider } from "ethers";
import { MARKETS, type Market } from "../../keeper/ports/market-data.ts";
import {
  FUND_USD,
  LIQUIDATOR_USD,
  LIQUIDATORS,
  MARKET_MAKERS,
  MARKET_MAKER_USD,
  TRADERS,
  type Trader,
} from "./cast.ts";
import { giveGasMoney, mined, testWallet, type House } from "./house.ts";

/** A token that the local deployment lets anyone mint for tests. */
export interface TestTokenHandle {
  readonly address: string;
  readonly decimals: number;
  mint(to: string, units: bigint): Promise<void>;
  approve(owner: HDNodeWallet, spender: string): Promise<void>;
  balanceOf(holder: string): Promise<bigint>;
  totalSupply(): Promise<bigint>;
}

export interface Tokens {
  /** The settlement coin. */
  readonly coin: TestTokenHandle;
  /** Collateral whose value follows a market. */
  readonly collateral: Readonly<Record<Market, TestTokenHandle>>;
}

/** An account of the clearing house and the wallet that owns it. */
export interface DemoAccount {
  readonly name: string;
  readonly id: bigint;
  readonly wallet: HDNodeWallet;
}

export interface TraderAccount extends DemoAccount {
  readonly trader: Trader;
}

export interface MakerAccount extends DemoAccount {
  readonly market: Market;
}

export interface LiquidatorAccount extends DemoAccount {
  readonly minDiscountBps: bigint;
}

export interface Cast {
  readonly traders: readonly TraderAccount[];
  readonly makers: readonly MakerAccount[];
  readonly liquidators: readonly LiquidatorAccount[];
}

/** First wallet of the test mnemonic that the demo gives to an account; the ones before serve the deployment and the keepers. */
const FIRST_ACCOUNT_WALLET = 100;
export const COIN_UNITS_PER_USD = 1_000_000n;
/** Decimal places of a coin amount that the demo uses. */
const COLLATERAL_STEPS_PER_COIN = 10_000;

/** Opens an account for every member of the cast, funds the makers, the liquidators and the insurance fund, and brings the traders' collateral. */
export async function openAccounts(
  house: House,
  tokens: Tokens,
  provider: JsonRpcProvider,
  operator: HDNodeWallet,
): Promise<Cast> {
  let walletIndex = FIRST_ACCOUNT_WALLET;
  const members = [...TRADERS, ...MARKET_MAKERS, ...LIQUIDATORS].map(() =>
    testWallet(walletIndex++, provider),
  );
  await giveGasMoney(
    provider,
    members.map(({ address }) => address),
  );
  const open = async (name: string): Promise<DemoAccount> => {
    const wallet = members.shift();
    if (wallet === undefined) throw new RangeError(`no wallet left for ${name}`);
    await mined(house.clearingHouse.openAccount(wallet.address));
    const id = await house.clearingHouse.accountCount();
    for (const token of [tokens.coin, ...MARKETS.map((market) => tokens.collateral[market])]) {
      await token.approve(wallet, await house.vault.getAddress());
    }
    return { name, id, wallet };
  };
  const traders: TraderAccount[] = [];
  for (const trader of TRADERS) {
    const account = await open(trader.name);
    for (const market of MARKETS)
      await depositCollateral(house, tokens, account, market, trader.collateral[market] ?? 0);
    traders.push({ ...account, trader });
  }
  const makers: MakerAccount[] = [];
  for (const { name, market } of MARKET_MAKERS) makers.push({ ...(await open(name)), market });
  const liquidators: LiquidatorAccount[] = [];
  for (const { name, minDiscountBps } of LIQUIDATORS)
    liquidators.push({ ...(await open(name)), minDiscountBps });
  for (const account of makers)
    await depositCoin(house, tokens, account, BigInt(MARKET_MAKER_USD) * COIN_UNITS_PER_USD);
  for (const account of liquidators)
    await depositCoin(house, tokens, account, BigInt(LIQUIDATOR_USD) * COIN_UNITS_PER_USD);
  await fillFund(house, tokens, operator);
  return { traders, makers, liquidators };
}

/** Mints settlement coin and deposits it. */
export async function depositCoin(
  house: House,
  tokens: Tokens,
  account: DemoAccount,
  unitsE6: bigint,
): Promise<void> {
  if (unitsE6 <= 0n) return;
  await tokens.coin.mint(account.wallet.address, unitsE6);
  await mined(house.clearingHouse.connect(account.wallet).deposit(account.id, tokens.coin.address, unitsE6));
}

async function depositCollateral(
  house: House,
  tokens: Tokens,
  account: DemoAccount,
  market: Market,
  coins: number,
): Promise<void> {
  if (coins === 0) return;
  const token = tokens.collateral[market];
  const units =
    (BigInt(Math.round(coins * COLLATERAL_STEPS_PER_COIN)) * 10n ** BigInt(token.decimals)) /
    BigInt(COLLATERAL_STEPS_PER_COIN);
  await token.mint(account.wallet.address, units);
  await mined(house.clearingHouse.connect(account.wallet).deposit(account.id, token.address, units));
}

async function fillFund(house: House, tokens: Tokens, operator: HDNodeWallet): Promise<void> {
  const units = BigInt(FUND_USD) * COIN_UNITS_PER_USD;
  await tokens.coin.mint(operator.address, units);
  await tokens.coin.approve(operator, await house.fund.getAddress());
  await mined(house.fund.connect(operator).deposit(units, operator.address));
}
