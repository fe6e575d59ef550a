import { expect } from "chai";
import { plusFactor, trafficLight } from "../../../../keeper/core/statistics/basel-traffic-light.ts";
import vectors from "../../../vectors/risk-backtests.json" with { type: "json" };

const { basel, mathworks } = vectors;

describe("trafficLight", () => {
  it("gives the cumulative probabilities and first-kind errors of the Basel table", () => {
    for (const [exceedances, cumulative] of basel.computed_cumulative.entries()) {
      const light = trafficLight(exceedances, basel.T, basel.p);
      expect(light.cumulativeProbability).to.be.closeTo(cumulative, 1e-12);
      const error = basel.type_I_error_exact[exceedances]!;
      expect(light.typeOneError).to.be.closeTo(error, 1e-9 * error);
    }
  });

  it("is green to 4, yellow to 9 and red from 10 exceedances in 250 days", () => {
    const zones = Array.from({ length: 12 }, (_, count) => trafficLight(count, 250, 0.01).zone);
    expect(zones).to.deep.equal([
      ...new Array<string>(5).fill("green"),
      ...new Array<string>(5).fill("yellow"),
      "red",
      "red",
    ]);
  });

  it("begins yellow and red where the reference does for other sizes", () => {
    for (const [name, { yellow_from, red_from }] of Object.entries(basel.other_sizes)) {
      const [days, probability] = name.split(",").map((part) => Number(part.split("=")[1])) as [
        number,
        number,
      ];
      const zone = (count: number) => trafficLight(count, days, probability).zone;
      expect([yellow_from - 1, yellow_from, red_from - 1, red_from].map(zone), name).to.deep.equal([
        "green",
        "yellow",
        "yellow",
        "red",
      ]);
    }
  });

  it("prints the row of a published toolbox", () => {
    const light = trafficLight(mathworks.N, mathworks.T, mathworks.p);
    expect(light.zone).to.equal(mathworks.trafficLight.zone);
    expect(light.cumulativeProbability).to.be.closeTo(mathworks.trafficLight.probability, 5e-6);
    expect(light.typeOneError).to.be.closeTo(mathworks.trafficLight.type_I, 5e-6);
  });

  it("adds the supervisor's factor to the multiplier", () => {
    for (const [exceedances, factor] of Object.entries(basel.plus_factor)) {
      expect(plusFactor(Number(exceedances)), exceedances).to.equal(factor);
    }
    expect(plusFactor(40)).to.equal(1);
  });
});
