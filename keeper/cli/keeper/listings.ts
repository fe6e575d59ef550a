import type { Deployment } from "../../config.ts";
import { type Market, MARKETS } from "../../ports/market-data.ts";
import type { MarketListing } from "../../services/observe.ts";

/** Markets of a deployment that market data know, rising by number. */
export function listingsOf({ markets }: Deployment): readonly MarketListing[] {
  const known = (name: string): Market | undefined => MARKETS.find((market) => market === name);
  return Object.entries(markets)
    .flatMap(([number, name]) => {
      const symbol = known(name);
      return symbol === undefined ? [] : [{ market: Number(number), symbol }];
    })
    .sort((a, b) => a.market - b.market);
}
