import type { Market, MarketSnapshot } from "../../../ports/market-data.ts";
import type { Notices } from "../notices.ts";
import { groupByExpiry, parseOptionName, premiumUsd, type OptionRow } from "../option-rows.ts";
import { parseAnswer, parseRows } from "../parse-answer.ts";
import { bookSummaries, bookSummary, type BookSummary } from "./messages.ts";

const PERCENT = 100;
const MILLISECONDS_PER_SECOND = 1_000;
/** What `underlying_index` says when an expiry has neither a future nor a synthetic one. */
const NO_FUTURE = "index_price";

export interface Spot {
  readonly usd: number;
  readonly atSeconds: number;
}

interface SnapshotParts {
  readonly spot: Spot;
  readonly depthUsd: number | null;
  /** Answer to public/get_book_summary_by_currency with kind "option". */
  readonly summaries: unknown;
}

/** As old as the older of the index and the newest summary. @throws VenueError `malformed` */
export function readSnapshot(
  market: Market,
  { spot, depthUsd, summaries: answer }: SnapshotParts,
  notices: Notices,
): MarketSnapshot {
  const listed = parseAnswer(notices.venue, bookSummaries, answer);
  const summaries = parseRows(notices, `${market} summaries`, bookSummary, listed);
  const rows = summaries.flatMap((summary) => rowOf(market, summary, spot.usd));
  const newestMs = Math.max(...summaries.map((summary) => summary.creation_timestamp));
  const quotedAtSeconds =
    summaries.length === 0 ? spot.atSeconds : Math.floor(newestMs / MILLISECONDS_PER_SECOND);
  const observedAtSeconds = Math.min(spot.atSeconds, quotedAtSeconds);
  return {
    market,
    observedAtSeconds,
    spotUsd: spot.usd,
    spotLowUsd: null,
    expiries: groupByExpiry(rows, observedAtSeconds),
    openInterestUsd: rows.reduce((sum, { openInterest }) => sum + openInterest, 0) * spot.usd,
    depthUsd,
  };
}

function rowOf(market: Market, summary: BookSummary, spotUsd: number): readonly OptionRow[] {
  const name = parseOptionName(summary.instrument_name);
  if (name?.market !== market) return [];
  return [
    {
      ...name,
      bidUsd: premiumUsd(summary.bid_price, spotUsd),
      askUsd: premiumUsd(summary.ask_price, spotUsd),
      venueVol: summary.mark_iv === null ? null : summary.mark_iv / PERCENT,
      openInterest: summary.open_interest,
      forwardUsd: summary.underlying_index === NO_FUTURE ? null : summary.underlying_price,
    },
  ];
}
