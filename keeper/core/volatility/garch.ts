import { CoreError } from "../errors.ts";
import { minimiseBfgs } from "../statistics/minimise-bfgs.ts";
import { GARCH_ORDER, garchLogLikelihood } from "./garch-likelihood.ts";
import type { GarchParameters, Innovations } from "./garch-likelihood.ts";

/** Which model of the family is estimated. */
export interface GarchSpecification {
  /** Whether falls weigh differently from rises: GJR. */
  readonly asymmetric: boolean;
  readonly innovations: Innovations;
  /** `below-one` keeps the mean variance finite, which forecasts of many days need; some series are likeliest beyond. */
  readonly persistence: "below-one" | "free";
}

export interface GarchFit {
  readonly specification: GarchSpecification;
  readonly parameters: GarchParameters;
  readonly logLikelihood: number;
}

/** Observed days an estimate needs. */
export const GARCH_LEAST_DAYS = 250;

const GRADIENT_TOLERANCE = 1e-9;
/** Steepness beyond which an end of the search is no maximum. */
const MAX_STEEPNESS = 1e-5;
const MAX_ITERATIONS = 500;
const START_ALPHA = 0.08;
const START_BETA = 0.88;
const START_NU = 6;
/** Bounds of what an unconstrained coordinate may stand for: keeps exponentials finite. */
const MAX_COORDINATE = 30;

/** Positions of a specification's free parameters in the likelihood's gradient. */
export function freeParameters({ asymmetric, innovations }: GarchSpecification): readonly number[] {
  return GARCH_ORDER.flatMap((name, index) => {
    if (name === "gamma" && !asymmetric) return [];
    if (name === "nu" && innovations === "normal") return [];
    return [index];
  });
}

/**
 * Maximum likelihood with alpha, beta and alpha + gamma not negative and, unless it is free, persistence below one, by BFGS with the analytic
 * gradient, on the series scaled to unit variance.
 * @param series changes in time order, any unit; NaN marks a day without one
 * @throws CoreError `series-too-short`, `argument-out-of-domain` for a series that does not move, `no-convergence`
 */
export function fitGarch(series: ArrayLike<number>, specification: GarchSpecification): GarchFit {
  const { mean, deviation, count } = moments(series);
  if (count < GARCH_LEAST_DAYS)
    throw new CoreError("series-too-short", { days: count, needed: GARCH_LEAST_DAYS });
  if (!(deviation > 0 && deviation < Infinity))
    throw new CoreError("argument-out-of-domain", { name: "deviation", value: deviation });
  const scaled = Float64Array.from(series, (change) => change / deviation);
  const minimum = minimiseBfgs(
    (point, gradient) => loss(scaled, count, specification, point, gradient),
    startPoint(specification, mean / deviation),
    GRADIENT_TOLERANCE,
    MAX_ITERATIONS,
  );
  if (!(minimum.steepness <= MAX_STEEPNESS))
    throw new CoreError("no-convergence", { steepness: minimum.steepness, max: MAX_STEEPNESS });
  const parameters = parametersAt(specification, minimum.point);
  return {
    specification,
    parameters: {
      ...parameters,
      mu: parameters.mu * deviation,
      omega: parameters.omega * deviation * deviation,
    },
    logLikelihood: -minimum.value * count - count * Math.log(deviation),
  };
}

function moments(series: ArrayLike<number>) {
  let [sum, squares, count] = [0, 0, 0];
  for (let day = 0; day < series.length; day++) {
    const change = series[day]!;
    if (Number.isNaN(change)) continue;
    sum += change;
    squares += change * change;
    count++;
  }
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(squares / count - mean * mean), count };
}

/**
 * Coordinates without bounds: mu; ln omega; logit of persistence (its logarithm when it is free); ln of the shares of rises and falls in it, or of
 * both together, relative to yesterday's variance; ln(nu - 2). A maximum at persistence one lies far out on a coordinate of its own.
 */
function startPoint(specification: GarchSpecification, mu: number): Float64Array {
  const total = START_ALPHA + START_BETA;
  const level = specification.persistence === "free" ? Math.log(total) : Math.log(total / (1 - total));
  const half = Math.log(START_ALPHA / 2 / START_BETA);
  const reactions = specification.asymmetric ? [half, half] : [Math.log(START_ALPHA / START_BETA)];
  const shape = specification.innovations === "student-t" ? [Math.log(START_NU - 2)] : [];
  return Float64Array.of(mu, Math.log(1 - total), level, ...reactions, ...shape);
}

/** Persistence and its parts: rises and falls, or both together, then yesterday's variance. */
function partsOf(specification: GarchSpecification, point: Float64Array) {
  const free = specification.persistence === "free";
  const total = free ? Math.exp(point[2]!) : 1 / (1 + Math.exp(-point[2]!));
  const weights = [...Array.from(point.subarray(3, specification.asymmetric ? 5 : 4), Math.exp), 1];
  const sum = weights.reduce((left, weight) => left + weight, 0);
  const parts = weights.map((weight) => (total * weight) / sum);
  return { total, parts, logSlope: free ? 1 : 1 - total };
}

function parametersAt(specification: GarchSpecification, point: Float64Array): GarchParameters {
  const { parts } = partsOf(specification, point);
  const nu = specification.innovations === "student-t" ? 2 + Math.exp(point.at(-1)!) : null;
  const [mu, omega] = [point[0]!, Math.exp(point[1]!)];
  if (!specification.asymmetric) return { mu, omega, alpha: parts[0]!, beta: parts[1]!, gamma: 0, nu };
  const [rises, falls, beta] = [2 * parts[0]!, 2 * parts[1]!, parts[2]!];
  return { mu, omega, alpha: rises, beta, gamma: falls - rises, nu };
}

/** Negative mean log-likelihood in the unbounded coordinates, with its gradient by the chain rule. */
function loss(
  series: Float64Array,
  count: number,
  specification: GarchSpecification,
  point: Float64Array,
  gradient: Float64Array,
): number {
  if (point.some((coordinate) => Math.abs(coordinate) > MAX_COORDINATE)) return Infinity;
  const parameters = parametersAt(specification, point);
  const natural = new Float64Array(GARCH_ORDER.length);
  const logLikelihood = garchLogLikelihood(series, parameters, natural);
  const [byMu, byOmega, byAlpha, byBeta, byGamma, byNu] = natural;
  const { total, parts, logSlope } = partsOf(specification, point);
  const byParts = specification.asymmetric
    ? [2 * (byAlpha! - byGamma!), 2 * byGamma!, byBeta!]
    : [byAlpha!, byBeta!];
  const byTotal = byParts.reduce((sum, slope, index) => sum + slope * parts[index]!, 0);
  gradient[0] = -byMu! / count;
  gradient[1] = (-byOmega! * parameters.omega) / count;
  gradient[2] = (-byTotal * logSlope) / count;
  for (const [index, slope] of byParts.slice(0, -1).entries())
    gradient[3 + index] = (-parts[index]! * (slope - byTotal / total)) / count;
  if (parameters.nu !== null) gradient[point.length - 1] = (-byNu! * (parameters.nu - 2)) / count;
  return -logLikelihood / count;
}
