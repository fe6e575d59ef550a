import type { SmilePoint } from "./quotes.ts";
import { flatSlice } from "./svi-jump-wings.ts";
import { fitReport, squaredErrorInHalfSpreads, type SviFit } from "./fit-report.ts";
import { DENSITY_FLOOR, fitSvi, MIN_FIT_POINTS, type VarianceLimits } from "./svi-fit.ts";
import { findSviViolation, totalVariance, totalVarianceAndSlopes, type SviSlice } from "./svi.ts";

/** What a slice went through so that total variance does not fall with expiry. */
export type CalendarRepair = "none" | "lowered" | "raised" | "shrunk" | "lifted" | "previous-slice";

/** A fitted expiry, shortest first, as the calendar repair takes it. */
export interface CalendarEntry {
  readonly tauYears: number;
  readonly points: readonly SmilePoint[];
  readonly fit: SviFit;
  readonly repair: CalendarRepair;
}

/** A place where total variance falls from one expiry to the next. */
export interface CalendarViolation {
  readonly logMoneyness: number;
  /** Total variance of the shorter expiry less that of the longer one; above 0. */
  readonly excess: number;
}

/** Range of log-moneyness in which total variance must not fall with expiry: strikes from 1/20 to 20 times the forward. */
const CALENDAR_REACH = 3;
const CALENDAR_NODES = 61;
/** The nodes lie dense around the forward, where short smiles bend. */
const CENTRE_SCALE = 0.05;
/** Total variance by which a longer slice stays above the shorter one, so that rounding for the chain cannot cross them. */
export const CALENDAR_MARGIN = 2e-8;
/** Repairs aim this far, so that their own rounding stays within the margin. */
const LIMIT_MARGIN = 2 * CALENDAR_MARGIN;

/** Halvings of the interval around a node where the excess peaks: they place the peak to a millionth of it. */
const PEAK_HALVINGS = 20;
/** Slices scaled down in turn to the worst place left. */
const MAX_SHRINKS = 8;

const NODES = makeNodes();

function makeNodes(): Float64Array {
  const half = (CALENDAR_NODES - 1) / 2;
  const reach = Math.asinh(CALENDAR_REACH / CENTRE_SCALE);
  return Float64Array.from({ length: CALENDAR_NODES }, (_, node) => {
    return CENTRE_SCALE * Math.sinh((reach * (node - half)) / half);
  });
}

/** Log-moneyness values at which neighbouring slices are compared first. */
export function calendarNodes(): Float64Array {
  return NODES.slice();
}

/**
 * Worst place where the longer slice does not exceed the shorter one by `margin`, or undefined when there is none.
 * Compared at equal log-moneyness, each to its own forward (Gatheral and Jacquier 2014, lemma 2.1): at the nodes, and at
 * the peaks of the excess between them.
 */
export function findCalendarViolation(
  shorter: SviSlice,
  longer: SviSlice,
  margin = 0,
): CalendarViolation | undefined {
  const excessAt = (k: number): number => totalVariance(shorter, k) + margin - totalVariance(longer, k);
  const excesses = NODES.map(excessAt);
  let worst: CalendarViolation | undefined;
  const note = (logMoneyness: number, excess: number): void => {
    if (excess > (worst?.excess ?? 0)) worst = { logMoneyness, excess };
  };
  for (let node = 0; node < CALENDAR_NODES; node++) {
    const excess = excesses[node]!;
    note(NODES[node]!, excess);
    const [before, after] = [Math.max(0, node - 1), Math.min(CALENDAR_NODES - 1, node + 1)];
    if (excess < excesses[before]! || excess < excesses[after]!) continue;
    const peak = peakBetween(shorter, longer, NODES[before]!, NODES[after]!);
    note(peak, excessAt(peak));
  }
  return worst;
}

/** Where the excess of the shorter slice stops rising, by bisection on its slope. */
function peakBetween(shorter: SviSlice, longer: SviSlice, from: number, to: number): number {
  let [low, high] = [from, to];
  for (let halving = 0; halving < PEAK_HALVINGS; halving++) {
    const middle = (low + high) / 2;
    const rising =
      totalVarianceAndSlopes(shorter, middle).slope > totalVarianceAndSlopes(longer, middle).slope;
    if (rising) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Makes total variance non-decreasing in expiry over `CALENDAR_REACH`. Where two neighbours cross, one of them changes:
 * the shorter is refitted below or shrunk under the longer, or the longer is refitted above or lifted over the shorter,
 * whichever costs the quotes least; so an extrapolated wing gives way to a quoted one. The chain is gone through from the
 * shortest expiry and from the longest, and the cheaper result kept, lest one bad slice push all that come after it.
 * @param entries in rising order of expiry, each free of butterfly arbitrage
 * @returns the entries, every neighbouring pair of which keeps the order with `CALENDAR_MARGIN`
 */
export function repairCalendar(entries: readonly CalendarEntry[]): readonly CalendarEntry[] {
  const fromShortest = [...entries];
  for (let index = 1; index < entries.length; index++) {
    partNeighbours(fromShortest, index, fromShortest[index - 2]?.fit.svi, undefined);
  }
  const fromLongest = [...entries];
  for (let index = entries.length - 1; index > 0; index--) {
    partNeighbours(fromLongest, index, undefined, fromLongest[index + 1]?.fit.svi);
  }
  const cheaper = totalSquaredError(fromLongest) < totalSquaredError(fromShortest);
  return cheaper && isOrdered(fromLongest) ? fromLongest : fromShortest;
}

function isOrdered(entries: readonly CalendarEntry[]): boolean {
  return entries.every(({ fit }, index) => {
    const longer = entries[index + 1];
    return (
      longer === undefined || findCalendarViolation(fit.svi, longer.fit.svi, CALENDAR_MARGIN) === undefined
    );
  });
}

function totalSquaredError(entries: readonly CalendarEntry[]): number {
  return entries.reduce((sum, entry) => sum + squaredError(entry), 0);
}

/**
 * Replaces one of the entries at `index` - 1 and `index` where they cross.
 * @param below slice the shorter one must stay above, if any
 * @param above slice the longer one must stay below, if any
 */
function partNeighbours(
  entries: CalendarEntry[],
  index: number,
  below: SviSlice | undefined,
  above: SviSlice | undefined,
): void {
  const shorter = entries[index - 1]!;
  const longer = entries[index]!;
  if (findCalendarViolation(shorter.fit.svi, longer.fit.svi, CALENDAR_MARGIN) === undefined) return;
  const lifted = liftAbove(shorter.fit.svi, longer, longer.fit.svi, "lifted");
  const raised = liftAbove(shorter.fit.svi, longer, refit(longer, shorter.fit.svi, above), "raised");
  const shrunk = shrinkBelow(longer.fit.svi, shorter, shorter.fit.svi, "shrunk");
  const lowered = shrinkBelow(longer.fit.svi, shorter, refit(shorter, below, longer.fit.svi), "lowered");
  const remedies = [
    ...[lifted, raised].map((changed) => ({ shorter, longer: changed, changed })),
    ...[shrunk, lowered].map((changed) => ({ shorter: changed, longer, changed })),
  ];
  const allowed = remedies.filter(({ changed }) => isAllowed(changed.fit.svi, below, above));
  const costs = allowed.map((remedy) => squaredError(remedy.shorter) + squaredError(remedy.longer));
  const best = allowed[costs.indexOf(Math.min(...costs))] ?? { shorter, longer: lifted };
  entries[index - 1] = best.shorter;
  entries[index] = best.longer;
}

function isAllowed(slice: SviSlice, below: SviSlice | undefined, above: SviSlice | undefined): boolean {
  if (findSviViolation(slice, DENSITY_FLOOR) !== undefined) return false;
  if (below !== undefined && findCalendarViolation(below, slice, CALENDAR_MARGIN) !== undefined) return false;
  return above === undefined || findCalendarViolation(slice, above, CALENDAR_MARGIN) === undefined;
}

/** Sum over the points of the squared vol error in half spreads. */
function squaredError({ fit, points, tauYears }: CalendarEntry): number {
  return squaredErrorInHalfSpreads(fit.svi, points, tauYears);
}

function refit(entry: CalendarEntry, below: SviSlice | undefined, above: SviSlice | undefined): SviSlice {
  if (entry.points.length < MIN_FIT_POINTS) return entry.fit.svi;
  const nodes = NODES;
  const limits: VarianceLimits = {
    nodes,
    floor: nodes.map((k) => (below === undefined ? 0 : totalVariance(below, k) + LIMIT_MARGIN)),
    ceiling: nodes.map((k) => (above === undefined ? Infinity : totalVariance(above, k) - LIMIT_MARGIN)),
    starts: [entry.fit.svi, above ?? below ?? entry.fit.svi],
  };
  return fitSvi(entry.points, entry.tauYears, limits).svi;
}

/** The candidate slice times the share that brings it under the longer slice; scaling down keeps g >= 0 (g is concave in the share). */
function shrinkBelow(
  longer: SviSlice,
  entry: CalendarEntry,
  candidate: SviSlice,
  repair: CalendarRepair,
): CalendarEntry {
  let svi = candidate;
  for (let shrink = 0; shrink < MAX_SHRINKS; shrink++) {
    const violation = findCalendarViolation(svi, longer, LIMIT_MARGIN);
    if (violation === undefined) break;
    const k = violation.logMoneyness;
    const share = Math.max(0, totalVariance(longer, k) - 2 * LIMIT_MARGIN) / totalVariance(svi, k);
    svi = { ...svi, a: svi.a * share, b: svi.b * share };
  }
  return withSlice(entry, svi, repair);
}

/** The candidate slice plus the constant that brings it over the shorter one; a copy of the shorter where that breaks g >= 0. */
function liftAbove(
  shorter: SviSlice,
  entry: CalendarEntry,
  candidate: SviSlice,
  repair: CalendarRepair,
): CalendarEntry {
  const violation = findCalendarViolation(shorter, candidate, LIMIT_MARGIN);
  const lifted = { ...candidate, a: candidate.a + (violation?.excess ?? 0) };
  if (findSviViolation(lifted, DENSITY_FLOOR) === undefined) return withSlice(entry, lifted, repair);
  const highest = Math.max(...NODES.map((k) => totalVariance(shorter, k)));
  const copy = { ...shorter, a: shorter.a + LIMIT_MARGIN };
  const kept = findSviViolation(copy, DENSITY_FLOOR) === undefined;
  return withSlice(entry, kept ? copy : flatSlice(highest + LIMIT_MARGIN), "previous-slice");
}

function withSlice(entry: CalendarEntry, svi: SviSlice, repair: CalendarRepair): CalendarEntry {
  const report = fitReport(svi, entry.points, entry.tauYears, entry.fit.report.butterflyRepair);
  return { ...entry, fit: { svi, report }, repair };
}
