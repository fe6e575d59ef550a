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
 * Coordinates without bounds: mu; ln omega; ln of the weights of rises, falls (GJR only) and yesterday's variance, relative to what persistence
 * lacks to one unless it is free; ln(nu - 2).
 */
function startPoint(specification: GarchSpecification, mu: number): Float64Array {
  const slack = 1 - START_ALPHA - START_BETA;
  const unit = specification.persistence === "free" ? 1 : slack;
  const half = Math.log(START_ALPHA / 2 / unit);
  const reactions = specification.asymmetric ? [half, half] : [Math.log(START_ALPHA / unit)];
  const shape = specification.innovations === "student-t" ? [Math.log(START_NU - 2)] : [];
  return Float64Array.of(mu, Math.log(slack), ...reactions, Math.log(START_BETA / unit), ...shape);
}

function shares(specification: GarchSpecification, point: Float64Array) {
  const weights = Array.from(point.subarray(2, specification.asymmetric ? 5 : 4), Math.exp);
  if (specification.persistence === "free") return weights;
  const total = 1 + weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function parametersAt(specification: GarchSpecification, point: Float64Array): GarchParameters {
  const parts = shares(specification, point);
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
  const parts = shares(specification, point);
  const byParts = specification.asymmetric
    ? [2 * (byAlpha! - byGamma!), 2 * byGamma!, byBeta!]
    : [byAlpha!, byBeta!];
  const free = specification.persistence === "free";
  const centre = free ? 0 : byParts.reduce((sum, slope, index) => sum + slope * parts[index]!, 0);
  gradient[0] = -byMu! / count;
  gradient[1] = (-byOmega! * parameters.omega) / count;
  for (const [index, slope] of byParts.entries())
    gradient[2 + index] = (-parts[index]! * (slope - centre)) / count;
  if (parameters.nu !== null) gradient[point.length - 1] = (-byNu! * (parameters.nu - 2)) / count;
  return -logLikelihood / count;
}
