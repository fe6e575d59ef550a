import { CoreError } from "../errors.ts";
import type { MarketState, Smile } from "../report/market-state.ts";
import { assess, type MarginContext } from "./margin.ts";
import { splitBook } from "./market-book.ts";
import type { Book, BookPosition, MarginBreakdown } from "./types.ts";

/** Changes of one market, each on top of the last report. */
export interface MarketChange {
  readonly market: number;
  /** Share of spot, forwards alike: -0.1 is a fall of 10 %. Above -1. */
  readonly spotReturn: number;
  /** Multiple of every implied vol; the forecasts of margin stay. Above 0. */
  readonly volMultiple: number;
}

/** What is asked about. */
export interface WhatIf {
  /** Trades at the mark: positive buys. Legs of an instrument held change its position, down to none. */
  readonly trades: readonly BookPosition[];
  readonly changes: readonly MarketChange[];
  /** Time that passes, with a fresh report at its end: smiles keep their implied vols. */
  readonly seconds: number;
}

export interface WhatIfResult {
  readonly before: MarginBreakdown;
  readonly after: MarginBreakdown;
}

/**
 * Margin before and after trades at today's marks and then a move of the market and of time.
 * @throws CoreError `argument-out-of-domain`
 */
export function whatIf(book: Book, context: MarginContext, question: WhatIf): WhatIfResult {
  const traded = tradeAtMark(book, question.trades, context);
  return {
    before: assess(book, context),
    after: assess(traded, moveContext(context, question)),
  };
}

/** The book after trades at the mark: positions merged, cash less what they cost. */
export function tradeAtMark(book: Book, trades: readonly BookPosition[], context: MarginContext): Book {
  const { report, now } = context;
  const legs = splitBook({ cash: 0, positions: trades, collateral: [] }, report.markets, {
    observedAt: report.observedAt,
    now,
  }).flatMap((market) => market.legs);
  if (legs.length < trades.length) {
    throw new CoreError("argument-out-of-domain", {
      name: "market",
      priced: legs.length,
      trades: trades.length,
    });
  }
  const cost = legs.reduce((sum, { size, mark }) => sum + size * mark, 0);
  return { ...book, cash: book.cash - cost, positions: mergePositions([...book.positions, ...trades]) };
}

function mergePositions(positions: readonly BookPosition[]): readonly BookPosition[] {
  const merged = new Map<string, BookPosition>();
  for (const position of positions) {
    const { market, expiry, strike, kind, size } = position;
    const key = `${market}/${expiry}/${strike}/${kind}`;
    merged.set(key, { ...position, size: (merged.get(key)?.size ?? 0) + size });
  }
  return [...merged.values()].filter(({ size }) => size !== 0);
}

/**
 * The context after a move of markets and time.
 * @throws CoreError `argument-out-of-domain`
 */
export function moveContext(
  context: MarginContext,
  { changes, seconds }: Pick<WhatIf, "changes" | "seconds">,
): MarginContext {
  const { report, now } = context;
  if (!(seconds >= 0))
    throw new CoreError("argument-out-of-domain", { name: "seconds", value: seconds, min: 0 });
  const markets = report.markets.map((state) => {
    const change = changes.find(({ market }) => market === state.market);
    const moved = change === undefined ? state : moveMarket(state, change);
    return seconds === 0 ? moved : ageSmiles(moved, report.observedAt, now + seconds);
  });
  if (seconds === 0) return { ...context, report: { ...report, markets } };
  const later = now + seconds;
  return { ...context, now: later, report: { ...report, observedAt: later, markets } };
}

function moveMarket(state: MarketState, { market, spotReturn, volMultiple }: MarketChange): MarketState {
  if (!(spotReturn > -1) || !(volMultiple > 0)) {
    throw new CoreError("argument-out-of-domain", { name: "change", market, spotReturn, volMultiple });
  }
  const smiles = state.smiles.map((smile) => scaleVariance(smile, volMultiple * volMultiple));
  return { ...state, spot: state.spot * (1 + spotReturn), smiles };
}

/** Total variance falls with the time left; expired smiles go. */
function ageSmiles(state: MarketState, observedAt: number, later: number): MarketState {
  const smiles = state.smiles
    .filter(({ expiry }) => expiry > later)
    .map((smile) => scaleVariance(smile, (smile.expiry - later) / (smile.expiry - observedAt)));
  return { ...state, smiles };
}

function scaleVariance(smile: Smile, factor: number): Smile {
  const { slice } = smile;
  return { ...smile, slice: { ...slice, a: slice.a * factor, b: slice.b * factor } };
}
