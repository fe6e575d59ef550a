import { expect } from "chai";
import { seededRandom } from "../../../../keeper/core/statistics/seeded-random.ts";
import { ewmaFilter } from "../../../../keeper/core/volatility/ewma.ts";
import { houseChain } from "../../../../keeper/core/volatility/forecast-chain.ts";
import type { HourlyHistory } from "../../../../keeper/core/volatility/hourly-history.ts";
import { hourlyEwmaModel } from "../../../../keeper/core/volatility/hourly-ewma.ts";
import { logHarModel } from "../../../../keeper/core/volatility/log-har.ts";
import { dailyModel, flatVariances } from "../../../../keeper/core/volatility/model.ts";
import { walkForward } from "../../../../keeper/core/volatility/walk-forward.ts";
import { MONDAY_HOUR, simulateHours } from "../../../support/simulated-hours.ts";

const { history } = simulateHours(21, 24 * 320);

/** Everything from `hour` on replaced by noise of another size. */
function scrambledFrom(hour: number, seed: number): HourlyHistory {
  const random = seededRandom(seed);
  const scramble = (values: Float64Array) =>
    values.map((value, index) => (index < hour ? value : value * (0.1 + 30 * random.uniform())));
  return {
    firstHour: history.firstHour,
    close: scramble(history.close),
    logReturn: scramble(history.logReturn),
    rangeVariance: scramble(history.rangeVariance),
    impliedVol: scramble(history.impliedVol),
  };
}

describe("walkForward", () => {
  const origins = Array.from({ length: 12 }, (_, index) => MONDAY_HOUR + 24 * 240 + index * 120);
  const refits = [0, 30].map((days) => MONDAY_HOUR + 24 * (240 + days));
  const models = [
    dailyModel(ewmaFilter()),
    hourlyEwmaModel("left-in"),
    hourlyEwmaModel("taken-out"),
    logHarModel("prices"),
    logHarModel("prices-and-implied-vol"),
    houseChain(),
  ];

  for (const model of models) {
    it(`lets no later hour into a forecast of ${model.name}`, () => {
      const forecasts = walkForward(model, history, { origins, refits });
      for (const [index, origin] of origins.entries()) {
        if (index % 4 !== 3) continue;
        const scrambled = scrambledFrom(origin - MONDAY_HOUR, index);
        const again = walkForward(model, scrambled, { origins, refits });
        for (const ahead of [1, 24, 168] as const) {
          expect(forecasts[ahead][index]).to.be.greaterThan(0);
          expect(again[ahead].subarray(0, index + 1)).to.deep.equal(forecasts[ahead].subarray(0, index + 1));
          if (index + 1 < origins.length)
            expect(again[ahead][index + 1]).to.not.equal(forecasts[ahead][index + 1]);
        }
      }
    });
  }

  it("fits at the refits only, on what is known then, and leaves NaN where there is no forecast", () => {
    const fits: number[] = [];
    const model = {
      name: "counting",
      fit: (known: HourlyHistory) => {
        fits.push(known.close.length);
        return {
          forecast: ({ close }: HourlyHistory) =>
            close.length % 2 === 0 ? null : flatVariances(fits.length),
        };
      },
    };
    const plan = { origins: [101, 102, 105, 107].map((hour) => MONDAY_HOUR + hour), refits: [] };
    expect([...walkForward(model, history, plan)[24]]).to.deep.equal([NaN, NaN, NaN, NaN]);
    const refitted = walkForward(model, history, { ...plan, refits: [MONDAY_HOUR + 100, MONDAY_HOUR + 105] });
    expect([...refitted[24]]).to.deep.equal([1, NaN, 2, 2]);
    expect(fits).to.deep.equal([100, 105]);
  });
});
