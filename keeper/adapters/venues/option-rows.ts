import { MAX_VENUE_NUMBER } from "./parse-answer.ts";
import type { ExpiryQuotes, Market, OptionKind, OptionQuote } from "../../ports/market-data.ts";

/** One option as a venue shows it, already in USD. */
export interface OptionRow extends OptionQuote {
  readonly expirySeconds: number;
  readonly forwardUsd: number | null;
}

interface OptionName {
  readonly market: Market;
  readonly expirySeconds: number;
  readonly strikeUsd: number;
  readonly kind: OptionKind;
}

const MILLISECONDS_PER_SECOND = 1_000;
/** Deribit, OKX and Bybit options all expire at 08:00 UTC. */
const EXPIRY_HOUR_UTC = 8;
const CENTURY = 2_000;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
/** BTC-5FEB26-72000-C, and BTC-5FEB26-72000-C-USDT where the settlement coin is named. */
const NAMED_MONTH = /^(BTC|ETH)-(\d{1,2})([A-Z]{3})(\d{2})-(\d+(?:\.\d+)?)-([CP])(?:-USDT)?$/;
/** BTC-USD-260205-72000-C. */
const NUMBERED_MONTH = /^(BTC|ETH)-USD-(\d{2})(\d{2})(\d{2})-(\d+(?:\.\d+)?)-([CP])$/;

/** Reads the name of an option; null when it is of another form or has no such date or strike. */
export function parseOptionName(name: string): OptionName | null {
  const named = NAMED_MONTH.exec(name);
  if (named !== null) {
    const [, market, day, month, year, strike, kind] = named;
    return optionName(market!, Number(year), MONTHS.indexOf(month!), Number(day), strike!, kind!);
  }
  const numbered = NUMBERED_MONTH.exec(name);
  if (numbered === null) return null;
  const [, market, year, month, day, strike, kind] = numbered;
  return optionName(market!, Number(year), Number(month) - 1, Number(day), strike!, kind!);
}

function optionName(
  market: string,
  year: number,
  month: number,
  day: number,
  strike: string,
  kind: string,
): OptionName | null {
  const expiry = new Date(Date.UTC(CENTURY + year, month, day, EXPIRY_HOUR_UTC));
  const isStrike = Number(strike) > 0 && Number(strike) <= MAX_VENUE_NUMBER;
  if (expiry.getUTCMonth() !== month || expiry.getUTCDate() !== day || !isStrike) return null;
  return {
    market: market === "BTC" ? "BTC" : "ETH",
    expirySeconds: expiry.getTime() / MILLISECONDS_PER_SECOND,
    strikeUsd: Number(strike),
    kind: kind === "C" ? "call" : "put",
  };
}

/** A price as venues write it: an absent side is null or zero. Others are multiplied by the price of the coin they are in. */
export function premiumUsd(price: number | null, coinUsd: number): number | null {
  return price === null || price === 0 ? null : price * coinUsd;
}

/**
 * Rows as the port wants them: by expiry, then strike, then call before put. Expired options, crossed quotes and a second row of the same
 * option are left out: one bad row of a thousand does not silence a venue.
 */
export function groupByExpiry(rows: readonly OptionRow[], nowSeconds: number): readonly ExpiryQuotes[] {
  const byExpiry = new Map<number, Map<string, OptionRow>>();
  for (const row of rows) {
    const crossed = row.bidUsd !== null && row.askUsd !== null && row.bidUsd > row.askUsd;
    if (row.expirySeconds <= nowSeconds || crossed) continue;
    const listed = byExpiry.get(row.expirySeconds) ?? new Map<string, OptionRow>();
    const key = `${row.strikeUsd}-${row.kind}`;
    if (!listed.has(key)) listed.set(key, row);
    byExpiry.set(row.expirySeconds, listed);
  }
  return [...byExpiry]
    .sort(([a], [b]) => a - b)
    .map(([expirySeconds, listed]) => ({
      expirySeconds,
      forwardUsd: [...listed.values()].find(({ forwardUsd }) => forwardUsd !== null)?.forwardUsd ?? null,
      quotes: [...listed.values()]
        .sort((a, b) => a.strikeUsd - b.strikeUsd || a.kind.localeCompare(b.kind))
        .map(({ kind, strikeUsd, bidUsd, askUsd, venueVol, openInterest }) => ({
          kind,
          strikeUsd,
          bidUsd,
          askUsd,
          venueVol,
          openInterest,
        })),
    }));
}
