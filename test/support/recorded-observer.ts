// An observer of the recorded fall of February 2026, with the chain in a test's hand.
import { loadDailyHistory } from "../../keeper/adapters/replay/daily-history.ts";
import { loadEpisode } from "../../keeper/adapters/replay/episodes.ts";
import { openReplay } from "../../keeper/adapters/replay/replay.ts";
import type { MarketsView } from "../../keeper/core/report/aggregate.ts";
import { decodeMarketState } from "../../keeper/core/report/market-state.ts";
import type { MarketData } from "../../keeper/ports/market-data.ts";
import type { StoredMarket } from "../../keeper/ports/oracle-chain.ts";
import { createHourlyForecaster } from "../../keeper/services/hourly-forecast.ts";
import { DATA_FOLDER } from "../keeper/adapters/replay/support.ts";
import { oracleDouble } from "./keeper-doubles.ts";

/** Snapshots were recorded about every six hours. */
export const MAX_AGE_SECONDS = 86_400;
export const LISTINGS = [
  { market: 1, symbol: "BTC" },
  { market: 2, symbol: "ETH" },
] as const;
export const history = loadDailyHistory(DATA_FOLDER);
export const replay = openReplay(loadEpisode(DATA_FOLDER, "2026-02"), history);

/** What an observer works with, on a chain whose last report is the given one. */
export const settings = (
  marketData: MarketData,
  stored: ReadonlyMap<number, StoredMarket> = new Map(),
  postedAt = 0,
) => {
  const oracle = oracleDouble([], [1, 2]);
  oracle.state.stored = stored;
  oracle.state.header = { epoch: 1n, round: 0, observedAtSeconds: postedAt };
  return {
    listings: LISTINGS,
    marketData,
    maxDataAgeSeconds: MAX_AGE_SECONDS,
    chain: oracle.chain,
    hourlyForecaster: createHourlyForecaster(),
  };
};

/** What the chain stores of a report with these markets, its forecasts so many percent of theirs. */
export const storedOf = (
  { markets }: MarketsView,
  forecastPercent = 100n,
): ReadonlyMap<number, StoredMarket> =>
  new Map(
    markets.map(({ market, smiles }) => [
      Number(market.market),
      {
        spotE8: market.spotE8,
        sigmaE9: (market.sigmaE9 * forecastPercent) / 100n,
        psiE9: market.psiE9,
        smiles: decodeMarketState(market, smiles).smiles,
      },
    ]),
  );
