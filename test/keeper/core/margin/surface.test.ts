import { expect } from "chai";
import { interpolatedPnls } from "../../../../keeper/core/margin/joint.ts";
import { fullyRevaluedPnls } from "../../../../keeper/core/margin/full-revaluation.ts";
import { splitBook } from "../../../../keeper/core/margin/market-book.ts";
import { unitValue } from "../../../../keeper/core/margin/option-value.ts";
import {
  interpolate,
  logReturn,
  pnlSurface,
  revalue,
  volMultiplier,
} from "../../../../keeper/core/margin/surface.ts";
import { black76Price } from "../../../../keeper/core/pricing/black76.ts";
import { GRID, volNodes, type Grid } from "../../../../keeper/core/report/grid.ts";
import { TEST_MARGIN_PARAMS } from "../../../support/margin-params.ts";
import { randomCases, randomWorld } from "../../../support/random-margin-cases.ts";

const WARPED: Grid = { ...GRID, volUp: 2.25, volDownDepth: 2 / 3, volWarp: 0.08 };

function randomMarketBook() {
  const world = randomWorld(11);
  const { report, now } = world.context;
  const [randomCase] = randomCases(world, 12, 1);
  const [book] = splitBook(randomCase?.book ?? { cash: 0, positions: [], collateral: [] }, report.markets, {
    observedAt: report.observedAt,
    now,
  });
  if (book === undefined) throw new Error("a random book has positions");
  return book;
}

describe("unit value", () => {
  it("agrees with the machine-precision price for calls and puts", () => {
    for (const kind of ["call", "put"] as const) {
      for (const strike of [500, 1_800, 2_000, 2_300, 9_000]) {
        for (const annualVol of [0.01, 0.4, 2.5]) {
          const exact = black76Price({
            kind,
            forward: 2_000,
            strike,
            tauYears: 0.1,
            annualVol,
            discount: 0.98,
          });
          const { value } = unitValue(kind, 2_000, strike, 0.98, annualVol * Math.sqrt(0.1));
          expect(value).to.be.closeTo(exact, 1e-9);
        }
      }
    }
  });

  it("is total and never negative", () => {
    expect(unitValue("call", 2_000, 0, 1, 0)).to.deep.equal({ value: 2_000, delta: 1 });
    expect(unitValue("put", 2_000, 0, 1, 0).value).to.equal(0);
    expect(unitValue("call", 1e-9, 1e9, 1, 1e-12).value).to.equal(0);
    expect(unitValue("put", 2_000, 1_999, 1, 0).value).to.be.closeTo(0, 1e-9);
    expect(unitValue("future", 2_000, 0, 0.9, 0)).to.deep.equal({ value: 2_000, delta: 1 });
  });

  it("has the slope of its value as delta", () => {
    const step = 1e-3;
    for (const kind of ["call", "put"] as const) {
      const at = (forward: number) => unitValue(kind, forward, 2_100, 0.97, 0.2);
      const slope = (at(2_000 + step).value - at(2_000 - step).value) / (2 * step);
      expect(at(2_000).delta).to.be.closeTo(slope, 1e-7);
    }
  });
});

describe("P&L surface", () => {
  for (const [name, grid] of [
    ["the contract's grid", GRID],
    ["a warped grid", WARPED],
  ] as const) {
    it(`is exact at the nodes of ${name}`, () => {
      const book = randomMarketBook();
      const surface = pnlSurface(book, TEST_MARGIN_PARAMS, grid);
      const depths = [-grid.volDownDepth, 0, 1];
      grid.spotNodes.slice(0, -1).forEach((z, cell) => {
        depths.forEach((u, vol) => {
          const y = volNodes(grid)[vol] ?? Number.NaN;
          const { pnl } = revalue(
            book,
            logReturn(z, book.state.sigma, TEST_MARGIN_PARAMS),
            y,
            TEST_MARGIN_PARAMS,
          );
          expect(interpolate(surface, { cell, t: 0, u }, grid)).to.be.closeTo(pnl, 1e-6);
        });
      });
    });
  }

  it("joins its cells without a step or a kink", () => {
    const surface = pnlSurface(randomMarketBook(), TEST_MARGIN_PARAMS);
    const nearly = 1 - 1e-7;
    const scale = Math.max(...surface.pnl.flat().map(Math.abs));
    for (let cell = 0; cell < 11; cell++) {
      for (const u of [-1.5, 0.3, 2]) {
        const left = interpolate(surface, { cell, t: nearly, u });
        const right = interpolate(surface, { cell: cell + 1, t: 0, u });
        expect(left).to.be.closeTo(right, 1e-6 * scale);
      }
    }
  });

  it("has the derivative of the P&L as slope", () => {
    const book = randomMarketBook();
    const surface = pnlSurface(book, TEST_MARGIN_PARAMS);
    const step = 1e-4;
    const at = (z: number): number =>
      revalue(book, logReturn(z, book.state.sigma, TEST_MARGIN_PARAMS), 0, TEST_MARGIN_PARAMS).pnl;
    const slope = (at(1 + step) - at(1 - step)) / (2 * step);
    const node = GRID.spotNodes.indexOf(1);
    expect(surface.slope[node]?.[1]).to.be.closeTo(slope, 1e-4 * Math.abs(slope));
  });

  it("clamps a node's return to 3 and its vol exponent to 2", () => {
    expect(logReturn(-10, 0.9, TEST_MARGIN_PARAMS)).to.equal(-3);
    expect(logReturn(10, 0.9, TEST_MARGIN_PARAMS)).to.equal(3);
    expect(volMultiplier(50, 0.1, 0.01, TEST_MARGIN_PARAMS)).to.equal(Math.exp(2));
    expect(volMultiplier(-50, 0.1, 0.01, TEST_MARGIN_PARAMS)).to.equal(Math.exp(-2));
  });

  it("shocks short expiries more, down to the floor of the tenor", () => {
    const exponent = (days: number): number =>
      Math.log(volMultiplier(1, 0.05, days / 365, TEST_MARGIN_PARAMS));
    expect(exponent(30)).to.be.closeTo(0.05, 1e-12);
    expect(exponent(120)).to.be.closeTo(0.025, 1e-12);
    expect(exponent(7.5)).to.be.closeTo(0.1, 1e-12);
    expect(exponent(1)).to.be.closeTo(0.05 * Math.sqrt(30 / 7), 1e-12);
  });

  it("reprices every scenario of the set in full at the exact shock", () => {
    const { context } = randomWorld(11);
    if (context.scenarios === undefined) throw new Error("a random world has scenarios");
    const book = randomMarketBook();
    const full = fullyRevaluedPnls(context.scenarios, context.params)(book, 0);
    const near = interpolatedPnls(context.scenarios, context.params)(book, 0);
    const scale = Math.max(...full.map(Math.abs));
    full.forEach((pnl, scenario) => expect(near[scenario]).to.be.closeTo(pnl, 0.1 * scale));
  });
});
