import type { BookPosition } from "../../../keeper/core/margin/types.ts";
import { seededRandom, type SeededRandom } from "../../../keeper/core/statistics/seeded-random.ts";
import { SECONDS_PER_DAY } from "../../../keeper/core/units.ts";
import { MARKETS } from "../../../keeper/ports/market-data.ts";

const LINEAR_BOOKS = 100;
const OPTION_BOOKS = 100;
const SEED = 7;

/** Strikes as shares of the spot at the episode's start. */
const STRIKE_SHARES = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.35, 1.6] as const;
/** Expiries in days after the episode's end, at 08:00 UTC: every book outlives the episode, so that no exposure fades away. */
export const EXPIRY_DAYS = [1, 8, 29, 92] as const;
const EXPIRY_HOUR_SECONDS = 28_800;

/** Notional of a book, USD: lognormal, cut at the largest. */
const MEDIAN_NOTIONAL_USD = 100_000;
const NOTIONAL_LOG_DEVIATION = 1;
const LARGEST_NOTIONAL_USD = 5e6;
/** Equity over initial margin at opening: one plus an exponential surplus. */
const MEAN_SURPLUS = 0.25;

export type BookKind = "linear" | "option";

/** A leg in relative terms: what it is, and its size in units of underlying per unit of the book's notional at spot. */
interface RelativeLeg {
  readonly market: number;
  readonly kind: "future" | "call" | "put";
  /** Index into `EXPIRY_DAYS`. */
  readonly expiry: number;
  /** Index into `STRIKE_SHARES`; -1 for a future. */
  readonly strike: number;
  readonly size: number;
}

/** A book that every episode opens alike: the same shapes on the strikes and expiries of the day. */
export interface RelativeBook {
  readonly kind: BookKind;
  readonly strategy: string;
  readonly notionalUsd: number;
  /** Equity at opening over initial margin. */
  readonly surplus: number;
  readonly legs: readonly RelativeLeg[];
}

/** The same 200 books for every episode and model. */
export function drawBooks(): readonly RelativeBook[] {
  const random = seededRandom(SEED);
  const sized = (kind: BookKind, { strategy, legs }: Shape): RelativeBook => ({
    kind,
    strategy,
    notionalUsd: Math.min(
      LARGEST_NOTIONAL_USD,
      MEDIAN_NOTIONAL_USD * Math.exp(NOTIONAL_LOG_DEVIATION * random.normal()),
    ),
    surplus: 1 - MEAN_SURPLUS * Math.log1p(-random.uniform()),
    legs,
  });
  return [
    ...Array.from({ length: LINEAR_BOOKS }, () => sized("linear", linearShape(random))),
    ...Array.from({ length: OPTION_BOOKS }, (_, index) => sized("option", optionShape(random, index))),
  ];
}

interface Shape {
  readonly strategy: string;
  readonly legs: readonly RelativeLeg[];
}

function future(market: number, size: number): RelativeLeg {
  return { market, kind: "future", expiry: 0, strike: -1, size };
}

/** Traders are long more often than short; some hold both markets, some one against the other. */
function linearShape(random: SeededRandom): Shape {
  const draw = random.uniform();
  const market = random.index(MARKETS.length);
  const other = 1 - market;
  if (draw < 0.45) return { strategy: "long", legs: [future(market, 1)] };
  if (draw < 0.65) return { strategy: "short", legs: [future(market, -1)] };
  if (draw < 0.8) return { strategy: "long both", legs: [future(market, 0.6), future(other, 0.4)] };
  if (draw < 0.88) return { strategy: "short both", legs: [future(market, -0.6), future(other, -0.4)] };
  return { strategy: "pair", legs: [future(market, 0.5), future(other, -0.5)] };
}

/** Ten strategies in turn; strikes and expiries drawn. Index 5 is the strike at the money. */
function optionShape(random: SeededRandom, turn: number): Shape {
  const market = random.index(MARKETS.length);
  const expiry = random.index(EXPIRY_DAYS.length);
  const near = 1 + random.index(2);
  const [atTheMoney, up, down] = [5, 5 + near, 5 - near];
  const leg = (kind: "call" | "put", strike: number, size: number, at = expiry): RelativeLeg => ({
    market,
    kind,
    expiry: at,
    strike,
    size,
  });
  switch (turn % 10) {
    case 0:
      return { strategy: "short strangle", legs: [leg("call", up, -0.5), leg("put", down, -0.5)] };
    case 1:
      return { strategy: "short put", legs: [leg("put", down, -1)] };
    case 2:
      return { strategy: "covered call", legs: [future(market, 0.5), leg("call", up, -0.5)] };
    case 3:
      return { strategy: "protected long", legs: [future(market, 0.5), leg("put", down, 0.5)] };
    case 4:
      return { strategy: "vertical spread", legs: [leg("put", down, -0.5), leg("put", down - 2, 0.5)] };
    case 5:
      return {
        strategy: "iron condor",
        legs: [
          leg("call", up, -0.25),
          leg("call", up + 2, 0.25),
          leg("put", down, -0.25),
          leg("put", down - 2, 0.25),
        ],
      };
    case 6:
      return {
        strategy: "calendar spread",
        legs: [leg("call", atTheMoney, -0.5, 0), leg("call", atTheMoney, 0.5, 2)],
      };
    case 7:
      return {
        strategy: "hedged short straddle",
        legs: [leg("call", atTheMoney, -0.4), leg("put", atTheMoney, -0.4), future(market, 0.04)],
      };
    case 8:
      return { strategy: "long straddle", legs: [leg("call", atTheMoney, 0.5), leg("put", atTheMoney, 0.5)] };
    default:
      return { strategy: "mixed", legs: mixedLegs(random) };
  }
}

/** A dealer's book: a dozen options of both markets and a future in each against their direction. */
function mixedLegs(random: SeededRandom): readonly RelativeLeg[] {
  const count = 12;
  const legs = Array.from({ length: count }, (): RelativeLeg => {
    const strike = 2 + random.index(STRIKE_SHARES.length - 3);
    return {
      market: random.index(MARKETS.length),
      kind: strike >= 5 ? "call" : "put",
      expiry: random.index(EXPIRY_DAYS.length),
      strike,
      size: ((random.uniform() < 0.6 ? -1 : 1) * (0.5 + random.uniform())) / count,
    };
  });
  const halfDelta = 0.35;
  return [
    ...legs,
    ...MARKETS.map((_, market) =>
      future(
        market,
        legs
          .filter((it) => it.market === market)
          .reduce((sum, { kind, size }) => sum - (kind === "call" ? halfDelta : -halfDelta) * size, 0),
      ),
    ),
  ];
}

/** Unix seconds of the listed expiries of an episode that ends at `endSeconds`. */
export function expiriesAfter(endSeconds: number): readonly number[] {
  const midnight = Math.ceil(endSeconds / SECONDS_PER_DAY) * SECONDS_PER_DAY;
  return EXPIRY_DAYS.map((days) => midnight + (days - 1) * SECONDS_PER_DAY + EXPIRY_HOUR_SECONDS);
}

/** A book's positions for given spots at the start and expiries. */
export function positionsOf(
  { legs, notionalUsd }: RelativeBook,
  spots: readonly number[],
  expiries: readonly number[],
): readonly BookPosition[] {
  return legs.map(({ market, kind, expiry, strike, size }) => ({
    market,
    kind,
    expiry: expiries[expiry]!,
    strike: strike < 0 ? 0 : STRIKE_SHARES[strike]! * spots[market]!,
    size: (size * notionalUsd) / spots[market]!,
  }));
}
