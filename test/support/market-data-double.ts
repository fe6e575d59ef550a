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

const BARE_DAY = { closeUsd: 1, impliedVol: null };

/**
 * Market data without hours that show what the function gives, or throws.
 * @param lastDaySeconds time of their only day, null for none
 */
export function marketDataShowing(
  show: (market: Market) => MarketSnapshot,
  lastDaySeconds: () => number | null = () => Number.MAX_SAFE_INTEGER,
): MarketData {
  return {
    latest: (market) => Promise.resolve(market).then(show),
    lastKnown: show,
    lastDaySeconds,
    history: () => {
      const observedAtSeconds = lastDaySeconds();
      const day = { priceSource: "exchange-close" as const, markets: { BTC: BARE_DAY, ETH: BARE_DAY } };
      return Promise.resolve({ days: observedAtSeconds === null ? [] : [{ observedAtSeconds, ...day }] });
    },
    settlementCoinUsd: () => Promise.resolve(1),
    hours: () => Promise.resolve(null),
  };
}
