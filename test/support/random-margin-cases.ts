import { decodeBook, type ChainBook } from "../../keeper/core/margin/decode.ts";
import type { MarginContext } from "../../keeper/core/margin/margin.ts";
import type { Book } from "../../keeper/core/margin/types.ts";
import { GRID, type Grid } from "../../keeper/core/report/grid.ts";
import { BPS_SCALE, decodeMarketState, SECONDS_PER_HOUR } from "../../keeper/core/report/market-state.ts";
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
  readonly scenarioBytes: Uint8Array;
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

/** A two-market world that depends on the seed alone. */
export function randomWorld(seed: number, grid: Grid = GRID): RandomWorld {
  const random = randomSource(seed);
  const observed = RANDOM_MARKETS.map((spec) =>
    quantiseMarket(randomMarketState(random, spec, RANDOM_OBSERVED_AT)),
  );
  const markets = RANDOM_MARKETS.map(({ market }) => market);
  const scenarioBytes = encodeScenarioSet(randomScenarioSet(random, markets, SCENARIOS, SCENARIO_DAYS), grid);
  const context: MarginContext = {
    report: {
      observedAt: RANDOM_OBSERVED_AT,
      peg: random.integer(9_900, 10_010) / BPS_SCALE,
      markets: observed.map(({ market, smiles }) => decodeMarketState(market, smiles)),
    },
    params: TEST_MARGIN_PARAMS,
    scenarios: decodeScenarioSet(scenarioBytes),
    now: RANDOM_OBSERVED_AT + random.integer(0, MAX_AGE_HOURS * SECONDS_PER_HOUR),
  };
  return { observed, scenarioBytes, context };
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
