import type { HDNodeWallet, TypedDataDomain } from "ethers";
import { refusing } from "../../keeper/adapters/ethers/refusal.ts";
import { ChainRefusal } from "../../keeper/ports/clearing-chain.ts";
import { packPosition, unpackInstrumentId } from "../../keeper/core/report/instrument-id.ts";
import { ORDER_TYPES } from "../../keeper/core/report/typed-data.ts";
import {
  COIN_UNITS_PER_USD,
  depositCoin,
  type Cast,
  type DemoAccount,
  type MakerAccount,
  type Tokens,
  type TraderAccount,
} from "./accounts.ts";
import { mined, type House } from "./house.ts";
import { currentBook } from "./measures.ts";
import type { Listing } from "./listing.ts";
import { legsOf, type Leg } from "./strategies.ts";

/** What the traders agree and sign, and where. */
export interface TradingDesk {
  readonly house: House;
  readonly domain: TypedDataDomain;
  /** Pays for the transactions; it signs no order. */
  readonly submitter: HDNodeWallet;
  nextNonce(): bigint;
}

/** One fill. */
export interface Fill {
  readonly instrumentId: bigint;
  readonly sizeE8: bigint;
  readonly priceE8: bigint;
  readonly gasUsed: bigint;
}

const SIZE_UNITS = 1e8;
/** What a market maker earns on a fill: a share of the price, and no less than a cent. */
const BPS = 10_000n;
const OPTION_EDGE_BPS = 100n;
const FUTURE_EDGE_BPS = 2n;
const MIN_EDGE_E8 = 1_000_000n;
const ORDER_LIFETIME_SECONDS = 3_600;
/** Price (USD * 1e8) times size (underlying * 1e8) over this is USD * 1e6. */
const PRICE_SIZE_TO_USD_E6 = 10_000_000_000n;

export async function createDesk(house: House, submitter: HDNodeWallet): Promise<TradingDesk> {
  const { name, version, chainId, verifyingContract } = await house.exchange.eip712Domain();
  let nonce = 0n;
  return {
    house,
    submitter,
    domain: { name, version, chainId, verifyingContract },
    nextNonce: () => ++nonce,
  };
}

/** Trades one leg of an account against a market maker at mark, the maker's edge on the maker's side. Both sign. */
export async function trade(
  desk: TradingDesk,
  account: DemoAccount,
  maker: DemoAccount,
  leg: Leg,
  nowSeconds: number,
): Promise<Fill> {
  const { house, domain } = desk;
  const sizeE8 = BigInt(Math.round(leg.size * SIZE_UNITS));
  const absE8 = sizeE8 < 0n ? -sizeE8 : sizeE8;
  const markE8 = await house.engine.markE8(leg.instrumentId);
  const priceE8 = makerPriceE8(markE8, sizeE8 > 0n, isFuture(leg.instrumentId));
  const base = {
    instrument: leg.instrumentId,
    limitPriceE8: priceE8,
    reduceOnly: false,
    deadline: nowSeconds + ORDER_LIFETIME_SECONDS,
  };
  const takerOrder = {
    ...base,
    account: account.id,
    sizeE8,
    counterparty: maker.id,
    nonce: desk.nextNonce(),
  };
  const makerOrder = {
    ...base,
    account: maker.id,
    sizeE8: -sizeE8,
    counterparty: account.id,
    nonce: desk.nextNonce(),
  };
  const [takerSignature, makerSignature] = await Promise.all([
    account.wallet.signTypedData(domain, ORDER_TYPES, takerOrder),
    maker.wallet.signTypedData(domain, ORDER_TYPES, makerOrder),
  ]);
  const exchange = house.exchange.connect(desk.submitter);
  const interfaces = [exchange.interface, house.clearingHouse.interface, house.registry.interface];
  const receipt = await refusing(`trading for ${account.name}`, interfaces, () =>
    mined(
      exchange.fill(
        makerOrder,
        maker.wallet.address,
        makerSignature,
        takerOrder,
        account.wallet.address,
        takerSignature,
        absE8,
      ),
    ),
  );
  return { instrumentId: leg.instrumentId, sizeE8, priceE8, gasUsed: receipt.gasUsed };
}

/**
 * Opens a trader's book at its multiple of initial margin: brings the cash that leaves that much equity and trades every leg. Where a leg on its way
 * needs more than the whole book, more is brought; what is too much at the end is withdrawn again as far as there is cash.
 */
export async function openBook(
  desk: TradingDesk,
  tokens: Tokens,
  cast: Cast,
  account: TraderAccount,
  listing: Listing,
  nowSeconds: number,
): Promise<readonly Leg[]> {
  const { house } = desk;
  const legs = legsOf(listing, account.trader.parts);
  await depositCoin(house, tokens, account, await openingCashE6(house, account, legs));
  for (const leg of legs) {
    const maker = makerFor(cast.makers, leg, account.id);
    try {
      await trade(desk, account, maker, leg, nowSeconds);
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      await depositCoin(house, tokens, account, await passageCashE6(house, legs));
      await trade(desk, account, maker, leg, nowSeconds);
    }
  }
  await bringToMultiple(house, tokens, account);
  return legs;
}

/** Deposits or withdraws until equity is the trader's multiple of initial margin; cash is never withdrawn below zero. */
async function bringToMultiple(house: House, tokens: Tokens, account: TraderAccount): Promise<void> {
  const [view] = await house.lens.accounts([account.id]);
  if (view === undefined) throw new RangeError(`account ${account.id.toString()} is unknown`);
  const { equityE6, initialE6 } = view.breakdown.margin;
  const surplusE6 = equityE6 - targetE6(account, initialE6);
  await depositCoin(house, tokens, account, -surplusE6);
  const { cashE6 } = view.book;
  const withdrawE6 = surplusE6 < cashE6 ? surplusE6 : cashE6;
  if (withdrawE6 <= 0n) return;
  const clearing = house.clearingHouse.connect(account.wallet);
  await mined(clearing.withdraw(account.id, tokens.coin.address, withdrawE6, account.wallet.address));
}

function targetE6({ trader }: TraderAccount, initialE6: bigint): bigint {
  return (initialE6 * BigInt(Math.round(trader.marginMultiple * Number(BPS)))) / BPS;
}

/** The market maker of a leg's market whose turn it is for an account. */
export function makerFor(makers: readonly MakerAccount[], leg: Leg, account: bigint): MakerAccount {
  const ofMarket = makers.filter(({ market }) => market === leg.market);
  const maker = ofMarket[Number(account % BigInt(ofMarket.length))];
  if (maker === undefined) throw new RangeError(`no market maker for ${leg.market}`);
  return maker;
}

/** The cash that leaves an account's multiple of initial margin in equity once the legs have been paid for. */
async function openingCashE6(house: House, account: TraderAccount, legs: readonly Leg[]): Promise<bigint> {
  const positions = legs.map(positionOf).sort((a, b) => (a < b ? -1 : 1));
  const before = await currentBook(house, account);
  const { margin } = await house.engine.breakdown({ ...before, cashE6: 0n, positions });
  const costs = await Promise.all(
    legs.map(async ({ instrumentId, size }) => {
      const markE8 = await house.engine.markE8(instrumentId);
      const priceE8 = makerPriceE8(markE8, size > 0, isFuture(instrumentId));
      return (priceE8 * BigInt(Math.round(size * SIZE_UNITS))) / PRICE_SIZE_TO_USD_E6;
    }),
  );
  return targetE6(account, margin.initialE6) - margin.equityE6 + costs.reduce((sum, cost) => sum + cost, 0n);
}

/** Cash with which every leg could be held alone. */
async function passageCashE6(house: House, legs: readonly Leg[]): Promise<bigint> {
  const singles = await Promise.all(
    legs.map((leg) => house.engine.breakdown({ cashE6: 0n, positions: [positionOf(leg)], collateral: [] })),
  );
  return singles.reduce(
    (sum, { margin, markToMarketE6 }) =>
      sum + margin.initialE6 + (markToMarketE6 < 0n ? -markToMarketE6 : markToMarketE6),
    COIN_UNITS_PER_USD,
  );
}

/** A leg as the contracts keep a position. */
function positionOf({ instrumentId, size }: Pick<Leg, "instrumentId" | "size">): bigint {
  return packPosition({ instrumentId, sizeE8: BigInt(Math.round(size * SIZE_UNITS)) });
}

function makerPriceE8(markE8: bigint, takerBuys: boolean, future: boolean): bigint {
  const edge = (markE8 * (future ? FUTURE_EDGE_BPS : OPTION_EDGE_BPS)) / BPS;
  const edgeE8 = edge > MIN_EDGE_E8 ? edge : MIN_EDGE_E8;
  if (takerBuys) return markE8 + edgeE8;
  return markE8 > edgeE8 ? markE8 - edgeE8 : 0n;
}

function isFuture(instrumentId: bigint): boolean {
  return unpackInstrumentId(instrumentId).kind === "future";
}
