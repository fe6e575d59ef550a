import { requireWithin } from "../errors.ts";
import { normalInverseCdf, normalPdf } from "../pricing/normal.ts";
import { studentPdf, studentQuantile } from "../statistics/student-quantile.ts";

/** Value at risk and expected shortfall as positive losses, in the unit of the standard deviation. */
export interface ParametricTail {
  readonly valueAtRisk: number;
  readonly expectedShortfall: number;
}

/** Moments of a P&L: mean and standard deviation in one unit. */
export interface PnlScale {
  readonly mean: number;
  readonly deviation: number;
}

const MIN_CONFIDENCE = 0.5;
const MAX_CONFIDENCE = 1 - 1e-12;

/**
 * Tail of a normal P&L: VaR = -(mean + q deviation) with q the quantile at 1 - confidence, ES = -mean + deviation phi(q) / (1 - confidence)
 * (McNeil, Frey and Embrechts 2015, eq. 2.18).
 * @param confidence 0.5 to below 1, as a fraction
 * @throws CoreError `argument-out-of-domain`
 */
export function normalTail({ mean, deviation }: PnlScale, confidence: number): ParametricTail {
  requireWithin("confidence", confidence, MIN_CONFIDENCE, MAX_CONFIDENCE);
  const quantile = normalInverseCdf(1 - confidence);
  return {
    valueAtRisk: -mean - deviation * quantile,
    expectedShortfall: -mean + (deviation * normalPdf(quantile)) / (1 - confidence),
  };
}

/**
 * Tail of a Student-t P&L of the given standard deviation (the t is scaled to it), McNeil, Frey and Embrechts (2015), eq. 2.20.
 * @param degrees degrees of freedom, a whole number above 2
 * @throws CoreError `argument-out-of-domain`
 */
export function studentTail(
  { mean, deviation }: PnlScale,
  degrees: number,
  confidence: number,
): ParametricTail {
  requireWithin("confidence", confidence, MIN_CONFIDENCE, MAX_CONFIDENCE);
  requireWithin("degrees", degrees, 3, Number.MAX_SAFE_INTEGER);
  const scale = deviation * Math.sqrt((degrees - 2) / degrees);
  const quantile = studentQuantile(1 - confidence, degrees);
  const density = studentPdf(quantile, degrees) / (1 - confidence);
  const shortfall = (density * (degrees + quantile * quantile)) / (degrees - 1);
  return { valueAtRisk: -mean - scale * quantile, expectedShortfall: -mean + scale * shortfall };
}
