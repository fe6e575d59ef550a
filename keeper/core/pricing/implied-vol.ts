import { CoreError } from "../errors.ts";
import { intrinsicValue, type OptionKind } from "./black76.ts";
import { normalInverseCdf } from "./normal.ts";
import {
  logForwardOverStrike,
  normalisedBlack,
  normalisedBlackShortfall,
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
const SQRT_TWO_PI = 2.5066282746310007;

/**
 * Black-76 implied volatility over the whole domain of doubles; refuses what has none instead of guessing.
 * Method: the out-of-the-money time value over sqrt(F K) is inverted as in Jaeckel (2015), "Let's be rational", with
 * three objectives chosen by region (1 / ln b below the inflection of b(s), b above it, ln of the shortfall near the
 * limit), but started from closed-form guesses and refined by bracketed third-order Householder steps.
 */
export function findImpliedVol(option: QuotedOption): ImpliedVolOutcome {
  const { kind, forward, strike, tauYears, discount, price } = option;
  if (!Number.isFinite(price)) return { code: "price-not-finite" };
  for (const positive of [forward, strike, tauYears, discount]) {
    if (!(positive > 0) || !Number.isFinite(positive)) return { code: "argument-out-of-domain" };
  }
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
  const { totalVol, iterations } = solve(logMoneyness, target, shortfall);
  return { code: "solved", annualVol: totalVol / Math.sqrt(tauYears), iterations };
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

/** Value of an objective whose root is sought, its slope, and its next two derivatives over the slope. */
interface Objective {
  readonly value: number;
  readonly slope: number;
  readonly secondOverSlope: number;
  readonly thirdOverSlope: number;
}

type ObjectiveAt = (totalVol: number) => Objective;

function solve(x: number, target: number, shortfall: number): { totalVol: number; iterations: number } {
  const inflection = Math.sqrt(-2 * x);
  const valueAtInflection = x === 0 ? 0 : normalisedBlack(x, inflection);
  if (target < valueAtInflection) {
    return refine(inverseLogObjective(x, target), 0, inflection, lowGuess(x, target, inflection));
  }
  if (shortfall < SHORTFALL_SHARE * Math.exp(x / 2)) {
    const guess = Math.max(inflection, highGuess(x, shortfall));
    return refine(shortfallObjective(x, shortfall), inflection, Infinity, guess);
  }
  const slope = normalisedVega(x, Math.max(inflection, Number.MIN_VALUE));
  const guess =
    x === 0 ? target * SQRT_TWO_PI : inflection + (target - valueAtInflection) / Math.max(slope, target);
  return refine(valueObjective(x, target), inflection, Infinity, guess);
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

/** Second and third derivative of b over its first (Jaeckel 2015, eq. 4.30): b''/b' = x^2/s^3 - s/4. */
function curvature(x: number, s: number): { second: number; third: number } {
  const hOverS = x / (s * s);
  const second = hOverS * hOverS * s - s / 4;
  return { second, third: second * second - 3 * hOverS * hOverS - 0.25 };
}

function valueObjective(x: number, target: number): ObjectiveAt {
  return (s) => {
    const { second, third } = curvature(x, s);
    const slope = normalisedVega(x, s);
    return { value: normalisedBlack(x, s) - target, slope, secondOverSlope: second, thirdOverSlope: third };
  };
}

/** 1 / ln b(s) - 1 / ln target with its derivatives by the chain rule; nearly linear in s^2 for small values. */
function inverseLogObjective(x: number, target: number): ObjectiveAt {
  const logTarget = Math.log(target);
  return (s) => {
    const b = normalisedBlack(x, s);
    const logB = Math.log(b);
    const relativeVega = normalisedVega(x, s) / b;
    const { second, third } = curvature(x, s);
    const l = 1 / logB;
    const first = 1 + 2 * l;
    return {
      value: (logTarget - logB) / (logB * logTarget),
      slope: -relativeVega * l * l,
      secondOverSlope: second - relativeVega * first,
      thirdOverSlope:
        third + 2 * relativeVega * relativeVega * (1 + 3 * l * (1 + l)) - 3 * second * relativeVega * first,
    };
  };
}

/** ln(target shortfall) - ln(shortfall(s)), rising in s. */
function shortfallObjective(x: number, shortfall: number): ObjectiveAt {
  return (s) => {
    const lacking = normalisedBlackShortfall(x, s);
    const relativeVega = normalisedVega(x, s) / lacking;
    const { second, third } = curvature(x, s);
    return {
      value: Math.log(shortfall / lacking),
      slope: relativeVega,
      secondOverSlope: second + relativeVega,
      thirdOverSlope: third + 3 * second * relativeVega + 2 * relativeVega * relativeVega,
    };
  };
}

/** Householder's third-order step of an objective, as a change of the argument. */
function householderStep(objective: Objective): number {
  const newton = -objective.value / objective.slope;
  const halley = objective.secondOverSlope * newton;
  const numerator = 1 + halley / 2;
  const denominator = 1 + halley + (objective.thirdOverSlope * newton * newton) / 6;
  const step = (newton * numerator) / denominator;
  return denominator > 0 && numerator > 0 ? step : newton;
}

/** Root of a rising or falling objective between two bounds; a step that leaves the shrinking bracket is halved into it. */
function refine(
  objectiveAt: ObjectiveAt,
  lower: number,
  upper: number,
  guess: number,
): { totalVol: number; iterations: number } {
  let low = lower;
  let high = upper;
  let totalVol = guess;
  for (let iteration = 1; iteration <= MAX_ITERATIONS; iteration++) {
    const objective = objectiveAt(totalVol);
    if (objective.value === 0) return { totalVol, iterations: iteration };
    const step = householderStep(objective);
    if (Math.abs(step) <= CONVERGED_STEP * totalVol)
      return { totalVol: totalVol + step, iterations: iteration };
    if (step > 0) low = totalVol;
    else high = totalVol;
    const next = totalVol + step;
    totalVol = next > low && next < high ? next : midpoint(low, high, totalVol);
  }
  return { totalVol, iterations: MAX_ITERATIONS };
}

function midpoint(low: number, high: number, current: number): number {
  return high === Infinity ? 2 * current : (low + high) / 2;
}
