import { CoreError, requireWithin } from "../errors.ts";
import { minimiseLeastSquares, type ResidualVisitor } from "../statistics/levenberg-marquardt.ts";
import { fitReport, squaredErrorInHalfSpreads, type ButterflyRepair, type SviFit } from "./fit-report.ts";
import type { SmilePoint } from "./quotes.ts";
import { fitSsvi } from "./ssvi-fit.ts";
import { repairButterfly } from "./svi-jump-wings.ts";
import {
  FREE_PARAMETERS,
  fromFreeParameters,
  toFreeParameters,
  varianceWithGradient,
} from "./svi-parameters.ts";
import { quasiExplicitStarts } from "./svi-start.ts";
import { densityNodes, durrlemanDensity, findSviViolation, totalVariance, type SviSlice } from "./svi.ts";

/** Limits on total variance at some log-moneyness values, from the neighbouring expiries. */
export interface VarianceLimits {
  readonly nodes: Float64Array;
  /** Lowest total variance per node; 0 for none. */
  readonly floor: Float64Array;
  /** Highest total variance per node; Infinity for none. */
  readonly ceiling: Float64Array;
  /** Slices to start from instead of a search: the fit without limits, and one near the limits, free of butterfly arbitrage. */
  readonly starts: readonly [SviSlice, SviSlice];
}

/** Points below which five parameters are not determined. */
export const MIN_FIT_POINTS = 5;
/** g must stay above this, so that rounding the parameters for the chain cannot break it. */
export const DENSITY_FLOOR = 1e-3;

const STARTS = 4;
const START_ITERATIONS = 12;
const FINAL_ITERATIONS = 120;
const PENALTY_ITERATIONS = 40;
/** The penalised fit aims this much above the floor. */
const DENSITY_AIM = 2 * DENSITY_FLOOR;
/** Half spreads of error that a density short by one costs, from round to round. */
const DENSITY_PENALTIES = [1e2, 1e3, 1e4];
/** Half spreads of error that annual vol beyond a limit costs: 100 a vol point. */
const LIMIT_PENALTY = 1e4;
const DIFFERENCE_STEP = 1e-6;

/**
 * Fits a raw-SVI slice to a smile: least squares of vol errors in units of each quote's half spread (which is the price
 * error in half spreads, so it weighs by vega and by bid-ask at once), from several quasi-explicit starts. The slice is
 * free of butterfly arbitrage and within Lee's wing bound, whatever the quotes.
 * @param points sorted by log-moneyness
 * @param limits soft limits from neighbouring expiries; see calendar.ts
 * @throws CoreError `too-few-quotes` below `MIN_FIT_POINTS`, `argument-out-of-domain`
 */
export function fitSvi(points: readonly SmilePoint[], tauYears: number, limits?: VarianceLimits): SviFit {
  requireWithin("tauYears", tauYears, Number.MIN_VALUE, Number.MAX_VALUE);
  if (points.length < MIN_FIT_POINTS) {
    throw new CoreError("too-few-quotes", { points: points.length, needed: MIN_FIT_POINTS });
  }
  const free = bestUnconstrained(points, tauYears, limits);
  const slice = fromFreeParameters(free);
  if (findSviViolation(slice, DENSITY_FLOOR) === undefined) {
    return { svi: slice, report: fitReport(slice, points, tauYears, "none") };
  }
  return withoutButterfly(points, tauYears, limits, free);
}

/** The admissible slice nearest to the quotes among penalised fits, the closed-form repair and surface SVI. */
function withoutButterfly(
  points: readonly SmilePoint[],
  tauYears: number,
  limits: VarianceLimits | undefined,
  plain: Float64Array,
): SviFit {
  const candidates: { svi: SviSlice; repair: ButterflyRepair }[] = [
    { svi: repairButterfly(fromFreeParameters(plain), tauYears, DENSITY_FLOOR), repair: "repaired" },
    { svi: fitSsvi(points, tauYears, DENSITY_FLOOR).svi, repair: "ssvi" },
  ];
  for (const start of limits === undefined ? [plain] : [plain, toFreeParameters(limits.starts[1])]) {
    let free = start;
    for (const penalty of DENSITY_PENALTIES) {
      free = minimise(points, tauYears, limits, free, PENALTY_ITERATIONS, penalty).parameters;
      const svi = fromFreeParameters(free);
      if (findSviViolation(svi, DENSITY_FLOOR) === undefined) candidates.push({ svi, repair: "penalised" });
    }
  }
  const errors = candidates.map(
    ({ svi }) => squaredErrorInHalfSpreads(svi, points, tauYears) + limitError(svi, tauYears, limits),
  );
  const { svi, repair } = candidates[errors.indexOf(Math.min(...errors))]!;
  return { svi, report: fitReport(svi, points, tauYears, repair) };
}

/** What a slice's breaches of the limits cost, in the units of the squared error in half spreads. */
function limitError(slice: SviSlice, tauYears: number, limits: VarianceLimits | undefined): number {
  let sum = 0;
  for (const [node, logMoneyness] of limits?.nodes.entries() ?? []) {
    const variance = totalVariance(slice, logMoneyness);
    const limit = Math.min(limits!.ceiling[node]!, Math.max(limits!.floor[node]!, variance));
    sum += (LIMIT_PENALTY * (Math.sqrt(variance / tauYears) - Math.sqrt(limit / tauYears))) ** 2;
  }
  return sum;
}

function bestUnconstrained(
  points: readonly SmilePoint[],
  tauYears: number,
  limits: VarianceLimits | undefined,
): Float64Array {
  const starts = limits?.starts ?? quasiExplicitStarts(points, tauYears, STARTS);
  const tried = starts.map((start) =>
    minimise(points, tauYears, limits, toFreeParameters(start), START_ITERATIONS, 0),
  );
  tried.sort((left, right) => left.cost - right.cost);
  const best = tried[0];
  if (best === undefined) throw new CoreError("too-few-quotes", { points: points.length, distinct: "no" });
  return minimise(points, tauYears, limits, best.parameters, FINAL_ITERATIONS, 0).parameters;
}

function minimise(
  points: readonly SmilePoint[],
  tauYears: number,
  limits: VarianceLimits | undefined,
  start: Float64Array,
  iterations: number,
  densityPenalty: number,
): { parameters: Float64Array; cost: number } {
  const gradient = new Float64Array(FREE_PARAMETERS);
  return minimiseLeastSquares(
    (free, visit) => {
      const varianceAt = varianceWithGradient(free);
      for (const { logMoneyness, midVol, halfSpreadVol } of points) {
        const vol = Math.sqrt(varianceAt(logMoneyness, gradient) / tauYears);
        const scale = 1 / (2 * vol * tauYears * halfSpreadVol);
        for (let index = 0; index < FREE_PARAMETERS; index++) gradient[index]! *= scale;
        visit((vol - midVol) / halfSpreadVol, gradient);
      }
      if (limits !== undefined) visitLimits(varianceAt, limits, tauYears, gradient, visit);
      if (densityPenalty > 0) visitDensity(free, densityPenalty, gradient, visit);
    },
    start,
    iterations,
  );
}

function visitLimits(
  varianceAt: ReturnType<typeof varianceWithGradient>,
  { nodes, floor, ceiling }: VarianceLimits,
  tauYears: number,
  gradient: Float64Array,
  visit: ResidualVisitor,
): void {
  for (let node = 0; node < nodes.length; node++) {
    const variance = varianceAt(nodes[node]!, gradient);
    const limit = Math.min(ceiling[node]!, Math.max(floor[node]!, variance));
    if (limit === variance) continue;
    const vol = Math.sqrt(variance / tauYears);
    const scale = LIMIT_PENALTY / (2 * vol * tauYears);
    for (let index = 0; index < FREE_PARAMETERS; index++) gradient[index]! *= scale;
    visit((vol - Math.sqrt(limit / tauYears)) * LIMIT_PENALTY, gradient);
  }
}

/** Residuals where g falls short of the aim; the nodes stay where they are while the parameters are varied. */
function visitDensity(
  free: Float64Array,
  penalty: number,
  gradient: Float64Array,
  visit: ResidualVisitor,
): void {
  const slice = fromFreeParameters(free);
  const moved = Array.from(free, (_, index) => {
    const stepped = Float64Array.from(free);
    stepped[index]! += DIFFERENCE_STEP;
    return fromFreeParameters(stepped);
  });
  for (const logMoneyness of densityNodes(slice)) {
    const density = durrlemanDensity(slice, logMoneyness);
    if (density >= DENSITY_AIM) continue;
    for (const [index, neighbour] of moved.entries()) {
      gradient[index] = (penalty * (durrlemanDensity(neighbour, logMoneyness) - density)) / DIFFERENCE_STEP;
    }
    visit(penalty * (density - DENSITY_AIM), gradient);
  }
}
