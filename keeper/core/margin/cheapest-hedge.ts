import { requireWithin } from "../errors.ts";
import { assess, type MarginContext } from "./margin.ts";
import { splitBook } from "./market-book.ts";
import type { Book, BookPosition, MarginBreakdown } from "./types.ts";
import { tradeAtMark } from "./what-if.ts";

/** What a trade costs against its mark. */
interface TradingCosts {
  /** Share of spot per unit. */
  readonly notionalShare: number;
  /** Share of an option's mark per unit: half the quoted spread. */
  readonly premiumShare: number;
}

export interface HedgeSettings {
  /** Positive USD that are lacking; zero or less is enough. The margin's convexity in sizes carries over to it. */
  readonly shortfall: (margin: MarginBreakdown) => number;
  readonly costs: TradingCosts;
  /** Smallest tradable size; sizes are its multiples. */
  readonly lot: number;
  /** Largest size per leg, units of underlying. */
  readonly maxSize: number;
}

interface Hedge {
  /** One or two trades; empty when nothing is lacking. */
  readonly trades: readonly BookPosition[];
  readonly cost: number;
  readonly margin: MarginBreakdown;
}

export interface HedgeAnswer {
  /** Undefined when no trade of one or two of the instruments is enough. */
  readonly hedge: Hedge | undefined;
  /** What any hedge of these instruments costs at least, however many legs it has, where the margin is convex in sizes. */
  readonly leastCost: number;
}

/** Directions searched for single hedges: those with most relief per dollar at first. */
const SINGLES = 10;
/** The cheapest of them serve as first legs of pairs, with the best second legs beside half of the first. */
const FIRST_LEGS = 2;
const SECOND_LEGS = 5;
const SEARCH_STEPS = 30;
const PAIR_STEPS = 14;
/** Sizes smaller than this are taken for the slope of the shortfall, in lots. */
const SLOPE_LOTS = 1;
const GOLDEN = (Math.sqrt(5) - 1) / 2;
/** Shortfall that counts as none, USD: below a cent. */
const ENOUGH_USD = 0.005;

/** A direction in one instrument. */
interface Candidate {
  readonly unit: BookPosition;
  /** USD per unit. */
  readonly unitCost: number;
  /** Fall of the shortfall per unit at first, USD. */
  readonly relief: number;
}

/**
 * The cheapest hedge, of one or two legs, that makes up a shortfall, by the margin twin.
 *
 * Both directions of every instrument are ranked by relief per dollar of cost at the start. For the best, the smallest sufficient
 * size is found by golden section (towards the size of most relief) and bisection. The two cheapest serve as first legs of pairs
 * with the directions that bring most relief per dollar beside half of them: golden section over the first leg's size, the second's
 * found as before. Where the margin is convex in sizes (expected shortfall, stress, charges; VaR nearly) each search is exact within
 * its instruments, up to lots. Convexity also bounds every hedge from below, where the margin has a slope at the book: relief grows
 * no faster than at the start, so that no hedge costs less than the shortfall over the best relief per dollar.
 * @param instruments listed ones; their sizes are not read
 * @throws CoreError `argument-out-of-domain`
 */
export function cheapestHedge(
  book: Book,
  context: MarginContext,
  instruments: readonly BookPosition[],
  settings: HedgeSettings,
): HedgeAnswer {
  requireWithin("lot", settings.lot, Number.MIN_VALUE, settings.maxSize);
  const search = new HedgeSearch(book, context, settings);
  const start = search.shortfall([]);
  if (start <= ENOUGH_USD) return { hedge: search.hedge([]), leastCost: 0 };
  const candidates = search.candidates(instruments, []);
  const best = candidates[0];
  if (best === undefined) return { hedge: undefined, leastCost: Infinity };
  const tried = candidates.slice(0, SINGLES);
  const singles = tried.map((candidate) => ({ candidate, hedge: search.single(candidate, []) }));
  const costOf = (hedge: Hedge | undefined): number => hedge?.cost ?? Infinity;
  singles.sort((a, b) => (costOf(a.hedge) < costOf(b.hedge) ? -1 : 1));
  const hedges = singles.flatMap(({ hedge }) => hedge ?? []);
  for (const { candidate: first, hedge } of singles.slice(0, FIRST_LEGS)) {
    const half = sized(first, Math.abs(hedge?.trades[0]?.size ?? settings.maxSize) / 2);
    const seconds = search.candidates(instruments, [half]).slice(0, SECOND_LEGS);
    for (const second of seconds) hedges.push(...search.pair(first, second));
  }
  const cheapest = hedges.reduce<Hedge | undefined>(
    (least, hedge) => (hedge.cost < costOf(least) ? hedge : least),
    undefined,
  );
  return { hedge: cheapest, leastCost: (start * best.unitCost) / best.relief };
}

class HedgeSearch {
  readonly #book: Book;
  readonly #context: MarginContext;
  readonly #settings: HedgeSettings;

  constructor(book: Book, context: MarginContext, settings: HedgeSettings) {
    this.#book = book;
    this.#context = context;
    this.#settings = settings;
  }

  hedge(trades: readonly BookPosition[]): Hedge {
    const cost = trades.reduce((sum, trade) => sum + Math.abs(trade.size) * this.#unitCost(trade), 0);
    const traded = tradeAtMark(this.#book, trades, this.#context);
    return { trades, cost, margin: assess({ ...traded, cash: traded.cash - cost }, this.#context) };
  }

  shortfall(trades: readonly BookPosition[]): number {
    return this.#settings.shortfall(this.hedge(trades).margin);
  }

  /** Directions that bring relief beside other trades, the most per dollar first. */
  candidates(instruments: readonly BookPosition[], others: readonly BookPosition[]): readonly Candidate[] {
    const start = this.shortfall(others);
    const probe = SLOPE_LOTS * this.#settings.lot;
    return instruments
      .flatMap((instrument) => [1, -1].map((sign) => ({ ...instrument, size: sign })))
      .map((unit): Candidate => {
        const relief = (start - this.shortfall([...others, { ...unit, size: unit.size * probe }])) / probe;
        return { unit, unitCost: this.#unitCost(unit), relief };
      })
      .filter(({ relief }) => relief > 0)
      .sort((a, b) => b.relief / b.unitCost - a.relief / a.unitCost);
  }

  /** The smallest sufficient size of a candidate beside other trades; undefined when there is none. */
  single(candidate: Candidate, others: readonly BookPosition[]): Hedge | undefined {
    const { lot, maxSize } = this.#settings;
    const shortfallAt = (size: number): number => this.shortfall([...others, sized(candidate, size)]);
    let enough = this.#sufficientSize(shortfallAt);
    if (enough === undefined) return undefined;
    let low = 0;
    for (let step = 0; step < SEARCH_STEPS && enough - low > lot / 2; step++) {
      const middle: number = (low + enough) / 2;
      if (shortfallAt(middle) > ENOUGH_USD) low = middle;
      else enough = middle;
    }
    // Up to whole lots; a second lot where rounding met the edge of a kink.
    const lots = Math.ceil(enough / lot - Number.EPSILON);
    for (const size of [lots * lot, (lots + 1) * lot]) {
      const hedge = this.hedge([...others, sized(candidate, size)]);
      if (size <= maxSize && this.#settings.shortfall(hedge.margin) <= ENOUGH_USD) return hedge;
    }
    return undefined;
  }

  /** Hedges of two candidates: the first at sizes that golden section tries, the second as large as it must be. */
  pair(first: Candidate, second: Candidate): readonly Hedge[] {
    const { lot, maxSize } = this.#settings;
    const found: Hedge[] = [];
    const costAt = (size: number): number => {
      const lots = Math.round(size / lot) * lot;
      const hedge = lots === 0 ? undefined : this.single(second, [sized(first, lots)]);
      if (hedge !== undefined) found.push(hedge);
      return hedge?.cost ?? Infinity;
    };
    const alone = this.single(first, [])?.trades[0]?.size;
    let [low, high] = [0, alone === undefined ? maxSize : Math.abs(alone)];
    let [left, right] = [high - GOLDEN * high, GOLDEN * high];
    let [leftCost, rightCost] = [costAt(left), costAt(right)];
    for (let step = 0; step < PAIR_STEPS && high - low > lot; step++) {
      if (leftCost <= rightCost) {
        [high, right, rightCost] = [right, left, leftCost];
        left = high - GOLDEN * (high - low);
        leftCost = costAt(left);
      } else {
        [low, left, leftCost] = [left, right, rightCost];
        right = low + GOLDEN * (high - low);
        rightCost = costAt(right);
      }
    }
    return found;
  }

  /** A size at which nothing is lacking, by golden section towards the least shortfall. */
  #sufficientSize(shortfallAt: (size: number) => number): number | undefined {
    let [low, high] = [0, this.#settings.maxSize];
    let [left, right] = [high - GOLDEN * high, GOLDEN * high];
    let [leftValue, rightValue] = [shortfallAt(left), shortfallAt(right)];
    for (let step = 0; step < 2 * SEARCH_STEPS; step++) {
      if (leftValue <= ENOUGH_USD) return left;
      if (rightValue <= ENOUGH_USD) return right;
      if (high - low <= this.#settings.lot / 2) return undefined;
      if (leftValue <= rightValue) {
        [high, right, rightValue] = [right, left, leftValue];
        left = high - GOLDEN * (high - low);
        leftValue = shortfallAt(left);
      } else {
        [low, left, leftValue] = [left, right, rightValue];
        right = low + GOLDEN * (high - low);
        rightValue = shortfallAt(right);
      }
    }
    return undefined;
  }

  #unitCost(trade: BookPosition): number {
    const { report, now } = this.#context;
    const { notionalShare, premiumShare } = this.#settings.costs;
    const clock = { observedAt: report.observedAt, now };
    const [market] = splitBook({ cash: 0, positions: [trade], collateral: [] }, report.markets, clock);
    const leg = market?.legs[0];
    if (market === undefined || leg === undefined) return Infinity;
    const isOption = leg.kind === "call" || leg.kind === "put";
    return notionalShare * market.state.spot + (isOption ? premiumShare * leg.mark : 0);
  }
}

function sized({ unit }: Candidate, size: number): BookPosition {
  return { ...unit, size: unit.size * size };
}
