import { staticLoss, staticShares } from "../../../keeper/core/margin/charges.ts";
import { splitBook, type Leg } from "../../../keeper/core/margin/market-book.ts";
import { stressPnl } from "../../../keeper/core/margin/stress.ts";
import { pnlSurface } from "../../../keeper/core/margin/surface.ts";
import type { BookPosition } from "../../../keeper/core/margin/types.ts";
import type { MarketState } from "../../../keeper/core/report/market-state.ts";
import type { GridScenarioSet } from "../../../keeper/core/report/scenario-set.ts";
import { BPS } from "../../../keeper/core/units.ts";
import { HEAVY_STRESS_WEIGHTS_BPS, MARGIN_PARAMS, type ComparedModel } from "./parameters.ts";
import { scenarioPnl, surfaceWeights, type SurfaceWeights } from "./surface-weights.ts";
import { weightedTail } from "./weighted-tail.ts";

/** One unit long of an instrument at a report: everything in a margin that adds up over positions. */
interface UnitLeg {
  readonly leg: Leg;
  readonly spot: number;
  /** P&L and slope at the nodes, in the order of `surfaceWeights`. */
  readonly surface: Float64Array;
  /** P&L under each stress scenario. */
  readonly stress: Float64Array;
  readonly staticLong: number;
  readonly staticShort: number;
}

/** Instruments and shapes of books, so that what is the same is priced and measured once. */
export interface Listing {
  readonly instruments: readonly BookPosition[];
  /** Distinct books up to their size: positions as (index into the instruments, size). */
  readonly shapes: readonly (readonly (readonly [instrument: number, size: number])[])[];
  /** Each book as (index into the shapes, multiple). */
  readonly books: readonly (readonly [shape: number, multiple: number])[];
}

/** A book at a report, at its full size: its value, gross notional and maintenance margin by model. */
export interface BookMeasure {
  readonly value: number;
  readonly grossUsd: number;
  readonly maintenance: Readonly<Record<ComparedModel, number>>;
}

/** Digits in which two books of one shape agree. */
const SHAPE_DIGITS = 12;

/** The distinct instruments and shapes of books. */
export function listingOf(books: readonly (readonly BookPosition[])[]): Listing {
  const instruments = new Map<string, number>();
  const shapes = new Map<string, number>();
  const listed: BookPosition[] = [];
  const lists: (readonly (readonly [number, number])[])[] = [];
  const multiples = books.map((positions) => {
    const multiple = Math.abs(positions[0]!.size);
    const legs = positions.map((position) => {
      const key = [position.market, position.kind, position.expiry, position.strike].join(" ");
      const index = instruments.get(key) ?? listed.push({ ...position, size: 1 }) - 1;
      instruments.set(key, index);
      return [index, position.size / multiple] as const;
    });
    const key = legs.map(([index, size]) => `${index}:${size.toPrecision(SHAPE_DIGITS)}`).join(" ");
    const shape = shapes.get(key) ?? lists.push(legs) - 1;
    shapes.set(key, shape);
    return [shape, multiple] as const;
  });
  return { instruments: listed, shapes: lists, books: multiples };
}

/** Margins of all books of a listing under every compared model: the twin's rules with each instrument priced once. */
export function bookMeasurer(
  listing: Listing,
  set: GridScenarioSet,
): (states: readonly MarketState[], now: number) => readonly BookMeasure[] {
  const weights = surfaceWeights(set);
  return (states, now) => {
    const units = listing.instruments.map((instrument) => unitLeg(instrument, states, now));
    const shapes = listing.shapes.map((positions) => measure(positions, units, weights));
    return listing.books.map(([shape, multiple]) => scaled(shapes[shape]!, multiple));
  };
}

/** Every measure is proportional to size: no charge here depends on the size of a book. */
function scaled({ value, grossUsd, maintenance }: BookMeasure, multiple: number): BookMeasure {
  return {
    value: value * multiple,
    grossUsd: grossUsd * multiple,
    maintenance: {
      static: maintenance.static * multiple,
      tail: maintenance.tail * multiple,
      stress: maintenance.stress * multiple,
      default: maintenance.default * multiple,
      heavyStress: maintenance.heavyStress * multiple,
    },
  };
}

function unitLeg(instrument: BookPosition, states: readonly MarketState[], now: number): UnitLeg {
  const clock = { observedAt: now, now };
  const [book] = splitBook({ cash: 0, positions: [instrument], collateral: [] }, states, clock);
  if (book === undefined) throw new RangeError(`no state for market ${instrument.market}`);
  const { pnl, slope } = pnlSurface(book, MARGIN_PARAMS);
  const shares = staticShares(MARGIN_PARAMS.markets[instrument.market]!);
  const [leg] = book.legs;
  const short = { ...book, legs: [{ ...leg!, size: -1 }] };
  return {
    leg: leg!,
    spot: book.state.spot,
    surface: Float64Array.from([...pnl.flat(), ...slope.flat()]),
    stress: Float64Array.from(MARGIN_PARAMS.stress, (scenario) =>
      stressPnl(book, scenario, scenario.returnBps[instrument.market]! / BPS),
    ),
    staticLong: staticLoss(book, shares),
    staticShort: staticLoss(short, shares),
  };
}

function measure(
  positions: readonly (readonly [number, number])[],
  units: readonly UnitLeg[],
  weights: SurfaceWeights,
): BookMeasure {
  const surfaces = new Map<number, Float64Array>();
  const stress = new Float64Array(MARGIN_PARAMS.stress.length);
  const deltaUsd = new Map<string, number>();
  const short = new Map<string, number>();
  let value = 0;
  let grossUsd = 0;
  let fixed = 0;
  for (const [index, size] of positions) {
    const unit = units[index]!;
    const { market, expiry, kind, delta, forward, mark } = unit.leg;
    value += size * mark;
    grossUsd += Math.abs(size) * unit.spot;
    fixed += Math.abs(size) * (size > 0 ? unit.staticLong : unit.staticShort);
    addScaled(stress, unit.stress, size);
    let surface = surfaces.get(market);
    if (surface === undefined) surfaces.set(market, (surface = new Float64Array(unit.surface.length)));
    addScaled(surface, unit.surface, size);
    add(deltaUsd, `${market} ${expiry}`, size * delta * forward);
    if (kind === "call" || kind === "put") add(short, `${market} ${kind}`, -size * unit.spot);
  }
  const basis = sumOf(deltaUsd, Math.abs) * (MARGIN_PARAMS.markets[0]!.basisBps / BPS);
  const shortLoss =
    sumOf(short, (usd) => Math.max(0, usd)) * (MARGIN_PARAMS.markets[0]!.shortMinimumBps / BPS);
  const tail = tailLoss(surfaces, weights);
  const stressLoss = worstStress(
    stress,
    MARGIN_PARAMS.stress.map(({ weightBps }) => weightBps),
  );
  const heavyLoss = worstStress(stress, HEAVY_STRESS_WEIGHTS_BPS);
  const maintenance = {
    static: fixed + basis,
    tail: Math.max(tail, shortLoss) + basis,
    stress: Math.max(stressLoss, shortLoss) + basis,
    default: Math.max(tail, stressLoss, shortLoss) + basis,
    heavyStress: Math.max(tail, heavyLoss, shortLoss) + basis,
  };
  return { value, grossUsd, maintenance };
}

function worstStress(pnl: Float64Array, weightsBps: readonly number[]): number {
  return pnl.reduce((worst, value, index) => Math.max(worst, (-value * weightsBps[index]!) / BPS), 0);
}

function tailLoss(surfaces: ReadonlyMap<number, Float64Array>, weights: SurfaceWeights): number {
  const pnls = [...surfaces].map(([market, surface]) => scenarioPnl(weights, market, surface));
  const of = (pnl: Float64Array) => weightedTail(pnl, weights, MARGIN_PARAMS);
  const [first, second] = pnls;
  if (first === undefined) return 0;
  if (second === undefined) return of(first);
  const trust = MARGIN_PARAMS.offsetTrustBps / BPS;
  const joint = of(first.map((pnl, scenario) => pnl + second[scenario]!));
  return trust * joint + (1 - trust) * (of(first) + of(second));
}

function addScaled(target: Float64Array, values: Float64Array, scale: number): void {
  for (let index = 0; index < values.length; index++) target[index]! += scale * values[index]!;
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

function sumOf(sums: ReadonlyMap<string, number>, of: (value: number) => number): number {
  let sum = 0;
  for (const value of sums.values()) sum += of(value);
  return sum;
}
