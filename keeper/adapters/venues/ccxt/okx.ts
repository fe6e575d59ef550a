import { z } from "zod";
import type { Market, MarketSnapshot } from "../../../ports/market-data.ts";
import type { MarketSource } from "../../../ports/market-source.ts";
import type { Telemetry } from "../../../ports/telemetry.ts";
import { createNotices, type Notices } from "../notices.ts";
import { groupByExpiry, parseOptionName, premiumUsd } from "../option-rows.ts";
import { parseAnswer, parseRows } from "../parse-answer.ts";
import { asking } from "./asking.ts";
import { loadExchange, type ExchangeSettings } from "./load-exchange.ts";
import { decimal, milliseconds, optionalDecimal, positiveDecimal } from "./text-numbers.ts";

// OKX API v5, public market data: https://www.okx.com/docs-v5/en/

const NAME = "okx";
const MILLISECONDS_PER_SECOND = 1_000;
const MAX_INSTRUMENTS = 10_000;

const indexTickers = z.object({ data: z.tuple([z.object({ idxPx: positiveDecimal, ts: milliseconds })]) });
const table = z.object({ data: z.array(z.unknown()).max(MAX_INSTRUMENTS) });
const ticker = z.object({
  instId: z.string(),
  /** Premiums in coin; empty when nobody quotes. */
  bidPx: optionalDecimal,
  askPx: optionalDecimal,
  ts: milliseconds,
});
const summary = z.object({
  instId: z.string(),
  /** Annualised fraction. */
  markVol: optionalDecimal,
  fwdPx: optionalDecimal,
});
/** Open interest in coin. */
const interest = z.object({ instId: z.string(), oiCcy: decimal });

/** The venue's answers to one question, as they came. */
interface OkxAnswers {
  readonly index: unknown;
  readonly quotes: unknown;
  readonly vols: unknown;
  readonly opened: unknown;
}

/** Coin-settled options of OKX: premiums in coin, converted at the venue's index. */
export async function openOkx(settings: ExchangeSettings, telemetry: Telemetry): Promise<MarketSource> {
  const exchange = await loadExchange(NAME, settings);
  const notices = createNotices(NAME, telemetry);
  return {
    name: NAME,
    latest: async (market) => {
      const uly = `${market}-USD`;
      const options = { instType: "OPTION", uly };
      const [index, quotes, vols, opened] = await asking(NAME, () =>
        Promise.all([
          exchange.publicGetMarketIndexTickers({ instId: uly }),
          exchange.publicGetMarketTickers(options),
          exchange.publicGetPublicOptSummary({ uly }),
          exchange.publicGetPublicOpenInterest(options),
        ]),
      );
      return readOkx(market, { index, quotes, vols, opened }, notices);
    },
  };
}

/** @throws VenueError `malformed` */
export function readOkx(market: Market, answers: OkxAnswers, notices: Notices): MarketSnapshot {
  const rowsOf = <T>(what: string, row: z.ZodType<T>, answer: unknown): readonly T[] =>
    parseRows(notices, `${market} ${what}`, row, parseAnswer(NAME, table, answer).data);
  const [{ idxPx: spotUsd, ts }] = parseAnswer(NAME, indexTickers, answers.index).data;
  const rows = rowsOf("tickers", ticker, answers.quotes);
  const summaries = rowsOf("summaries", summary, answers.vols);
  const interests = rowsOf("open interest", interest, answers.opened);
  const summaryOf = new Map(summaries.map((row) => [row.instId, row]));
  const interestOf = new Map(interests.map(({ instId, oiCcy }) => [instId, oiCcy]));
  const newestMs = rows.length === 0 ? ts : Math.max(...rows.map((row) => row.ts));
  const observedAtSeconds = Math.floor(Math.min(ts, newestMs) / MILLISECONDS_PER_SECOND);
  const listed = rows.flatMap(({ instId, bidPx, askPx }) => {
    const name = parseOptionName(instId);
    if (name?.market !== market) return [];
    return [
      {
        ...name,
        bidUsd: premiumUsd(bidPx, spotUsd),
        askUsd: premiumUsd(askPx, spotUsd),
        venueVol: summaryOf.get(instId)?.markVol ?? null,
        openInterest: interestOf.get(instId) ?? 0,
        forwardUsd: summaryOf.get(instId)?.fwdPx ?? null,
      },
    ];
  });
  return {
    market,
    observedAtSeconds,
    spotUsd,
    spotLowUsd: null,
    expiries: groupByExpiry(listed, observedAtSeconds),
    openInterestUsd: listed.reduce((sum, { openInterest }) => sum + openInterest, 0) * spotUsd,
    depthUsd: null,
  };
}
