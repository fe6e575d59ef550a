import { CoreError, requireWithin } from "../errors.ts";

/** A day's outcome and what had been forecast for it, in any one currency. */
export interface ShortfallDay {
  /** Profit and loss. */
  readonly pnl: number;
  /** Value at risk forecast, a positive loss. */
  readonly valueAtRisk: number;
  /** Expected shortfall forecast, a positive loss. */
  readonly expectedShortfall: number;
}

/** The statistics of Acerbi and Szekely (2014): 0 expected of correct forecasts, negative when they are too small. */
export interface ShortfallTest {
  readonly exceedances: number;
  /** Z1, given an exceedance: how large they are. Undefined without one. */
  readonly conditional: number | undefined;
  /** Z2, unconditional: how many and how large they are. */
  readonly unconditional: number;
}

/** Z2 below this rejects at 5 % for T = 250 and 97.5 %, nearly whatever the distribution (Acerbi and Szekely 2014). */
export const UNCONDITIONAL_CRITICAL_5_PERCENT = -0.7;

/**
 * Backtest of expected shortfall, Acerbi and Szekely (2014), eq. 5 and eq. 6: with X_t the P&L, I_t = 1 when X_t + VaR_t < 0 and N their sum,
 * Z1 = sum(X_t I_t / ES_t) / N + 1 and Z2 = sum(X_t I_t / (T a ES_t)) + 1.
 * @param tailProbability a = 1 - confidence, in (0, 1)
 * @throws CoreError `series-too-short` without a day, `argument-out-of-domain` for an expected shortfall that is not positive
 */
export function shortfallTest(days: readonly ShortfallDay[], tailProbability: number): ShortfallTest {
  if (days.length === 0) throw new CoreError("series-too-short", { days: 0, needed: 1 });
  requireWithin("tailProbability", tailProbability, Number.MIN_VALUE, 1 - Number.EPSILON);
  let exceedances = 0;
  let sum = 0;
  for (const { pnl, valueAtRisk, expectedShortfall } of days) {
    requireWithin("expectedShortfall", expectedShortfall, Number.MIN_VALUE, Number.MAX_VALUE);
    if (pnl + valueAtRisk >= 0) continue;
    exceedances++;
    sum += pnl / expectedShortfall;
  }
  return {
    exceedances,
    conditional: exceedances === 0 ? undefined : sum / exceedances + 1,
    unconditional: sum / (days.length * tailProbability) + 1,
  };
}
