import { ABSENT, FORMAT_VERSION, STRIKE_FIELDS } from "../../keeper/adapters/replay/file-format.ts";
import type {
  MarketListing,
  OptionEpisodeHeader,
  OptionEpisodeRecord,
} from "../../keeper/adapters/replay/file-format.ts";
import { MARKETS } from "../../keeper/ports/market-data.ts";
import type { Market } from "../../keeper/ports/market-data.ts";
import { markVolOf } from "./at-the-money.ts";
import { BAND_DEVIATIONS, LEAST_IN_BAND, MOST_IN_BAND, chooseStrikes } from "./choose-strikes.ts";
import { readChains } from "./option-chain.ts";
import type { RecordedChain, RecordedExpiry } from "./option-chain.ts";
import { CHAIN_SOURCE, LICENCE } from "./sources.ts";
import { toTicks, toTicksExact } from "./ticks.ts";

const MONTHS = ["2026-01", "2026-02"];
const FROM_SECONDS = Date.UTC(2026, 0, 29) / 1000;
const UNTIL_SECONDS = Date.UTC(2026, 1, 10) / 1000;

/** Dailies and weeklies that settle inside the span, then weekly, monthly and quarterly expiries that outlive it; never more than six at once. */
const EXPIRY_DAYS_UTC = [
  [2026, 0, 30],
  [2026, 1, 3],
  [2026, 1, 6],
  [2026, 1, 9],
  [2026, 1, 13],
  [2026, 1, 27],
  [2026, 2, 27],
  [2026, 5, 26],
] as const;
const EXPIRY_HOUR_UTC = 8;

const SPOT_TICKS_PER_USD = 100;
const PREMIUM_TICKS_PER_COIN = 10_000;
const VOL_TICKS_PER_UNIT = 10_000;
/** Deribit's smallest option trade is 0.1 BTC and 1 ETH. */
const OPEN_INTEREST_TICKS_PER_COIN: Readonly<Record<Market, number>> = { BTC: 10, ETH: 1 };

function listingOf(market: Market, chains: readonly RecordedChain[]): MarketListing {
  const ofMarket = chains.filter((chain) => chain.market === market);
  return {
    spotTicksPerUsd: SPOT_TICKS_PER_USD,
    premiumTicksPerCoin: PREMIUM_TICKS_PER_COIN,
    volTicksPerUnit: VOL_TICKS_PER_UNIT,
    openInterestTicksPerCoin: OPEN_INTEREST_TICKS_PER_COIN[market],
    expiries: EXPIRY_DAYS_UTC.map(([year, month, day]) => {
      const expirySeconds = Date.UTC(year, month, day, EXPIRY_HOUR_UTC) / 1000;
      return { expirySeconds, strikesUsd: [...chooseStrikes(ofMarket, expirySeconds)] };
    }),
  };
}

function strikeNumbers(expiry: RecordedExpiry, strikeUsd: number, listing: MarketListing): readonly number[] {
  const strike = expiry.strikes.find((candidate) => candidate.strikeUsd === strikeUsd);
  if (strike === undefined) return STRIKE_FIELDS.map(() => ABSENT);
  if (strike.call === undefined || strike.put === undefined)
    throw new Error(`one-sided listing at ${strikeUsd}`);
  const premium = (coin: number | null): number =>
    coin === null ? ABSENT : toTicksExact(coin, listing.premiumTicksPerCoin);
  return [
    premium(strike.call.bid),
    premium(strike.call.ask),
    premium(strike.put.bid),
    premium(strike.put.ask),
    toTicksExact(markVolOf(strike, expiry.forwardUsd), listing.volTicksPerUnit),
    toTicks(strike.call.openInterest, listing.openInterestTicksPerCoin),
    toTicks(strike.put.openInterest, listing.openInterestTicksPerCoin),
  ];
}

function recordOf(chain: RecordedChain, listing: MarketListing): OptionEpisodeRecord {
  return {
    time: chain.timeSeconds,
    market: chain.market,
    spot: toTicksExact(chain.indexUsd, listing.spotTicksPerUsd),
    openInterest: toTicks(chain.openInterest, listing.openInterestTicksPerCoin),
    chains: listing.expiries.flatMap(({ expirySeconds, strikesUsd }, index) => {
      const expiry = chain.expiries.find((candidate) => candidate.expirySeconds === expirySeconds);
      if (expiry === undefined) return [];
      if (expiry.forwardIsIndex) throw new Error(`no forward of its own: ${expirySeconds}`);
      const numbers = strikesUsd.flatMap((strikeUsd) => strikeNumbers(expiry, strikeUsd, listing));
      return [[index, toTicks(expiry.forwardUsd, listing.spotTicksPerUsd), numbers]];
    }),
  };
}

/** Cuts the option chains of 29 January to 9 February 2026: header, then one record for each snapshot and market. */
export function extractOptionEpisode(from: string): readonly [OptionEpisodeHeader, ...OptionEpisodeRecord[]] {
  const chains = readChains(from, MONTHS, (time) => time >= FROM_SECONDS && time < UNTIL_SECONDS);
  const markets = Object.fromEntries(MARKETS.map((market) => [market, listingOf(market, chains)])) as Record<
    Market,
    MarketListing
  >;
  const header: OptionEpisodeHeader = {
    format: "ballast-option-episode",
    version: FORMAT_VERSION,
    title: "Deribit BTC and ETH option chains, 29 January to 9 February 2026, about every six hours",
    source: [CHAIN_SOURCE],
    licence: LICENCE,
    cut:
      `Eight expiries a market; of each every strike that came within ${BAND_DEVIATIONS} standard deviations of the forward, thinned to ` +
      `${MOST_IN_BAND} inside that band at a snapshot, except strikes needed at another that has no more than ${LEAST_IN_BAND}. Spot is the recorded index nearest ` +
      "to the first expiry's forward, a forward the median recorded for its expiry, vol the mark volatility of the out-of-the-money side, the record's " +
      "openInterest that of the whole chain. Zero in a premium or vol field means none was recorded; nothing is filled.",
    strikeFields: STRIKE_FIELDS.join(","),
    markets,
  };
  return [header, ...chains.map((chain) => recordOf(chain, markets[chain.market]))];
}
