import type { JsonRpcProvider } from "ethers";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import type { TestTokenHandle, Tokens } from "./accounts.ts";
import { readLiquidations } from "./events.ts";
import type { House } from "./house.ts";
import { usd } from "./measures.ts";
import type { HouseState } from "./summary.ts";

const PAGE = 64n;

/** Reads off the chain what is left of the house, and whether every unit of every token is where the books say. */
export async function readHouseState(
  house: House,
  tokens: Tokens,
  provider: JsonRpcProvider,
  holders: readonly string[],
): Promise<HouseState> {
  const [conservationErrorUnits, badDebtUsd, fundE6, liquidations] = await Promise.all([
    conservationError(house, tokens, holders),
    openDebtUsd(house),
    house.fund.capacityE6(),
    readLiquidations(house, provider),
  ]);
  return { conservationErrorUnits, badDebtUsd, fundUsd: usd(fundE6), liquidations };
}

/**
 * Sum of the absolute differences, in token units (of the house's cash: 1e-16 USD), between: the vault's record and the accounts' sums, the
 * vault's balances and its record, the fund's balance and its own count, every token's supply and the balances of all who may hold it.
 */
async function conservationError(house: House, tokens: Tokens, holders: readonly string[]): Promise<bigint> {
  const sums = await house.lens.conservation();
  const fundAddress = await house.fund.getAddress();
  const [fundBalance, fundCount] = await Promise.all([
    tokens.coin.balanceOf(fundAddress),
    house.fund.capacityE6(),
  ]);
  const everyone = [...holders, fundAddress, await house.vault.getAddress()];
  const strays = await Promise.all(
    [tokens.coin, ...MARKETS.map((market) => tokens.collateral[market])].map((token) =>
      strayUnits(token, everyone),
    ),
  );
  return [
    sums.cashErrorE16,
    ...sums.collateralError,
    ...sums.surplus,
    fundBalance - fundCount,
    ...strays,
  ].reduce((total, difference) => total + magnitude(difference), 0n);
}

async function strayUnits(token: TestTokenHandle, holders: readonly string[]): Promise<bigint> {
  const balances = await Promise.all(holders.map((holder) => token.balanceOf(holder)));
  return (await token.totalSupply()) - balances.reduce((sum, balance) => sum + balance, 0n);
}

/** Negative equity of all accounts, USD. */
async function openDebtUsd({ lens, clearingHouse }: House): Promise<number> {
  const count = await clearingHouse.accountCount();
  let debtE6 = 0n;
  for (let first = 1n; first <= count; first += PAGE) {
    for (const { margin } of await lens.health(first, PAGE))
      if (margin.equityE6 < 0n) debtE6 -= margin.equityE6;
  }
  return usd(debtE6);
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
