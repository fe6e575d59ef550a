import { normalCdf, normalPdf } from "../pricing/normal.ts";
import type { SeededRandom } from "../statistics/seeded-random.ts";
import type { JointScenarios } from "./filtered-historical.ts";

/**
 * Stand-ins for real books, to find which scenarios can be a book's worst: combinations of spot and of options of
 * several strikes and tenors per market, priced in standardised units (Bachelier), where a scenario is (z, y).
 */
export interface ProxyInstrument {
  /** Strike in daily standard deviations from spot; null for spot itself. */
  readonly strike: number | null;
  /** Standard deviation of the option's underlying to expiry, in daily standard deviations. */
  readonly width: number;
}

/** Implied vol moves by this share of itself per unit of y. */
const VOL_PER_Y = 0.06;

/** Instruments used to choose scenarios: four tenors, strikes from deep puts to far calls. */
const PROXY_INSTRUMENTS: readonly ProxyInstrument[] = [
  { strike: null, width: 0 },
  { strike: -3, width: 1.5 },
  { strike: 0, width: 1.5 },
  { strike: 3, width: 1.5 },
  { strike: -6, width: 4 },
  { strike: 0, width: 4 },
  { strike: 6, width: 4 },
  { strike: 0, width: 9 },
  { strike: -1.5, width: 2 },
  { strike: 1.5, width: 2 },
];

/** P&L of every instrument of every market in every scenario: one row per (market, instrument), scaled to unit deviation. */
export function proxyPnl(
  scenarios: JointScenarios,
  instruments: readonly ProxyInstrument[] = PROXY_INSTRUMENTS,
): readonly Float64Array[] {
  return scenarios.markets.flatMap(({ z, y }) =>
    instruments.map((instrument) => {
      const pnl = z.map((move, scenario) => instrumentPnl(instrument, move, y[scenario]!));
      const deviation = Math.sqrt(pnl.reduce((sum, value) => sum + value * value, 0) / pnl.length);
      return deviation > 0 ? pnl.map((value) => value / deviation) : pnl;
    }),
  );
}

function instrumentPnl({ strike, width }: ProxyInstrument, z: number, y: number): number {
  if (strike === null) return z;
  return bachelierCall(z - strike, width * Math.exp(VOL_PER_Y * y)) - bachelierCall(-strike, width);
}

/** Value of a call `distance` in the money under a normal law (Bachelier 1900). */
function bachelierCall(distance: number, width: number): number {
  return distance * normalCdf(distance / width) + width * normalPdf(distance / width);
}

/**
 * Random books over the rows of `proxyPnl`: in turn a single instrument long or short, a spread of two, a book in a
 * single market and a book across all of them.
 * @returns weights per row
 */
export function randomBook(random: SeededRandom, rows: number, markets: number, turn: number): Float64Array {
  const book = new Float64Array(rows);
  const sign = (): number => (random.uniform() < 0.5 ? -1 : 1);
  const perMarket = rows / markets;
  const market = random.index(markets);
  switch (turn % 4) {
    case 0:
      book[random.index(rows)] = sign();
      return book;
    case 1:
      book[random.index(rows)] = sign();
      book[random.index(rows)] = sign() * (0.5 + random.uniform());
      return book;
    case 2:
      return book.map((_, row) => (Math.floor(row / perMarket) === market ? random.normal() : 0));
    default:
      return book.map(() => random.normal());
  }
}

/** P&L of a book in every scenario. */
export function bookPnl(rows: readonly Float64Array[], book: Float64Array): Float64Array {
  const pnl = new Float64Array(rows[0]?.length ?? 0);
  for (const [row, values] of rows.entries()) {
    const weight = book[row]!;
    if (weight === 0) continue;
    for (let scenario = 0; scenario < pnl.length; scenario++) pnl[scenario]! += weight * values[scenario]!;
  }
  return pnl;
}
