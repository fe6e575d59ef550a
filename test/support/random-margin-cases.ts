import { decodeBook, type ChainBook } from "../../keeper/core/margin/decode.ts";
import type { MarginContext } from "../../keeper/core/margin/margin.ts";
import type { Book } from "../../keeper/core/margin/types.ts";
import { GRID, type Grid } from "../../keeper/core/report/grid.ts";
import { decodeMarketState, SECONDS_PER_HOUR } from "../../keeper/core/report/market-state.ts";
import { quantiseMarket, type MarketObservation } from "../../keeper/core/report/quantise.ts";
import { decodeScenarioSet, encodeScenarioSet } from "../../keeper/core/report/scenario-set.ts";
import { TEST_MARGIN_PARAMS } from "./margin-params.ts";
import {
  BOOK_STYLES,
  RANDOM_MARKETS,
  RANDOM_OBSERVED_AT,
  randomBook,
  randomMarketState,
  randomScenarioSet,
  type BookStyle,
} from "./random-books.ts";
import { randomSource, type RandomSource } from "./random-source.ts";

/** A report and a scenario set as the contracts hold them, and what they say. */
export interface RandomWorld {
  readonly observed: readonly MarketObservation[];
  readonly context: MarginContext;
}

/** A book over a world's markets, as the contract takes it and in real units. */
export interface RandomCase {
  readonly style: BookStyle;
  readonly chainBook: ChainBook;
  readonly book: Book;
}

const SCENARIOS = 256;
const SCENARIO_DAYS = 2_000;
const MAX_AGE_HOURS = 6;
const MAX_POSITIONS = 64;

/** When a world is seen; by default a fixed hour, some hours before now. */
export interface WorldClock {
  /** Unix seconds. */
  readonly observedAt: number;
  readonly now: number;
}

/** A two-market world that depends on the seed, the clock and the grid alone. */
export function randomWorld(seed: number, clock?: WorldClock, grid: Grid = GRID): RandomWorld {
  const random = randomSource(seed);
  const observedAt = clock?.observedAt ?? RANDOM_OBSERVED_AT;
  const ageSeconds = random.integer(0, MAX_AGE_HOURS * SECONDS_PER_HOUR);
  const observed = RANDOM_MARKETS.map((spec) => quantiseMarket(randomMarketState(random, spec, observedAt)));
  const markets = RANDOM_MARKETS.map(({ market }) => market);
  const scenarios = randomScenarioSet(random, markets, SCENARIOS, SCENARIO_DAYS);
  const context: MarginContext = {
    report: {
      observedAt,
      peg: 1,
      markets: observed.map(({ market, smiles }) => decodeMarketState(market, smiles)),
    },
    params: TEST_MARGIN_PARAMS,
    scenarios: decodeScenarioSet(encodeScenarioSet(scenarios, grid)),
    now: clock?.now ?? observedAt + ageSeconds,
  };
  return { observed, context };
}

/** `count` books of every style in turn over one world. */
export function randomCases(world: RandomWorld, seed: number, count: number): readonly RandomCase[] {
  const random: RandomSource = randomSource(seed);
  return Array.from({ length: count }, (_, index) => {
    const style = BOOK_STYLES[index % BOOK_STYLES.length] ?? "mixed";
    const chainBook = randomBook(random, world.context.report.markets, style, MAX_POSITIONS);
    return { style, chainBook, book: decodeBook(chainBook) };
  });
}
