import { black76Greeks, type OptionKind } from "../pricing/black76.ts";
import { findImpliedVol } from "../pricing/implied-vol.ts";
import { VOL_POINT } from "../units.ts";

/** Top of book of one listed option; prices in USD per unit of underlying, null where nobody quotes. */
export interface OptionQuote {
  /** Unix seconds of expiry. */
  readonly expirySeconds: number;
  readonly strike: number;
  readonly kind: OptionKind;
  readonly bid: number | null;
  readonly ask: number | null;
  /** Unix seconds of the last change or confirmation of the book, where the venue tells; too long ago makes the quote stale. */
  readonly quotedAtSeconds?: number;
}

/** Why a quote takes no part in the fit. */
export type QuoteRejection =
  "not-finite" | "stale" | "no-bid" | "no-ask" | "crossed" | "too-wide" | "in-the-money" | "no-implied-vol";

export interface RejectedQuote {
  readonly quote: OptionQuote;
  readonly reason: QuoteRejection;
}

/** One point of a smile, made from an out-of-the-money quote. */
export interface SmilePoint {
  /** ln(strike / forward). */
  readonly logMoneyness: number;
  /** Annual implied vol of the mid price, a fraction. */
  readonly midVol: number;
  /** Half the bid-ask spread in annual vol, a fraction; at least `MIN_HALF_SPREAD_VOL`. */
  readonly halfSpreadVol: number;
}

/** What an expiry's quotes are judged against. */
export interface SmileContext {
  readonly forward: number;
  readonly discount: number;
  readonly tauYears: number;
}

/** Spread over mid beyond which a quote carries no information. */
const MAX_RELATIVE_SPREAD = 0.8;
/** Half spread in annual vol beyond which a quote carries no information. */
const MAX_HALF_SPREAD_VOL = 0.25;
/** Tick sizes make spreads of a single tick look sharper than they are. */
const MIN_HALF_SPREAD_VOL = 0.25 * VOL_POINT;
/** Quotes this little in the money still serve; both sides of the strike next to the forward do. */
const IN_THE_MONEY_TOLERANCE = 0.002;

/** Age beyond which a quote is no longer an offer: market makers confirm theirs within seconds. */
const MAX_QUOTE_AGE_SECONDS = 300;

/** Whether a quote's book was last confirmed too long before `nowSeconds`; a quote without a time is taken as fresh. */
export function isStale({ quotedAtSeconds }: OptionQuote, nowSeconds: number): boolean {
  return quotedAtSeconds !== undefined && nowSeconds - quotedAtSeconds > MAX_QUOTE_AGE_SECONDS;
}

/** First reason to reject a quote whatever its expiry's forward, or undefined. */
export function findBookFault(quote: OptionQuote): QuoteRejection | undefined {
  const { bid, ask } = quote;
  if (!(quote.strike > 0) || !Number.isFinite(quote.strike)) return "not-finite";
  if (bid === null || bid === 0) return "no-bid";
  if (ask === null || ask === 0) return "no-ask";
  if (!(bid > 0) || !(ask > 0) || !Number.isFinite(bid) || !Number.isFinite(ask)) return "not-finite";
  return ask < bid ? "crossed" : undefined;
}

/** The smile's points among an expiry's quotes, with every rejected quote and its reason. */
export function selectSmilePoints(
  quotes: readonly OptionQuote[],
  context: SmileContext,
): { points: readonly SmilePoint[]; rejected: readonly RejectedQuote[] } {
  const points: SmilePoint[] = [];
  const rejected: RejectedQuote[] = [];
  for (const quote of quotes) {
    const judged = toSmilePoint(quote, context);
    if (typeof judged === "string") rejected.push({ quote, reason: judged });
    else points.push(judged);
  }
  points.sort((left, right) => left.logMoneyness - right.logMoneyness);
  return { points, rejected };
}

function toSmilePoint(quote: OptionQuote, context: SmileContext): SmilePoint | QuoteRejection {
  const fault = findBookFault(quote);
  if (fault !== undefined || quote.bid === null || quote.ask === null) return fault ?? "no-bid";
  const { kind, strike, bid, ask } = quote;
  const logMoneyness = Math.log(strike / context.forward);
  const inTheMoney = kind === "call" ? -logMoneyness : logMoneyness;
  if (inTheMoney > IN_THE_MONEY_TOLERANCE) return "in-the-money";
  const mid = (bid + ask) / 2;
  if (ask - bid > MAX_RELATIVE_SPREAD * mid) return "too-wide";
  const option = { ...context, kind, strike };
  const solved = findImpliedVol({ ...option, price: mid });
  if (solved.code !== "solved") return "no-implied-vol";
  const midVol = solved.annualVol;
  const vegaPerUnit = black76Greeks({ ...option, annualVol: midVol }).vega / VOL_POINT;
  const halfSpreadVol = (ask - bid) / 2 / vegaPerUnit;
  if (!(halfSpreadVol <= MAX_HALF_SPREAD_VOL)) return "too-wide";
  return { logMoneyness, midVol, halfSpreadVol: Math.max(halfSpreadVol, MIN_HALF_SPREAD_VOL) };
}
