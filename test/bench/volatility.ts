// Fits and forecasts of the volatility models: a monthly fit, an update with each report.
import { houseChain } from "../../keeper/core/volatility/forecast-chain.ts";
import { fitGarch } from "../../keeper/core/volatility/garch.ts";
import { hourlyEwmaModel } from "../../keeper/core/volatility/hourly-ewma.ts";
import { HOURS_PER_DAY, knownAfter } from "../../keeper/core/volatility/hourly-history.ts";
import { simulateHours } from "../support/simulated-hours.ts";

const SEED = 1;
const DAYS = 800;
const GJR_T = { asymmetric: true, innovations: "student-t", persistence: "below-one" } as const;

interface VolatilityCase {
  readonly name: string;
  readonly unit: "ms";
  readonly operations: number;
  readonly run: () => void;
}

/** @param dailyChanges daily log changes for the daily models */
export function volatilityCases(dailyChanges: Float64Array): readonly VolatilityCase[] {
  const { history } = simulateHours(SEED, DAYS * HOURS_PER_DAY);
  const chain = houseChain();
  const fitted = chain.fit(history);
  const average = hourlyEwmaModel("taken-out").fit(history);
  // Two days in turn: the chain keeps what belongs to a day.
  const ends = [history, knownAfter(history, history.close.length - HOURS_PER_DAY)];
  let turn = 0;
  const one = { unit: "ms", operations: 1 } as const;
  return [
    { name: `GJR-t fit, ${dailyChanges.length} days`, ...one, run: () => void fitGarch(dailyChanges, GJR_T) },
    { name: "volatility chain fit, 730 days of hours", ...one, run: () => void chain.fit(history) },
    {
      name: "volatility chain update, first of a day",
      ...one,
      run: () => void fitted.forecast(ends[turn++ % ends.length]!),
    },
    {
      name: "volatility chain update, later in a day",
      unit: "ms",
      operations: HOURS_PER_DAY,
      run: () => {
        for (let update = 0; update < HOURS_PER_DAY; update++) fitted.forecast(history);
      },
    },
    { name: "hourly EWMA update, 180 days", ...one, run: () => void average.forecast(history) },
  ];
}
