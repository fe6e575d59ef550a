import { splitBook, type Leg } from "../margin/market-book.ts";
import { logReturn, sqrtHorizonDays } from "../margin/surface.ts";
import type { Book, BookPosition, MarginParams, ReportState } from "../margin/types.ts";
import { PSI_TENOR_DAYS } from "../report/grid.ts";
import type { JointScenarios } from "../scenarios/filtered-historical.ts";
import { BPS, SECONDS_PER_DAY, SECONDS_PER_YEAR } from "../units.ts";

/** Something to reprice: an option, or something linear in the spot (future, perpetual, collateral). */
export interface RevaluedInstrument {
  /** Place of the market in `RevaluationPlan.markets`. */
  readonly market: number;
  readonly kind: "call" | "put" | "linear";
  /** USD. */
  readonly forward: number;
  readonly strike: number;
  readonly discount: number;
  /** Standard deviation to expiry, at least the least with which an option is priced. */
  readonly totalVol: number;
  /** Value of one unit now, USD. */
  readonly mark: number;
  /** Log vol multiplier of this expiry per unit of the 30-day vol shock. */
  readonly volTerm: number;
}

/** Moves of one market, one per scenario. */
export interface MarketMoves {
  /** Log return of spot and forwards over the horizon. */
  readonly logReturns: Float64Array;
  /** Log change of the 30-day implied vol over the horizon. */
  readonly volShocks: Float64Array;
}

/** Positions of all accounts, account by account (compressed sparse rows). */
export interface AccountRows {
  /** One more than accounts: account a holds the entries offsets[a] to offsets[a + 1]. */
  readonly offsets: Uint32Array;
  /** Instrument of each entry. */
  readonly instruments: Uint32Array;
  /** Units of each entry, negative short. */
  readonly sizes: Float64Array;
}

/** A whole clearing house to revalue: each distinct instrument once, accounts as sparse rows over the instruments. */
export interface RevaluationPlan {
  readonly instruments: readonly RevaluedInstrument[];
  readonly markets: readonly MarketMoves[];
  /** Scenarios, equally likely. */
  readonly scenarios: number;
  readonly accounts: AccountRows;
}

/**
 * Plans the full revaluation of books under joint scenarios, on the conventions of the margin (docs/margin-computation.md):
 * time not advanced, sticky strike, returns and vol multipliers clamped alike. Positions and collateral in markets without a
 * report or without scenarios are left out, as the margin leaves them out of the tail.
 * @param books one per account
 * @param now Unix seconds
 */
export function planRevaluation(
  books: readonly Book[],
  report: ReportState,
  params: MarginParams,
  joint: JointScenarios,
  now: number,
): RevaluationPlan {
  const states = report.markets.filter(({ market }) =>
    joint.markets.some((other) => other.market === market),
  );
  const indexOf = new Map<string, number>();
  const distinct = distinctPositions(books, indexOf);
  const marketIndex = new Map(states.map(({ market }, index) => [market, index]));
  const instruments = new Array<RevaluedInstrument | undefined>(distinct.length);
  const clock = { observedAt: report.observedAt, now };
  for (const { state, legs } of splitBook({ cash: 0, positions: distinct, collateral: [] }, states, clock)) {
    for (const leg of legs) {
      instruments[indexOf.get(keyOf(leg))!] = revalued(leg, marketIndex.get(state.market)!, params);
    }
  }
  const listed: RevaluedInstrument[] = [];
  const place = new Map<number, number>();
  for (const [index, instrument] of instruments.entries()) {
    if (instrument === undefined) continue;
    place.set(index, listed.length);
    listed.push(instrument);
  }
  const collateralAt = states.map(({ spot }, market) => {
    return listed.push({ ...LINEAR, market, forward: spot, mark: spot }) - 1;
  });
  return {
    instruments: listed,
    markets: states.map(({ market, sigma, psi }) => {
      const { z, y } = joint.markets.find((candidate) => candidate.market === market)!;
      const volOfVol = psi * sqrtHorizonDays(params);
      return {
        logReturns: z.map((move) => logReturn(move, sigma, params)),
        volShocks: y.map((move) => move * volOfVol),
      };
    }),
    scenarios: joint.days.length,
    accounts: sparseRows(
      books,
      (position) => place.get(indexOf.get(keyOf(position))!),
      (market) => {
        const index = marketIndex.get(market);
        return index === undefined ? undefined : collateralAt[index];
      },
    ),
  };
}

const LINEAR = { kind: "linear", strike: 0, discount: 1, totalVol: 1, volTerm: 0 } as const;

function keyOf({ market, expiry, strike, kind }: BookPosition): string {
  return `${market}/${expiry}/${strike}/${kind}`;
}

/** One unit of every instrument that any book holds, numbered in `indexOf`. */
function distinctPositions(books: readonly Book[], indexOf: Map<string, number>): readonly BookPosition[] {
  const distinct: BookPosition[] = [];
  for (const { positions } of books) {
    for (const position of positions) {
      const key = keyOf(position);
      if (indexOf.has(key)) continue;
      indexOf.set(key, distinct.length);
      distinct.push({ ...position, size: 1 });
    }
  }
  return distinct;
}

function revalued(leg: Leg, market: number, params: MarginParams): RevaluedInstrument {
  const { kind, forward, strike, discount, totalVol, mark, tau } = leg;
  if (kind === "future" || kind === "perpetual") return { ...LINEAR, market, forward, mark };
  const tenorSeconds = Math.max(tau * SECONDS_PER_YEAR, params.volTermFloorSeconds);
  const ratio = (PSI_TENOR_DAYS * SECONDS_PER_DAY) / tenorSeconds;
  const volTerm = ratio ** (params.volTermExponentBps / BPS);
  return { market, kind, forward, strike, discount, totalVol, mark, volTerm };
}

function sparseRows(
  books: readonly Book[],
  instrumentOf: (position: BookPosition) => number | undefined,
  collateralOf: (market: number) => number | undefined,
): AccountRows {
  const offsets = new Uint32Array(books.length + 1);
  const instruments: number[] = [];
  const sizes: number[] = [];
  const add = (instrument: number | undefined, size: number): void => {
    if (instrument === undefined || size === 0) return;
    instruments.push(instrument);
    sizes.push(size);
  };
  for (const [account, { positions, collateral }] of books.entries()) {
    for (const position of positions) add(instrumentOf(position), position.size);
    for (const { market, quantity } of collateral) add(collateralOf(market), quantity);
    offsets[account + 1] = instruments.length;
  }
  return { offsets, instruments: Uint32Array.from(instruments), sizes: Float64Array.from(sizes) };
}
