import { unpackStoredMarketWord } from "../../keeper/core/report/words.ts";
import { SECONDS_PER_DAY } from "../../keeper/core/units.ts";
import type { Cast, TraderAccount } from "./accounts.ts";
import type { Listing, MarketNumbers } from "./listing.ts";
import { futureLeg } from "./strategies.ts";
import { makerFor, trade, type TradingDesk } from "./trading.ts";

/** Rows of the margin engine's surface at one node below and above spot, and the column of unmoved vol. */
const NODE_DOWN = 5;
const NODE_UP = 7;
const FLAT_VOL = 1;
const USD_UNITS = 1e6;
const PRICE_UNITS = 1e8;
const SHARE_SCALE = 1e9;
/** A hedge smaller than this share of the book's size is left for another day. */
const MIN_HEDGE_SHARE = 0.02;

/** Trades futures so that the account's delta, measured on the contract's own P&L surface one node either side of spot, returns to zero. True when it traded. */
export async function rehedge(
  desk: TradingDesk,
  cast: Cast,
  account: TraderAccount,
  listing: Listing,
  numbers: MarketNumbers,
  nowSeconds: number,
): Promise<boolean> {
  const [part] = account.trader.parts;
  if (part === undefined) return false;
  const delta = await deltaOf(desk, account, numbers[part.market]);
  if (Math.abs(delta) < MIN_HEDGE_SHARE * Math.abs(part.size)) return false;
  const leg = futureLeg(listing, part.market, part.expiry, -delta);
  await trade(desk, account, makerFor(cast.makers, leg, account.id), leg, nowSeconds);
  return true;
}

/** Units of the underlying: change of the book's value per dollar of spot, averaged over one node either side. */
async function deltaOf({ house }: TradingDesk, account: TraderAccount, market: number): Promise<number> {
  const [rows, { marketWord }] = await Promise.all([
    house.lens.surface(account.id, market),
    house.oracle.marketState(market),
  ]);
  const { spotE8, sigmaE9 } = unpackStoredMarketWord(marketWord);
  const spot = Number(spotE8) / PRICE_UNITS;
  const step = (Number(sigmaE9) / SHARE_SCALE) * Math.sqrt(house.horizonSeconds / SECONDS_PER_DAY);
  const up = Number(rows[NODE_UP]?.[FLAT_VOL] ?? 0n) / USD_UNITS;
  const down = Number(rows[NODE_DOWN]?.[FLAT_VOL] ?? 0n) / USD_UNITS;
  return (up - down) / (2 * spot * Math.sinh(step));
}
