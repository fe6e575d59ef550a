import { CoreError } from "../errors.ts";
import { intrinsicValue, type OptionKind } from "./black76.ts";
import { erfcx, normalInverseCdf } from "./normal.ts";
import {
  logForwardOverStrike,
  normalisedBlackOverVega,
  normalisedShortfallOverVega,
  normalisedVega,
} from "./normalised-black.ts";

/** A quoted price whose volatility is asked. Same units as `OptionInputs`. */
export interface QuotedOption {
  readonly kind: OptionKind;
  readonly forward: number;
  readonly strike: number;
  /** Years of 365 days to expiry, above 0. */
  readonly tauYears: number;
  readonly discount: number;
  /** Premium paid now, in the currency of forward and strike. */
  readonly price: number;
}

/** Why a price has no implied volatility. */
type ImpliedVolFailure =
  "argument-out-of-domain" | "price-not-finite" | "price-not-above-intrinsic" | "price-not-below-upper-limit";

export type ImpliedVolOutcome =
  | { readonly code: "solved"; readonly annualVol: number; readonly iterations: number }
  | { readonly code: ImpliedVolFailure };

const MAX_ITERATIONS = 40;
/** After a step below this share of the total vol the error is its fourth power, below the last digit: the steps converge with order four. */
const CONVERGED_STEP = 5e-5;
/** Above this share of the upper limit the shortfall to it is solved for, which keeps its digits. */
const SHORTFALL_SHARE = 0.5;
/** Below this share of the value at the inflection the guess comes from the limit of small values, above it from the inflection. */
const LOW_SHARE = 0.3;
const CUBIC_NEAR = 1 / 6;
const CUBIC_FAR = 1 / 24;
const SQRT_TWO_PI = 2.5066282746310007;
const LN_INV_SQRT_TWO_PI = -0.9189385332046728;

/**
 * Black-76 implied volatility over the whole domain of doubles; refuses what has none instead of guessing.
 * Method: the out-of-the-money time value over sqrt(F K) is inverted as in Jaeckel (2015), "Let's be rational", with
 * three objectives chosen by region (1 / ln b below the inflection of b(s), b above it, ln of the shortfall near the
 * limit), but started from closed-form guesses and refined by bracketed third-order Householder steps.
 */
export function findImpliedVol(option: QuotedOption): ImpliedVolOutcome {
  const { kind, forward, strike, tauYears, discount, price } = option;
  if (!Number.isFinite(price)) return { code: "price-not-finite" };
  const isInDomain =
    isPositive(forward) && isPositive(strike) && isPositive(tauYears) && isPositive(discount);
  if (!isInDomain) return { code: "argument-out-of-domain" };
  const undiscounted = price / discount;
  const timeValue = undiscounted - intrinsicValue(kind, forward, strike);
  const upperLimit = kind === "call" ? forward : strike;
  if (!(timeValue > 0)) return { code: "price-not-above-intrinsic" };
  if (!(undiscounted < upperLimit)) return { code: "price-not-below-upper-limit" };
  const scale = Math.sqrt(forward) * Math.sqrt(strike);
  const logMoneyness = -Math.abs(logForwardOverStrike(forward, strike));
  const target = timeValue / scale;
  if (!(target > 0)) return { code: "price-not-above-intrinsic" };
  const shortfall = (upperLimit - undiscounted) / scale;
  return solve(logMoneyness, target, shortfall, Math.sqrt(tauYears));
}

function isPositive(value: number): boolean {
  return value > 0 && value < Infinity;
}

/**
 * As `findImpliedVol`, for callers who know that the price is attainable.
 * @returns annual volatility as a fraction
 * @throws CoreError with the failure's code
 */
export function impliedVol(option: QuotedOption): number {
  const outcome = findImpliedVol(option);
  if (outcome.code !== "solved") {
    const { forward, strike, tauYears, price } = option;
    throw new CoreError(outcome.code, { kind: option.kind, forward, strike, tauYears, price });
  }
  return outcome.annualVol;
}

type Region = "below-inflection" | "middle" | "near-limit";

/**
 * Picks the objective and its guess, and solves.
 * At the inflection s = sqrt(-2 x) the value is exp(x/2) (1 - erfcx(sqrt(-x))) / 2 and its slope exp(x/2) / sqrt(2 pi).
 */
function solve(x: number, target: number, shortfall: number, sqrtTau: number): ImpliedVolOutcome {
  const inflection = Math.sqrt(-2 * x);
  const limit = Math.exp(x / 2);
  const valueAtInflection = 0.5 * limit * (1 - erfcx(Math.sqrt(-x)));
  if (target < valueAtInflection) {
    const guess =
      target < LOW_SHARE * valueAtInflection
        ? lowGuess(x, target, inflection)
        : inflectionGuess(inflection, (target - valueAtInflection) / limit);
    return refine("below-inflection", x, Math.log(target), sqrtTau, 0, inflection, guess);
  }
  if (shortfall < SHORTFALL_SHARE * limit) {
    const guess = Math.max(inflection, highGuess(x, shortfall));
    return refine("near-limit", x, Math.log(shortfall), sqrtTau, inflection, Infinity, guess);
  }
  const guess = inflectionGuess(inflection, (target - valueAtInflection) / limit);
  return refine("middle", x, target, sqrtTau, inflection, Infinity, guess);
}

/**
 * From the cubic expansion of b around the inflection, where b'' = 0: u = d - c d^3 with c = 1/6 beside the inflection and
 * 1/24 far beyond it (at the money), inverted to first order.
 */
function inflectionGuess(inflection: number, excessOverLimit: number): number {
  const linear = SQRT_TWO_PI * excessOverLimit;
  const size = Math.abs(linear);
  const cubic = CUBIC_FAR + ((CUBIC_NEAR - CUBIC_FAR) * inflection) / (inflection + size);
  return inflection + linear * (1 + cubic * linear * linear);
}

/** Leading order of ln b: -x^2 / (2 s^2) - s^2 / 8, corrected once for the factor before the exponential. */
function lowGuess(x: number, target: number, inflection: number): number {
  const logTarget = Math.log(target);
  let totalVol = inflection;
  for (let pass = 0; pass < 3; pass++) {
    const square = totalVol * totalVol;
    const factor = Math.log((square * totalVol) / (SQRT_TWO_PI * (x * x + square)));
    const exponent = Math.max(factor - logTarget, -x / 2);
    totalVol = Math.min(inflection, -x / Math.sqrt(2 * exponent));
  }
  return totalVol;
}

/** Both cdfs of the shortfall taken at -s / 2. */
function highGuess(x: number, shortfall: number): number {
  const probability = shortfall / (2 * Math.cosh(x / 2));
  return -2 * normalInverseCdf(Math.min(probability, 0.5));
}

/** The next step of a region's objective from total vol s; `goal` is ln target, the target itself or ln of the shortfall. */
function stepOf(region: Region, x: number, goal: number, s: number): number {
  const h = x / s;
  const t = s / 2;
  const hOverS = h / s;
  // Second and third derivative of b over its first (Jaeckel 2015, eq. 4.30): b''/b' = x^2/s^3 - s/4.
  const second = hOverS * h - s / 4;
  const third = second * second - 3 * hOverS * hOverS - 0.25;
  if (region === "middle") {
    const vega = normalisedVega(x, s);
    return householderStep(goal / vega - normalisedBlackOverVega(x, s), second, third);
  }
  const halfSquares = 0.5 * (h * h + t * t);
  if (region === "below-inflection") {
    // 1 / ln b(s) - 1 / ln target by the chain rule; nearly linear in s^2 for small values.
    const overVega = normalisedBlackOverVega(x, s);
    const logB = Math.log(overVega) + LN_INV_SQRT_TWO_PI - halfSquares;
    const l = 1 / logB;
    const relativeVega = 1 / overVega;
    const first = relativeVega * (1 + 2 * l);
    return householderStep(
      ((goal - logB) * logB * overVega) / goal,
      second - first,
      third + 2 * relativeVega * relativeVega * (1 + 3 * l * (1 + l)) - 3 * second * first,
    );
  }
  // ln(shortfall(s)) - ln(target shortfall), falling in s.
  const overVega = normalisedShortfallOverVega(x, s);
  const relativeVega = 1 / overVega;
  return householderStep(
    (Math.log(overVega) + LN_INV_SQRT_TWO_PI - halfSquares - goal) * overVega,
    second + relativeVega,
    third + 3 * second * relativeVega + 2 * relativeVega * relativeVega,
  );
}

/** Householder's third-order step from Newton's step and the objective's second and third derivative over its slope. */
function householderStep(newton: number, secondOverSlope: number, thirdOverSlope: number): number {
  const halley = secondOverSlope * newton;
  const numerator = 1 + halley / 2;
  const denominator = 1 + halley + (thirdOverSlope * newton * newton) / 6;
  return denominator > 0 && numerator > 0 ? (newton * numerator) / denominator : newton;
}

/** Root of a region's objective between two bounds; a step that leaves the shrinking bracket is halved into it. */
function refine(
  region: Region,
  x: number,
  goal: number,
  sqrtTau: number,
  lower: number,
  upper: number,
  guess: number,
): ImpliedVolOutcome {
  let low = lower;
  let high = upper;
  let totalVol = guess;
  let iterations = 0;
  while (iterations < MAX_ITERATIONS) {
    iterations++;
    const step = stepOf(region, x, goal, totalVol);
    const next = totalVol + step;
    if (Math.abs(step) <= CONVERGED_STEP * totalVol) {
      totalVol = next;
      break;
    }
    if (step > 0) low = totalVol;
    else high = totalVol;
    totalVol = next > low && next < high ? next : midpoint(low, high, totalVol);
  }
  return { code: "solved", annualVol: totalVol / sqrtTau, iterations };
}

function midpoint(low: number, high: number, current: number): number {
  return high === Infinity ? 2 * current : (low + high) / 2;
}
