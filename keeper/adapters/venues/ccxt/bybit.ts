import { z } from "zod";
import type { Market, MarketSnapshot } from "../../../ports/market-data.ts";
import { VenueError, type MarketSource } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { createFirstSeen, type FirstSeen } from "../first-seen.ts";
import { createNotices, type Notices } from "../notices.ts";
import { groupByExpiry, parseOptionName, premiumUsd } from "../option-rows.ts";
import { MAX_VENUE_NUMBER, parseAnswer, parseRows } from "../parse-answer.ts";
import { asking } from "./asking.ts";
import { loadExchange, type ExchangeSettings } from "./load-exchange.ts";
import { decimal, optionalDecimal, positiveDecimal } from "./text-numbers.ts";

// Bybit API v5, market tickers: https://bybit-exchange.github.io/docs/v5/market/tickers

const NAME = "bybit";
const MILLISECONDS_PER_SECOND = 1_000;
const MAX_INSTRUMENTS = 10_000;
/** Premiums are in a dollar coin, so that nothing is converted. */
const USD = 1;

const tickers = z.object({
  /** Unix milliseconds of the answer; neither index nor quotes carry a time. */
  time: z.number().positive().max(MAX_VENUE_NUMBER),
  result: z.object({ category: z.literal("option"), list: z.array(z.unknown()).max(MAX_INSTRUMENTS) }),
});

const ticker = z.object({
  symbol: z.string(),
  /** "0" when nobody quotes. */
  bid1Price: optionalDecimal,
  bid1Size: optionalDecimal,
  ask1Price: optionalDecimal,
  ask1Size: optionalDecimal,
  indexPrice: positiveDecimal,
  /** The future of that expiry. */
  underlyingPrice: positiveDecimal,
  /** Annualised fraction. */
  markIv: optionalDecimal,
  /** Coin. */
  openInterest: decimal,
});

/** Dollar-settled options of Bybit, with sizes at the top of the book. Index and quotes are as old as their last change. */
export async function openBybit(settings: ExchangeSettings, telemetry: Telemetry): Promise<MarketSource> {
  const exchange = await loadExchange(NAME, settings);
  const notices = createNotices(NAME, telemetry);
  const firstSeen = createFirstSeen();
  return {
    name: NAME,
    latest: async (market) => {
      const answer = await asking(NAME, () =>
        exchange.publicGetV5MarketTickers({ category: "option", baseCoin: market }),
      );
      return readBybit(market, answer, firstSeen, notices);
    },
  };
}

/**
 * @param firstSeen remembers since when values are what they are
 * @throws VenueError `malformed`
 */
export function readBybit(
  market: Market,
  answer: unknown,
  firstSeen: FirstSeen,
  notices: Notices,
): MarketSnapshot {
  const { time, result } = parseAnswer(NAME, tickers, answer);
  const rows = parseRows(notices, `${market} tickers`, ticker, result.list).flatMap((row) => {
    const name = parseOptionName(row.symbol);
    return name?.market === market ? [{ ...row, ...name }] : [];
  });
  const [first] = rows;
  if (first === undefined) throw new VenueError("malformed", NAME, `no option of ${market} is listed`);
  const answeredAtSeconds = Math.floor(time / MILLISECONDS_PER_SECOND);
  const quotes = rows.map(({ bid1Price, ask1Price }) => `${bid1Price ?? ""} ${ask1Price ?? ""}`).join();
  const observedAtSeconds = Math.min(
    firstSeen(`${market} index`, first.indexPrice, answeredAtSeconds),
    firstSeen(`${market} quotes`, quotes, answeredAtSeconds),
  );
  const listed = rows.map((row) => ({
    ...row,
    bidUsd: premiumUsd(row.bid1Price, USD),
    askUsd: premiumUsd(row.ask1Price, USD),
    venueVol: row.markIv,
    forwardUsd: row.underlyingPrice,
  }));
  const spotUsd = first.indexPrice;
  return {
    market,
    observedAtSeconds,
    spotUsd,
    spotLowUsd: null,
    expiries: groupByExpiry(listed, answeredAtSeconds),
    openInterestUsd: rows.reduce((sum, row) => sum + row.openInterest, 0) * spotUsd,
    depthUsd: rows.reduce(
      (sum, row) =>
        sum + (row.bid1Price ?? 0) * (row.bid1Size ?? 0) + (row.ask1Price ?? 0) * (row.ask1Size ?? 0),
      0,
    ),
  };
}
