import { expect } from "chai";
import { splitBook } from "../../../../keeper/core/margin/market-book.ts";
import type { BookPosition } from "../../../../keeper/core/margin/types.ts";
import type { MarketState } from "../../../../keeper/core/report/market-state.ts";
import { RISK_METHODS, riskTable, type RiskTable } from "../../../../keeper/core/risk/risk-table.ts";
import { equalWeights, tailRisk } from "../../../../keeper/core/risk/tail.ts";
import type { JointScenarios } from "../../../../keeper/core/scenarios/filtered-historical.ts";
import { recordedScenarios } from "../../../support/recorded-scenarios.ts";

const PARAMS = {
  varConfidenceBps: 9_900,
  esConfidenceBps: 9_750,
  horizonSeconds: 86_400,
  volTermExponentBps: 3_000,
  volTermFloorSeconds: 86_400,
};
const NOW = Date.UTC(2025, 0, 1) / 1000;
const EXPIRY = NOW + 30 * 86_400;
const SIGMA = 0.03;
const residuals = recordedScenarios(1);

function state(market: number): MarketState {
  const common = { dispersion: 0, depthUsd: 0, openInterestUsd: 0, sigma: SIGMA, psi: 0.05 };
  const slice = { a: (0.6 ** 2 * 30) / 365, b: 0, rho: 0, m: 0, s: 1 };
  return {
    market,
    spot: 100,
    ...common,
    smiles: [{ expiry: EXPIRY, forwardRatio: 1, discount: 1, slice }],
  };
}

function tableOf(
  positions: readonly BookPosition[],
  pastMoves: JointScenarios = residuals,
  collateralQuantity = 0,
): RiskTable {
  const collateral = collateralQuantity > 0 ? [{ market: 1, quantity: collateralQuantity }] : [];
  const book = { cash: 0, positions, collateral };
  const books = splitBook(book, [state(1), state(2)], { observedAt: NOW, now: NOW });
  return riskTable({ books, params: PARAMS, residuals, pastMoves, seed: 3, draws: 1_024 });
}

function row(table: RiskTable, method: (typeof RISK_METHODS)[number]) {
  const found = table.methods.find((it) => it.method === method);
  if (found === undefined) throw new Error(`no ${method}`);
  return found;
}

const long = (market: number, size: number): BookPosition => ({
  market,
  kind: "future",
  expiry: EXPIRY,
  strike: 0,
  size,
});

describe("riskTable", () => {
  const pair = tableOf([long(1, 2), long(2, 1)]);

  it("has every method once, each with errors above zero", () => {
    expect(pair.methods.map(({ method }) => method)).to.deep.equal(RISK_METHODS);
    for (const { method, standardErrors } of pair.methods) {
      expect(standardErrors.valueAtRisk, method).to.be.greaterThan(0);
      expect(standardErrors.expectedShortfall, method).to.be.greaterThan(0);
    }
  });

  it("gives a future the tail of its scenarios' returns", () => {
    const table = tableOf([long(1, 2)]);
    const pnl = Float64Array.from(residuals.markets[0]?.z ?? [], (z) => 200 * Math.expm1(z * SIGMA));
    const weights = equalWeights(pnl.length);
    const { valueAtRisk, expectedShortfall } = row(table, "filteredHistorical");
    expect(valueAtRisk).to.be.closeTo(tailRisk(pnl, weights, 9_900).valueAtRisk, 1e-9);
    expect(expectedShortfall).to.be.closeTo(tailRisk(pnl, weights, 9_750).expectedShortfall, 1e-9);
  });

  it("gives a future the normal tail of its delta in the delta-gamma methods", () => {
    const table = tableOf([long(1, 2)]);
    const z = residuals.markets[0]?.z ?? new Float64Array();
    const deviation = Math.sqrt(z.reduce((sum, value) => sum + value * value, 0) / z.length);
    // 2.3263 deviations of 200 x 3 %; the gamma of a log-return takes a little off.
    const normal = 2.3263 * 200 * SIGMA * deviation;
    for (const method of ["deltaGammaExact", "deltaGammaSaddlepoint"] as const)
      expect(row(table, method).valueAtRisk / normal, method).to.be.within(0.94, 1);
  });

  it("puts the twins around the filtered figure and Monte Carlo near it", () => {
    const of = (method: (typeof RISK_METHODS)[number]) => row(pair, method).expectedShortfall;
    expect(of("correlationOne")).to.be.greaterThan(of("filteredHistorical"));
    expect(of("correlationZero")).to.be.lessThan(of("filteredHistorical"));
    expect(of("monteCarlo") / of("filteredHistorical")).to.be.closeTo(1, 0.1);
    expect(row(pair, "monteCarlo").standardErrors.expectedShortfall).to.be.lessThan(
      row(pair, "filteredHistorical").standardErrors.expectedShortfall,
    );
    expect(pair.copulaDegrees).to.be.within(2, 20);
  });

  it("reads the historical method from the past moves alone", () => {
    const calm = {
      ...residuals,
      markets: residuals.markets.map((market) => ({ ...market, z: market.z.map((z) => z / 2) })),
    };
    const table = tableOf([long(1, 2), long(2, 1)], calm);
    expect(row(table, "historical").valueAtRisk).to.be.lessThan(0.6 * row(pair, "historical").valueAtRisk);
    expect(row(table, "filteredHistorical")).to.deep.equal(row(pair, "filteredHistorical"));
  });

  it("splits the filtered figure into positions and collateral", () => {
    const put: BookPosition = { market: 2, kind: "put", expiry: EXPIRY, strike: 90, size: -3 };
    const table = tableOf([long(1, -1), put], residuals, 0.5);
    expect(table.components.map(({ market, position }) => [market, position])).to.deep.equal([
      [1, 0],
      [1, null],
      [2, 0],
    ]);
    for (const measure of ["valueAtRisk", "expectedShortfall"] as const) {
      const sum = table.components.reduce((total, part) => total + part[measure], 0);
      expect(sum).to.be.closeTo(row(table, "filteredHistorical")[measure], 1e-9);
    }
    const [short, collateral] = table.components;
    expect(short!.expectedShortfall / collateral!.expectedShortfall).to.be.closeTo(-2, 1e-9);
  });
});
