import { CoreError } from "../errors.ts";
import { minimiseLeastSquares } from "../statistics/levenberg-marquardt.ts";
import { fitReport, type SviFit } from "./fit-report.ts";
import type { SmilePoint } from "./quotes.ts";
import { largestPhi, ssviToRaw, type SsviSlice } from "./ssvi.ts";
import { flatSlice } from "./svi-jump-wings.ts";
import { findSviViolation, sliceVol, type SviSlice } from "./svi.ts";

/** Points below which an expiry says nothing of its own. */
export const MIN_SSVI_POINTS = 2;

const PARAMETERS = 3;
const THETA = 0;
const TILT = 1;
const SHARE = 2;
const ITERATIONS = 40;
const DIFFERENCE_STEP = 1e-6;
const MAX_TILT = 0.98;
/** Of the largest curvature free of arbitrage; the rest leaves room for rounding. */
const USED_CURVATURE = 0.95;
/** Bounds which keep the raw slice representable in a report's fixed-point fields. */
const MAX_WIDTH = 4;
const MAX_CENTRE = 2;
const MIN_VARIANCE = 1e-8;
const MAX_VARIANCE = 20;
const MAX_LOGIT = 12;
/** Half spreads of error that one unit of a free parameter away from the prior costs. */
const PRIOR_WEIGHTS = [1, 4, 4] as const;
/** The same where the points themselves determine the slice. */
const WEAK_PRIOR_WEIGHTS = [1e-2, 1e-2, 1e-2] as const;
const START: SsviSlice = { theta: 1, rho: 0, phi: 1 };
const CURVATURE_CUT = 0.7;
const MAX_CUTS = 40;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** Curvatures that the report's fields can hold and that are free of arbitrage; undefined where there are none. */
function curvatures(
  theta: number,
  rho: number,
): { readonly least: number; readonly span: number } | undefined {
  const least = Math.max(Math.sqrt(1 - rho * rho) / MAX_WIDTH, Math.abs(rho) / MAX_CENTRE);
  const span = USED_CURVATURE * largestPhi(theta, rho) - least;
  return span > 0 ? { least, span } : undefined;
}

/** ln(theta), atanh of the tilt over its bound, logit of the curvature's place between its bounds. */
function toFree({ theta, rho, phi }: SsviSlice): Float64Array {
  const free = new Float64Array(PARAMETERS);
  free[THETA] = Math.log(clamp(theta, MIN_VARIANCE, MAX_VARIANCE));
  free[TILT] = Math.atanh(clamp(rho / MAX_TILT, -MAX_TILT, MAX_TILT));
  const bounds = curvatures(theta, rho);
  const share = bounds === undefined ? 0 : clamp((phi - bounds.least) / bounds.span, 0, 1);
  free[SHARE] = clamp(Math.log(share / (1 - share)), -MAX_LOGIT, MAX_LOGIT);
  return free;
}

function fromFree(free: Float64Array): SviSlice {
  const theta = clamp(Math.exp(free[THETA]!), MIN_VARIANCE, MAX_VARIANCE);
  const rho = MAX_TILT * Math.tanh(free[TILT]!);
  const bounds = curvatures(theta, rho);
  if (bounds === undefined) return flatSlice(theta);
  return ssviToRaw({ theta, rho, phi: bounds.least + bounds.span / (1 + Math.exp(-free[SHARE]!)) });
}

/** Surface-SVI parameters of a raw slice that is one. */
function fromRaw({ b, rho, sigma }: SviSlice): SsviSlice {
  const phi = Math.sqrt(1 - rho * rho) / sigma;
  return { theta: (2 * b) / phi, rho, phi };
}

/**
 * Fits one slice of surface SVI to the quotes of an expiry: three parameters, free of butterfly arbitrage for whatever quotes,
 * least squares in half spreads as `fitSvi`. With a prior, fewer quotes than parameters still give a slice: they move the level
 * first, then tilt and curvature.
 * @param prior what the neighbouring expiries say of this one
 * @param densityFloor smallest g accepted, as in `findSviViolation`
 * @throws CoreError `too-few-quotes`
 */
export function fitSsvi(
  points: readonly SmilePoint[],
  tauYears: number,
  densityFloor: number,
  prior?: SsviSlice,
): SviFit {
  if (points.length < MIN_SSVI_POINTS)
    throw new CoreError("too-few-quotes", { points: points.length, needed: MIN_SSVI_POINTS });
  const start = toFree(prior ?? guess(points, tauYears));
  const weights = prior === undefined ? WEAK_PRIOR_WEIGHTS : PRIOR_WEIGHTS;
  const gradient = new Float64Array(PARAMETERS);
  const { parameters } = minimiseLeastSquares(
    (free, visit) => {
      const slice = fromFree(free);
      const moved = Array.from(free, (_, index) => {
        const stepped = Float64Array.from(free);
        stepped[index]! += DIFFERENCE_STEP;
        return fromFree(stepped);
      });
      for (const { logMoneyness, midVol, halfSpreadVol } of points) {
        const vol = sliceVol(slice, logMoneyness, tauYears);
        for (const [index, neighbour] of moved.entries())
          gradient[index] =
            (sliceVol(neighbour, logMoneyness, tauYears) - vol) / (DIFFERENCE_STEP * halfSpreadVol);
        visit((vol - midVol) / halfSpreadVol, gradient);
      }
      for (const [index, weight] of weights.entries()) {
        gradient.fill(0);
        gradient[index] = weight;
        visit(weight * (free[index]! - start[index]!), gradient);
      }
    },
    start,
    ITERATIONS,
  );
  const svi = withDensity(fromFree(parameters), densityFloor);
  return { svi, report: fitReport(svi, points, tauYears, "ssvi") };
}

/** Level of the narrowest quote, no tilt, half the curvature allowed. */
function guess(points: readonly SmilePoint[], tauYears: number): SsviSlice {
  const narrowest = points.reduce((best, point) => (point.halfSpreadVol < best.halfSpreadVol ? point : best));
  const theta = narrowest.midVol * narrowest.midVol * tauYears;
  return { ...START, theta, phi: largestPhi(theta, START.rho) / 2 };
}

/** Takes curvature away until the density keeps its floor; a flat slice always does. */
function withDensity(slice: SviSlice, densityFloor: number): SviSlice {
  let svi = slice;
  for (let cut = 0; cut < MAX_CUTS; cut++) {
    if (findSviViolation(svi, densityFloor) === undefined) return svi;
    const { theta, rho, phi } = fromRaw(svi);
    const bounds = curvatures(theta, rho);
    const lower = CURVATURE_CUT * phi;
    if (bounds === undefined || lower < bounds.least) return flatSlice(theta);
    svi = ssviToRaw({ theta, rho, phi: lower });
  }
  return svi;
}

/** Surface-SVI parameters nearest to the quotes of a well-quoted expiry, from which its neighbours' prior is made. */
export function ssviShape(points: readonly SmilePoint[], tauYears: number, densityFloor: number): SsviSlice {
  const { svi } = fitSsvi(points, tauYears, densityFloor);
  return svi.b === 0 ? { theta: svi.a, rho: 0, phi: largestPhi(svi.a, 0) / 2 } : fromRaw(svi);
}
