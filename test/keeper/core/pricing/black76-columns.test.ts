import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  priceColumns,
  priceColumnsWithGreeks,
  type GreekColumns,
  type OptionColumns,
} from "../../../../keeper/core/pricing/black76-columns.ts";
import grid from "../../../vectors/black76.json" with { type: "json" };

const FORWARD = 100;
const ABSOLUTE = 1e-13;
const PER_POINT = 100;
const RELATIVE = 1e-12;

const NAMES = new Map(grid.columns.map((name, index) => [name, index]));
const ROWS = grid.rows.map((line) => line.split(",").map(Number));
const column = (name: string): Float64Array =>
  Float64Array.from(ROWS, (row) => row[NAMES.get(name) ?? -1] ?? NaN);

function columnsOf(sign: 1 | -1): OptionColumns {
  return {
    sign: Int8Array.from(ROWS, () => sign),
    forward: Float64Array.from(ROWS, () => FORWARD),
    strike: column("K"),
    tauYears: column("T"),
    annualVol: column("sigma"),
    discount: Float64Array.from(ROWS, () => 0.5),
  };
}

const empty = (length: number): GreekColumns => ({
  price: new Float64Array(length),
  delta: new Float64Array(length),
  gamma: new Float64Array(length),
  vega: new Float64Array(length),
});

describe("priced columns", () => {
  for (const sign of [1, -1] as const) {
    const kind = sign > 0 ? "call" : "put";
    it(`meet the independent values of ${kind}s on all 952 rows, half of them after the discount`, () => {
      const columns = columnsOf(sign);
      const prices = new Float64Array(ROWS.length);
      const greeks = empty(ROWS.length);
      priceColumns(columns, prices);
      priceColumnsWithGreeks(columns, greeks);
      const expected = [column(kind), column(`deltaF_${kind}`), column("gammaF"), column("vega")] as const;
      for (const [index, strike] of columns.strike.entries()) {
        const [price, delta, gamma, vega] = expected.map((values) => (values[index] ?? NaN) / 2) as [
          number,
          number,
          number,
          number,
        ];
        expect(prices[index]).to.be.closeTo(price, ABSOLUTE * Math.max(FORWARD, strike));
        expect(greeks.price[index]).to.be.closeTo(price, ABSOLUTE * Math.max(FORWARD, strike));
        expect(greeks.delta[index]).to.be.closeTo(delta, ABSOLUTE);
        expect(greeks.gamma[index]).to.be.closeTo(gamma, RELATIVE * Math.max(1, gamma));
        expect((greeks.vega[index] ?? NaN) * PER_POINT).to.be.closeTo(vega, RELATIVE * FORWARD);
      }
    });
  }

  it("give intrinsic value, its slope and no gamma or vega without time or vol", () => {
    const columns: OptionColumns = {
      sign: Int8Array.of(1, -1, 1, -1),
      forward: Float64Array.of(100, 100, 100, 100),
      strike: Float64Array.of(80, 120, 120, 100),
      tauYears: Float64Array.of(0, 0, 0.5, 0),
      annualVol: Float64Array.of(0.5, 0.5, 0, 0.5),
      discount: Float64Array.of(1, 0.9, 1, 1),
    };
    const out = empty(4);
    priceColumnsWithGreeks(columns, out);
    expect([...out.price]).to.deep.equal([20, 18, 0, 0]);
    expect([...out.delta]).to.deep.equal([1, -0.9, 0, -0.5]);
    expect([...out.gamma, ...out.vega]).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
    priceColumns(columns, out.price);
    expect([...out.price]).to.deep.equal([20, 18, 0, 0]);
  });

  it("are refused when lengths differ, with the name of the column", () => {
    const columns = columnsOf(1);
    expect(() => {
      priceColumns(columns, new Float64Array(3));
    })
      .to.throw(CoreError, "prices")
      .with.property("code", "series-misaligned");
    expect(() => {
      priceColumns({ ...columns, strike: new Float64Array(3) }, new Float64Array(ROWS.length));
    }).to.throw(CoreError, "strike");
    expect(() => {
      priceColumnsWithGreeks(columns, { ...empty(ROWS.length), vega: new Float64Array(3) });
    }).to.throw(CoreError, "vega");
  });
});
