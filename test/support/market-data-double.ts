import type { Market, MarketData, MarketSnapshot } from "../../keeper/ports/market-data.ts";

/** A snapshot of nothing but a spot of one USD. */
export function bareSnapshot(market: Market, changes: Partial<MarketSnapshot> = {}): MarketSnapshot {
  return {
    market,
    observedAtSeconds: 0,
    spotUsd: 1,
    spotLowUsd: null,
    expiries: [],
    openInterestUsd: null,
    depthUsd: null,
    ...changes,
  };
}

/** Market data without days and hours that show what the function gives, or throws. */
export function marketDataShowing(show: (market: Market) => MarketSnapshot): MarketData {
  return {
    latest: (market) => Promise.resolve(market).then(show),
    lastKnown: show,
    history: () => Promise.resolve({ days: [] }),
    hours: () => Promise.resolve(null),
  };
}
