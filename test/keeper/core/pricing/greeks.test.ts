import { expect } from "chai";
import { black76Price, type OptionInputs } from "../../../../keeper/core/pricing/black76.ts";
import { black76AllGreeks, type AllGreeks } from "../../../../keeper/core/pricing/greeks.ts";
import haug from "../../../vectors/haug.json" with { type: "json" };
import grid from "../../../vectors/black76.json" with { type: "json" };

const FORWARD = 100;
const RELATIVE = 1e-12;
const THIRD_ORDER_RELATIVE = 1e-10;
const ABSOLUTE = 1e-14;
const PER_POINT = 100;
const DAYS = 365;
const PRINTED_DIGITS = 1e-4;

/** Factor from the house's unit to the plain derivative, and the relative tolerance of the source. */
const PLAIN: Readonly<Record<keyof AllGreeks, readonly [factor: number, relative: number]>> = {
  price: [1, RELATIVE],
  delta: [1, RELATIVE],
  gamma: [1, RELATIVE],
  vega: [PER_POINT, RELATIVE],
  theta: [DAYS, RELATIVE],
  rho: [PER_POINT, RELATIVE],
  vanna: [PER_POINT, RELATIVE],
  volga: [PER_POINT ** 2, RELATIVE],
  charm: [DAYS, RELATIVE],
  veta: [PER_POINT * DAYS, RELATIVE],
  speed: [1, THIRD_ORDER_RELATIVE],
  zomma: [PER_POINT, THIRD_ORDER_RELATIVE],
  color: [DAYS, THIRD_ORDER_RELATIVE],
};

const NAMES = Object.keys(PLAIN) as (keyof AllGreeks)[];

describe("black76AllGreeks", () => {
  for (const kind of ["call", "put"] as const) {
    it(`matches independent values of every Greek of ${kind}s on all 952 rows`, () => {
      expect(grid.rows).to.have.length(952);
      const column = new Map(grid.columns.map((name, index) => [name, index]));
      for (const line of grid.rows) {
        const cells = line.split(",").map(Number);
        const cell = (name: string): number => cells[column.get(name) ?? -1] ?? NaN;
        const [strike, tauYears, annualVol] = [cell("K"), cell("T"), cell("sigma")];
        const greeks = black76AllGreeks({ kind, forward: FORWARD, strike, tauYears, annualVol, discount: 1 });
        const expected: Readonly<Record<keyof AllGreeks, number>> = {
          price: cell(kind),
          delta: cell(`deltaF_${kind}`),
          gamma: cell("gammaF"),
          vega: cell("vega"),
          theta: cell("theta"),
          rho: -tauYears * cell(kind),
          vanna: cell("vanna"),
          volga: cell("volga"),
          charm: cell("charm"),
          veta: cell("veta"),
          speed: cell("speed"),
          zomma: cell("zomma"),
          color: cell("color"),
        };
        for (const name of NAMES) {
          const [factor, relative] = PLAIN[name];
          const scale = name === "delta" || name === "gamma" ? 1 : FORWARD;
          const error = Math.abs(greeks[name] * factor - expected[name]);
          const tolerance = relative * Math.abs(expected[name]) + ABSOLUTE * scale;
          expect(error, `${name} of ${kind} ${line}`).to.be.at.most(tolerance);
        }
      }
    });
  }

  const base: OptionInputs = {
    kind: "put",
    forward: 100,
    strike: 120,
    tauYears: 0.5,
    annualVol: 0.6,
    discount: Math.exp(-0.04),
  };

  it("has the units it states, also with a discount rate: each Greek is a difference of another per house unit", () => {
    const rate = 0.08;
    const at = (change: Partial<OptionInputs>): AllGreeks => black76AllGreeks({ ...base, ...change });
    const slope = (name: keyof AllGreeks, up: Partial<OptionInputs>, down: Partial<OptionInputs>): number =>
      (at(up)[name] - at(down)[name]) / 2;
    const byForward = [{ forward: 100.01 }, { forward: 99.99 }] as const;
    const byVol = [{ annualVol: 0.6001 }, { annualVol: 0.5999 }] as const;
    const [dayUp, dayDown] = [0.5 + 0.01 / DAYS, 0.5 - 0.01 / DAYS];
    const byDay = [
      { tauYears: dayDown, discount: Math.exp(-rate * dayDown) },
      { tauYears: dayUp, discount: Math.exp(-rate * dayUp) },
    ] as const;
    const byRate = [{ discount: Math.exp(-0.5 * 0.0801) }, { discount: Math.exp(-0.5 * 0.0799) }] as const;
    const greeks = at({});
    const cases: readonly [keyof AllGreeks, number][] = [
      ["delta", slope("price", ...byForward)],
      ["gamma", slope("delta", ...byForward)],
      ["speed", slope("gamma", ...byForward)],
      ["vega", slope("price", ...byVol)],
      ["vanna", slope("delta", ...byVol)],
      ["volga", slope("vega", ...byVol)],
      ["zomma", slope("gamma", ...byVol)],
      ["theta", slope("price", ...byDay)],
      ["charm", slope("delta", ...byDay)],
      ["veta", slope("vega", ...byDay)],
      ["color", slope("gamma", ...byDay)],
      ["rho", slope("price", ...byRate)],
    ];
    for (const [name, difference] of cases)
      expect(greeks[name] / (difference * 100), name).to.be.closeTo(1, 1e-5);
  });

  it("keeps only what intrinsic value has when there is no vol", () => {
    const still = black76AllGreeks({ ...base, annualVol: 0 });
    expect(still).to.include({
      gamma: 0,
      vega: 0,
      vanna: 0,
      volga: 0,
      veta: 0,
      speed: 0,
      zomma: 0,
      color: 0,
    });
    expect(still.charm).to.be.closeTo((-0.08 * base.discount) / DAYS, 1e-16);
    expect(still.rho).to.be.closeTo((-0.5 * 20 * base.discount) / PER_POINT, 1e-15);
  });
});

type Printed = readonly [number, number, number, number, number, number, number, number];

/** A printed option on a spot with a dividend yield as one on its forward. */
function onForward([sign, strike, spot, dividend, rate, tauYears, annualVol]: Printed): OptionInputs {
  return {
    kind: sign > 0 ? "call" : "put",
    forward: spot * Math.exp((rate - dividend) * tauYears),
    strike,
    tauYears,
    annualVol,
    discount: Math.exp(-rate * tauYears),
  };
}

describe("printed book values", () => {
  it("are met to their four digits by 43 prices", () => {
    for (const row of haug.values as unknown as readonly Printed[])
      expect(black76Price(onForward(row))).to.be.closeTo(row[7], PRINTED_DIGITS);
  });

  it("are met to their four digits by 11 Greeks to the spot", () => {
    for (const [name, ...row] of haug.greeks as unknown as readonly [string, ...Printed][]) {
      const option = onForward(row);
      const greeks = black76AllGreeks(option);
      const [, , spot, dividend, rate, tauYears] = row;
      const growth = option.forward / spot;
      const theta = greeks.theta * DAYS - greeks.delta * option.forward * (rate - dividend);
      const toSpot: Readonly<Record<string, number>> = {
        delta: greeks.delta * growth,
        elasticity: (greeks.delta * option.forward) / greeks.price,
        gamma: greeks.gamma * growth ** 2,
        vega: greeks.vega * PER_POINT,
        theta,
        theta_per_day: theta / DAYS,
        rho: greeks.rho * PER_POINT + greeks.delta * option.forward * tauYears,
        dividendRho: -greeks.delta * option.forward * tauYears,
      };
      expect(toSpot[name], name).to.be.closeTo(row[7], PRINTED_DIGITS);
    }
  });
});
