import { CoreError, requireWithin } from "../errors.ts";
import { normalCdf } from "../pricing/normal.ts";

/** A likelihood-ratio test: its statistic and the probability of one at least as large under the null hypothesis. */
export interface LikelihoodRatio {
  readonly statistic: number;
  readonly pValue: number;
}

/** How often each state of a two-state sequence followed the other: `from0To1` counts an exceedance after a day without one. */
export interface Transitions {
  readonly from0To0: number;
  readonly from0To1: number;
  readonly from1To0: number;
  readonly from1To1: number;
}

/** What the two tests of Christoffersen (1998) say of a sequence of exceedances. */
export interface ConditionalCoverage {
  readonly transitions: Transitions;
  /** Of a first-order Markov chain against independence; chi-squared with one degree of freedom. */
  readonly independence: LikelihoodRatio;
  /** Proportion of failures and independence together; chi-squared with two degrees of freedom. */
  readonly conditionalCoverage: LikelihoodRatio;
}

/** P(X > x) for a chi-squared variable of one degree of freedom. */
function chiSquaredTail1(x: number): number {
  return 2 * normalCdf(-Math.sqrt(x));
}

/** P(X > x) for a chi-squared variable of two degrees of freedom. */
function chiSquaredTail2(x: number): number {
  return Math.exp(-x / 2);
}

/** count * ln(share) with 0 ln 0 = 0. */
function logLikelihood(count: number, share: number): number {
  return count === 0 ? 0 : count * Math.log(share);
}

/** Log-likelihood of `hits` of `trials` at the share that makes it largest. */
function largestLogLikelihood(hits: number, trials: number): number {
  if (trials === 0) return 0;
  return logLikelihood(hits, hits / trials) + logLikelihood(trials - hits, 1 - hits / trials);
}

/**
 * Proportion of failures, Kupiec (1995): LR = -2 ln[(1 - p)^(T - N) p^N] + 2 ln[(1 - N/T)^(T - N) (N/T)^N], chi-squared with one
 * degree of freedom.
 * @param exceedances N, days on which the loss exceeded the value at risk
 * @param days T
 * @param probability p of an exceedance, 1 - confidence, in (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function kupiecTest(exceedances: number, days: number, probability: number): LikelihoodRatio {
  requireWithin("days", days, 1, Number.MAX_SAFE_INTEGER);
  requireWithin("exceedances", exceedances, 0, days);
  requireWithin("probability", probability, Number.MIN_VALUE, 1 - Number.EPSILON);
  const expected = logLikelihood(exceedances, probability) + (days - exceedances) * Math.log1p(-probability);
  const statistic = Math.max(0, 2 * (largestLogLikelihood(exceedances, days) - expected));
  return { statistic, pValue: chiSquaredTail1(statistic) };
}

/**
 * Independence and conditional coverage, Christoffersen (1998): do exceedances follow each other more often than chance has it?
 * The likelihood of independence is that of the T - 1 transitions; LR_cc = LR_pof + LR_ind, LR_pof over all T days.
 * @param exceeded one flag a day in order of time
 * @param probability p of an exceedance, in (0, 1)
 * @throws CoreError `series-too-short` with fewer than two days, `argument-out-of-domain`
 */
export function christoffersenTest(exceeded: readonly boolean[], probability: number): ConditionalCoverage {
  if (exceeded.length < 2) throw new CoreError("series-too-short", { days: exceeded.length, needed: 2 });
  const counts = [0, 0, 0, 0] as [number, number, number, number];
  for (let day = 1; day < exceeded.length; day++) {
    counts[2 * Number(exceeded[day - 1]) + Number(exceeded[day])]!++;
  }
  const [from0To0, from0To1, from1To0, from1To1] = counts;
  const transitions = { from0To0, from0To1, from1To0, from1To1 };
  const independence = independenceTest(transitions);
  const hits = exceeded.filter((hit) => hit).length;
  const statistic = independence.statistic + kupiecTest(hits, exceeded.length, probability).statistic;
  return {
    transitions,
    independence,
    conditionalCoverage: { statistic, pValue: chiSquaredTail2(statistic) },
  };
}

/** The likelihood ratio of Christoffersen (1998) from the transitions alone. */
export function independenceTest({ from0To0, from0To1, from1To0, from1To1 }: Transitions): LikelihoodRatio {
  const pairs = from0To0 + from0To1 + from1To0 + from1To1;
  const markov =
    largestLogLikelihood(from0To1, from0To0 + from0To1) + largestLogLikelihood(from1To1, from1To0 + from1To1);
  const statistic = Math.max(0, 2 * (markov - largestLogLikelihood(from0To1 + from1To1, pairs)));
  return { statistic, pValue: chiSquaredTail1(statistic) };
}
