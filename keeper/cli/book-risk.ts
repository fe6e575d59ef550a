import { splitBook } from "../core/margin/market-book.ts";
import type { MarketState } from "../core/report/market-state.ts";
import { riskTable, type MethodRisk } from "../core/risk/risk-table.ts";
import { jointResiduals, type JointScenarios } from "../core/scenarios/filtered-historical.ts";
import { SECONDS_PER_YEAR } from "../core/units.ts";
import type { VolatilityFilter } from "../core/volatility/filter.ts";
import { MARKETS, type DailyHistory } from "../ports/market-data.ts";
import { forecastMarket } from "../services/forecast.ts";
import { jointHistory } from "../services/scenarios.ts";
import type { BookFile } from "./book-file.ts";
import { CommandError } from "./failure.ts";

/** Confidences, horizon and term structure of vol shocks that every network's parameters have. */
const PARAMS = {
  varConfidenceBps: 9_900,
  esConfidenceBps: 9_750,
  horizonSeconds: 86_400,
  volTermExponentBps: 3_000,
  volTermFloorSeconds: 86_400,
} as const;
/** Days of the historical method, the most recent ones. */
const PAST_DAYS = 500;
/** Days that must be recorded until the book's time. */
const LEAST_DAYS = 1_400;
const SEED = 1;
const MILLISECONDS = 1_000;

/** A book's risk and what it rests on. */
export interface BookRisk {
  readonly asOf: string;
  readonly varConfidenceBps: number;
  readonly esConfidenceBps: number;
  /** Spot in USD, annual vol, and the forecasts per square root of a day of log spot (sigma) and log vol (psi). */
  readonly markets: readonly {
    readonly name: string;
    readonly spot: number;
    readonly vol: number;
    readonly sigma: number;
    readonly psi: number;
  }[];
  readonly scenarios: number;
  readonly pastDays: number;
  readonly copulaDegrees: number;
  readonly methods: readonly MethodRisk[];
  readonly components: readonly {
    readonly name: string;
    readonly valueAtRisk: number;
    readonly expectedShortfall: number;
  }[];
}

/**
 * Every method's figures for a book on what a history knew at the book's time: forecasts and residuals of the days until then.
 * @param draws of each Monte Carlo run
 * @throws CommandError `no-history`, `expired`
 */
export function bookRisk(file: BookFile, full: DailyHistory, draws: number): BookRisk {
  const asOf = file.asOfSeconds ?? full.days.at(-1)?.observedAtSeconds ?? 0;
  const history = { days: full.days.filter(({ observedAtSeconds }) => observedAtSeconds <= asOf) };
  if (history.days.length < LEAST_DAYS)
    throw new CommandError(
      "no-history",
      `only ${history.days.length} days are recorded until ${iso(asOf)}, ${LEAST_DAYS} are needed`,
      'set "asOf" to a later time',
    );
  const expired = file.book.positions.findIndex(({ expiry }) => expiry <= asOf);
  if (expired >= 0)
    throw new CommandError(
      "expired",
      `${file.names[expired] ?? ""} has expired at ${iso(asOf)}`,
      'set "asOf" to an earlier time or take the position out',
    );
  const states = MARKETS.map((name, index) => stateOf(file, history, asOf, name, index + 1));
  const books = splitBook(
    file.book,
    states.map(({ state }) => state),
    { observedAt: asOf, now: asOf },
  );
  const listings = MARKETS.map((symbol, index) => ({ market: index + 1, symbol }));
  const joint = jointHistory(history, listings);
  const residuals = jointResiduals(joint, { seed: SEED });
  const pastMoves = overForecasts(jointResiduals(joint, { seed: SEED, filter: AS_THEY_WERE }), states);
  const risk = riskTable({ books, params: PARAMS, residuals, pastMoves, seed: SEED, draws });
  return {
    asOf: iso(asOf),
    varConfidenceBps: PARAMS.varConfidenceBps,
    esConfidenceBps: PARAMS.esConfidenceBps,
    markets: states.map(({ name, vol, state: { spot, sigma, psi } }) => ({ name, spot, vol, sigma, psi })),
    scenarios: residuals.days.length,
    pastDays: pastMoves.days.length,
    copulaDegrees: risk.copulaDegrees,
    methods: risk.methods,
    components: risk.components.map(({ market, position, valueAtRisk, expectedShortfall }) => ({
      name: position === null ? `collateral in ${nameOf(market)}` : legName(file, market, position),
      valueAtRisk,
      expectedShortfall,
    })),
  };
}

const iso = (seconds: number): string => new Date(seconds * MILLISECONDS).toISOString();
const nameOf = (market: number): string => MARKETS[market - 1] ?? "";

/** The name of a market's n-th position as the file wrote it. */
function legName({ book, names }: BookFile, market: number, position: number): string {
  const indices = book.positions.flatMap((it, index) => (it.market === market ? [index] : []));
  const index = indices[position] ?? 0;
  return `${names[index] ?? ""} x ${book.positions[index]?.size ?? 0}`;
}

interface NamedState {
  readonly name: string;
  readonly vol: number;
  readonly state: MarketState;
}

function stateOf(
  file: BookFile,
  history: DailyHistory,
  asOf: number,
  name: (typeof MARKETS)[number],
  market: number,
): NamedState {
  const last = history.days.at(-1)?.markets[name];
  const vol = file.markets[name]?.vol ?? last?.impliedVol?.vol;
  const spot = file.markets[name]?.spot ?? last?.closeUsd;
  if (vol === undefined || spot === undefined)
    throw new CommandError(
      "no-history",
      `the last day until ${iso(asOf)} lacks spot or vol of ${name}`,
      'name its spot and vol under "markets"',
    );
  const { sigma, psi } = forecastMarket(history, name, spot, asOf, null);
  const expiries = [...new Set(file.book.positions.map(({ expiry }) => expiry))].sort((a, b) => a - b);
  const smiles = expiries.map((expiry) => ({
    expiry,
    forwardRatio: 1,
    discount: 1,
    slice: { a: (vol * vol * (expiry - asOf)) / SECONDS_PER_YEAR, b: 0, rho: 0, m: 0, s: 1 },
  }));
  return {
    name,
    vol,
    state: { market, spot, sigma, psi, dispersion: 0, depthUsd: 0, openInterestUsd: 0, smiles },
  };
}

/** Leaves changes as they are. */
const AS_THEY_WERE: VolatilityFilter = {
  name: "unit",
  fit: (series) => ({ dailyVol: 1, dailyVolBefore: new Float64Array(series.length).fill(1) }),
};

/** The most recent moves over today's forecasts. */
function overForecasts(moves: JointScenarios, states: readonly NamedState[]): JointScenarios {
  return {
    days: moves.days.slice(-PAST_DAYS),
    markets: moves.markets.map(({ market, z, y, imputed }) => {
      const forecast = states.find(({ state }) => state.market === market)?.state;
      const over = (values: Float64Array, scale: number | undefined) =>
        values.slice(-PAST_DAYS).map((value) => value / (scale ?? NaN));
      return {
        market,
        z: over(z, forecast?.sigma),
        y: over(y, forecast?.psi),
        imputed: imputed.slice(-PAST_DAYS),
      };
    }),
  };
}
