import { MARGIN_MODELS, type MarginModel } from "../../keeper/core/margin/types.ts";
import { unpackStoredMarketWord } from "../../keeper/core/report/words.ts";
import { DAYS_PER_YEAR } from "../../keeper/core/units.ts";
import { MARKETS, type Market } from "../../keeper/ports/market-data.ts";
import type { BookStruct } from "../../types/ethers-contracts/margin/MarginEngine.ts";
import type { DemoAccount, TraderAccount } from "./accounts.ts";
import type { House } from "./house.ts";
import type { MarketNumbers } from "./listing.ts";
import type { StrategyName } from "./strategies.ts";

/** Initial margin under each model, USD. */
export type ModelMargins = Readonly<Record<MarginModel, number>>;

/** One book at one snapshot. */
export interface BookMeasure {
  readonly name: string;
  readonly strategy: StrategyName;
  /** Sum of sizes times spot, USD. */
  readonly grossUsd: number;
  /** Mark-to-market and collateral after haircut, cash left out, USD. */
  readonly valueUsd: number;
  readonly initialUsd: ModelMargins;
}

/** A trader's account at one snapshot, before anybody acts on it. */
export interface AccountMeasure extends BookMeasure {
  readonly equityUsd: number;
  readonly maintenanceUsd: number;
  /** Equity over maintenance; Infinity without positions. */
  readonly health: number;
}

/** What a report says of a market. */
export interface MarketMeasure {
  readonly spotUsd: number;
  /** Forecast volatility a year, a fraction. */
  readonly forecastVol: number;
}

export interface ReferenceBook {
  readonly name: string;
  readonly strategy: StrategyName;
  readonly book: BookStruct;
}

const USD_UNITS = 1e6;
const PRICE_UNITS = 1e8;
const SHARE_SCALE = 1e9;

export function usd(amountE6: bigint): number {
  return Number(amountE6) / USD_UNITS;
}

/** What the contract says of a book whose cash is left out. */
interface Assessed {
  readonly initialUsd: ModelMargins;
  readonly maintenanceUsd: number;
  readonly grossUsd: number;
  readonly valueUsd: number;
}

/** Asks the contract once for each distinct book of a moment: margin does not depend on cash. */
export type Assessor = (book: BookStruct) => Promise<Assessed>;

/** Margin of books under each of the five models, by the contract itself, in the state of the latest block; use one for each moment. */
export function createAssessor({ engine }: House): Assessor {
  const known = new Map<string, Promise<Assessed>>();
  const ask = async (book: BookStruct): Promise<Assessed> => {
    const breakdowns = await Promise.all(
      MARGIN_MODELS.map((_model, index) => engine.breakdownAs(book, index)),
    );
    const shown = breakdowns[MARGIN_MODELS.indexOf("default")]!;
    return {
      initialUsd: modelRecord((index) => usd(breakdowns[index]!.margin.initialE6)),
      maintenanceUsd: usd(shown.margin.maintenanceE6),
      grossUsd: usd(shown.grossNotionalE6),
      valueUsd: usd(shown.margin.equityE6),
    };
  };
  return (book) => {
    const withoutCash = { ...book, cashE6: 0n };
    const key = JSON.stringify(withoutCash, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    const answer = known.get(key) ?? ask(withoutCash);
    known.set(key, answer);
    return answer;
  };
}

export async function measureBooks(
  assess: Assessor,
  books: readonly ReferenceBook[],
): Promise<readonly BookMeasure[]> {
  return Promise.all(
    books.map(async ({ name, strategy, book }) => {
      const { initialUsd, grossUsd, valueUsd } = await assess(book);
      return { name, strategy, initialUsd, grossUsd, valueUsd };
    }),
  );
}

/** The traders' own accounts now: margin under each model, and health under the default model, which is in force. */
export async function measureAccounts(
  house: House,
  assess: Assessor,
  traders: readonly TraderAccount[],
): Promise<readonly AccountMeasure[]> {
  return Promise.all(
    traders.map(async (account) => {
      const book = await currentBook(house, account);
      const { initialUsd, maintenanceUsd, grossUsd, valueUsd } = await assess(book);
      const equityUsd = usd(BigInt(book.cashE6)) + valueUsd;
      return {
        name: account.name,
        strategy: account.trader.strategy,
        initialUsd,
        grossUsd,
        valueUsd,
        equityUsd,
        maintenanceUsd,
        health: maintenanceUsd === 0 ? Infinity : equityUsd / maintenanceUsd,
      };
    }),
  );
}

/** The traders' books as opened, without cash and without the expiries that end before `untilSeconds`: they stay the same throughout. */
export async function referenceBooks(
  house: House,
  traders: readonly TraderAccount[],
  survives: (positionWord: bigint) => boolean,
): Promise<readonly ReferenceBook[]> {
  const books = await Promise.all(
    traders.map(async (account) => {
      const book = await currentBook(house, account);
      const positions = book.positions.filter((word) => survives(BigInt(word)));
      return {
        name: account.name,
        strategy: account.trader.strategy,
        book: { ...book, cashE6: 0n, positions },
      };
    }),
  );
  return books.filter(({ book }) => book.positions.length > 0);
}

/** Spot and forecast of every market, as the oracle holds them. */
export async function measureMarkets(
  house: House,
  numbers: MarketNumbers,
): Promise<Readonly<Record<Market, MarketMeasure>>> {
  const [first, second] = await Promise.all(
    MARKETS.map(async (market) => {
      const { marketWord } = await house.oracle.marketState(numbers[market]);
      const { spotE8, sigmaE9 } = unpackStoredMarketWord(marketWord);
      return {
        spotUsd: Number(spotE8) / PRICE_UNITS,
        forecastVol: (Number(sigmaE9) / SHARE_SCALE) * Math.sqrt(DAYS_PER_YEAR),
      };
    }),
  );
  return { BTC: first!, ETH: second! };
}

export function sumModels(measures: readonly BookMeasure[]): ModelMargins {
  return modelRecord((index) => measures.reduce((sum, it) => sum + it.initialUsd[MARGIN_MODELS[index]!], 0));
}

export function modelRecord(value: (modelIndex: number) => number): ModelMargins {
  const at = (model: MarginModel) => value(MARGIN_MODELS.indexOf(model));
  return {
    default: at("default"),
    static: at("static"),
    volatilityScaled: at("volatilityScaled"),
    tail: at("tail"),
    stress: at("stress"),
  };
}

/** An account's book as the margin engine takes it. */
export async function currentBook(house: House, { id }: DemoAccount): Promise<BookStruct> {
  const { cashE6, positions, collateral } = await house.clearingHouse.book(id);
  return {
    cashE6,
    positions: [...positions],
    collateral: collateral.map(({ market, quantityE8 }) => ({ market, quantityE8 })),
  };
}
