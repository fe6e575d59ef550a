import { saddlepointVarTail } from "../../../keeper/core/risk/delta-gamma.ts";
import { canonicalPnl } from "../../../keeper/core/risk/quadratic-form.ts";
import { BPS } from "../../../keeper/core/units.ts";
import type { ForecastDay } from "./forecast-days.ts";
import { factorPnl, portfolioPnl, PORTFOLIOS, type JointMove } from "./portfolios.ts";
import { ES_CONFIDENCE_BPS, VAR_CONFIDENCE_BPS, type RiskForecast, type RiskMethod } from "./risk-method.ts";

/** Steps of the differences that stand for derivatives: of log return and of log implied vol, in their forecast deviations. */
const STEP = 0.5;

type Moves = readonly [btcReturn: number, btcVol: number, ethReturn: number, ethVol: number];

function jointMove([btcReturn, btcVol, ethReturn, ethVol]: Moves): JointMove {
  return {
    BTC: { logReturn: btcReturn, volChange: btcVol },
    ETH: { logReturn: ethReturn, volChange: ethVol },
  };
}

function movesOf({ BTC, ETH }: JointMove): Moves {
  return [BTC.logReturn, BTC.volChange, ETH.logReturn, ETH.volChange];
}

/** Second-order value of the four factors in moves measured in deviations. */
interface Expansion {
  /** By factor. */
  readonly level: readonly number[];
  /** By factor, then move. */
  readonly delta: readonly (readonly number[])[];
  readonly gamma: readonly (readonly (readonly number[])[])[];
}

function expand(day: ForecastDay): Expansion {
  const { BTC, ETH } = day.sigma;
  const scale = [BTC.spot, BTC.vol, ETH.spot, ETH.vol];
  const axes = scale.map((_, axis) => axis);
  const at = (...steps: readonly (readonly [axis: number, size: number])[]) => {
    const moves = scale.map(
      (unit, axis) => unit * steps.reduce((sum, [on, size]) => (on === axis ? sum + size : sum), 0),
    ) as unknown as Moves;
    return factorPnl(jointMove(moves), day.vols);
  };
  const level = at();
  const plus = axes.map((axis) => at([axis, STEP]));
  const minus = axes.map((axis) => at([axis, -STEP]));
  const cross = axes.map((i) =>
    axes.map((j) => [at([i, STEP], [j, STEP]), at([i, -STEP], [j, -STEP])] as const),
  );
  const second = (factor: number, i: number, j: number): number => {
    const [up, down] = cross[i]![j]!;
    if (i === j) return (plus[i]![factor]! + minus[i]![factor]! - 2 * level[factor]!) / STEP ** 2;
    const alone = plus[i]![factor]! + plus[j]![factor]! + minus[i]![factor]! + minus[j]![factor]!;
    return (up[factor]! + down[factor]! + 2 * level[factor]! - alone) / (2 * STEP ** 2);
  };
  return {
    level,
    delta: level.map((_, factor) =>
      axes.map((axis) => (plus[axis]![factor]! - minus[axis]![factor]!) / (2 * STEP)),
    ),
    gamma: level.map((_, factor) => axes.map((i) => axes.map((j) => second(factor, i, j)))),
  };
}

/** Second moments of the residuals: the covariance of moves measured in their forecast deviations. */
function residualCovariance(residuals: readonly JointMove[]): readonly (readonly number[])[] {
  const rows = residuals.map(movesOf);
  const axes = rows[0]!.map((_, axis) => axis);
  return axes.map((i) =>
    axes.map((j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0) / rows.length),
  );
}

/** Delta, gamma, vega and their crosses under joint normal moves with the EWMA forecasts, the tail by saddlepoint. */
export const deltaGamma: RiskMethod = {
  name: "deltaGamma",
  title: "delta-gamma-vega",
  forecast: (day) => {
    const { level, delta, gamma } = expand(day);
    const covariance = residualCovariance(day.residuals);
    return PORTFOLIOS.map((portfolio): RiskForecast => {
      const combine = (of: (factor: number) => number) =>
        portfolioPnl(
          portfolio,
          level.map((_, factor) => of(factor)),
        );
      const canonical = canonicalPnl({
        level: combine((factor) => level[factor]!),
        delta: delta[0]!.map((_, axis) => combine((factor) => delta[factor]![axis]!)),
        gamma: gamma[0]!.map((row, i) => row.map((_, j) => combine((factor) => gamma[factor]![i]![j]!))),
        covariance,
      });
      const shortfall = saddlepointVarTail(canonical, ES_CONFIDENCE_BPS / BPS);
      return {
        valueAtRisk: saddlepointVarTail(canonical, VAR_CONFIDENCE_BPS / BPS).valueAtRisk,
        shortfallValueAtRisk: shortfall.valueAtRisk,
        expectedShortfall: shortfall.expectedShortfall,
      };
    });
  },
};
