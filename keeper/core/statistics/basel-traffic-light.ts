import { requireWithin } from "../errors.ts";

/** Zones of the supervisory backtest, Basel Committee on Banking Supervision (January 1996), table 2. */
export type BaselZone = "green" | "yellow" | "red";

/** Cumulative probabilities at which yellow and red begin. */
const YELLOW_FROM = 0.95;
const RED_FROM = 0.9999;

/** Increase of the multiplication factor at 250 days and 99 %, by exceedances from 4 to 10. */
const PLUS_FACTORS = [0, 0.4, 0.5, 0.65, 0.75, 0.85, 1] as const;
const LAST_GREEN = 4;

export interface TrafficLight {
  readonly zone: BaselZone;
  /** Probability of this many exceedances or fewer from a correct model. */
  readonly cumulativeProbability: number;
  /** Probability that a correct model shows this many or more: of rejecting it wrongly. */
  readonly typeOneError: number;
}

/**
 * The traffic light: from the binomial distribution of exceedances of a correct model; yellow begins where N or fewer have 95 %,
 * red where they have 99.99 %.
 * @param exceedances whole number from 0 to `days`
 * @param probability of an exceedance on a day, in (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function trafficLight(exceedances: number, days: number, probability: number): TrafficLight {
  requireWithin("days", days, 1, Number.MAX_SAFE_INTEGER);
  requireWithin("exceedances", exceedances, 0, days);
  requireWithin("probability", probability, Number.MIN_VALUE, 1 - Number.EPSILON);
  const odds = probability / (1 - probability);
  let point = Math.exp(days * Math.log1p(-probability));
  let below = 0;
  for (let count = 0; count < exceedances; count++) {
    below += point;
    point *= ((days - count) / (count + 1)) * odds;
  }
  const cumulativeProbability = Math.min(1, below + point);
  return {
    zone: zoneOf(cumulativeProbability),
    cumulativeProbability,
    typeOneError: upperTail(point, exceedances, days, odds),
  };
}

function zoneOf(cumulative: number): BaselZone {
  if (cumulative < YELLOW_FROM) return "green";
  return cumulative < RED_FROM ? "yellow" : "red";
}

/** Sum of the binomial probabilities from a count on, added up from there so that a tiny tail keeps its digits. */
function upperTail(pointAtCount: number, from: number, days: number, odds: number): number {
  let point = pointAtCount;
  let sum = 0;
  for (let count = from; count <= days; count++) {
    sum += point;
    if (point < sum * Number.EPSILON && count > days * odds) break;
    point *= ((days - count) / (count + 1)) * odds;
  }
  return Math.min(1, sum);
}

/** What a supervisor adds to the multiplication factor for exceedances in 250 days at 99 % (table 2). */
export function plusFactor(exceedances: number): number {
  const index = Math.min(PLUS_FACTORS.length - 1, Math.max(0, exceedances - LAST_GREEN));
  return PLUS_FACTORS[index]!;
}
