import { expect } from "chai";
import { decodeMarketState } from "../../../../keeper/core/report/market-state.ts";
import { quantiseMarket } from "../../../../keeper/core/report/quantise.ts";
import { totalVarianceE18 } from "../../../../keeper/core/report/svi-checks.ts";
import type { SmileFields } from "../../../../keeper/core/report/words.ts";
import { RANDOM_MARKETS, RANDOM_OBSERVED_AT, randomMarketState } from "../../../support/random-books.ts";
import { randomSource } from "../../../support/random-source.ts";
import { hasNonNegativeVariance, totalVarianceAt, wingSlopeE18 } from "../../../support/slice-checks.ts";

const MAX_WING_SLOPE_E18 = 2n * 10n ** 18n;
/** The oracle's tolerance of the calendar check. */
const CALENDAR_TOLERANCE = 1e-8;

const state = (seed: number) => randomMarketState(randomSource(seed), RANDOM_MARKETS[0], RANDOM_OBSERVED_AT);

function calendarShortfall(earlier: SmileFields, later: SmileFields, sigma: number): number {
  const points = [-5 * sigma, 0, 5 * sigma];
  return Math.max(...points.map((k) => totalVarianceAt(earlier, k) - totalVarianceAt(later, k)));
}

describe("quantised market", () => {
  it("stays within half a unit of what was fitted", () => {
    const before = state(1);
    const { market, smiles } = quantiseMarket(before);
    const after = decodeMarketState(market, smiles);
    expect(after.spot).to.be.closeTo(before.spot, 1e-8);
    expect(after.sigma).to.be.closeTo(before.sigma, 1e-9);
    before.smiles.forEach((smile, index) => {
      const back = after.smiles[index];
      expect(back?.expiry).to.equal(smile.expiry);
      expect(back?.forwardRatio).to.be.closeTo(smile.forwardRatio, 1e-8);
      expect(back?.slice.a).to.be.closeTo(smile.slice.a, 2e-9);
      expect(back?.slice.m).to.be.closeTo(smile.slice.m, 1e-9);
    });
  });

  it("passes the oracle's slice checks for any arbitrage-free surface", () => {
    for (let seed = 0; seed < 50; seed++) {
      const { market, smiles } = quantiseMarket(state(seed));
      smiles.forEach((smile, index) => {
        expect(hasNonNegativeVariance(smile)).to.equal(true);
        expect(wingSlopeE18(smile) <= MAX_WING_SLOPE_E18).to.equal(true);
        const earlier = smiles[index - 1];
        if (earlier !== undefined) {
          const sigma = Number(market.sigmaE9) / 1e9;
          expect(calendarShortfall(earlier, smile, sigma)).to.be.lessThan(CALENDAR_TOLERANCE);
        }
      });
    }
  });

  it("raises the level just enough when rounding would break a check", () => {
    const base = state(2);
    const [first] = base.smiles;
    if (first === undefined) throw new Error("a random market has smiles");
    const negative = { a: -0.01 * 0.2 * Math.sqrt(1 - 0.09) - 4e-10, b: 0.01, rho: -0.3, m: 0, s: 0.2 };
    const [lifted] = quantiseMarket({ ...base, smiles: [{ ...first, slice: negative }] }).smiles;
    if (lifted === undefined) throw new Error("one smile was given");
    expect(hasNonNegativeVariance(lifted)).to.equal(true);
    expect(hasNonNegativeVariance({ ...lifted, aE10: lifted.aE10 - 1n })).to.equal(false);
    const later = {
      ...first,
      expiry: first.expiry + 3_600,
      slice: { ...first.slice, a: first.slice.a - 1e-6 },
    };
    const { smiles } = quantiseMarket({ ...base, smiles: [first, later] });
    const [early, late] = smiles;
    if (early === undefined || late === undefined) throw new Error("two smiles were given");
    expect(calendarShortfall(early, late, base.sigma)).to.be.lessThan(1e-12);
    expect(late.aE10).to.equal(early.aE10);
  });

  it("caps a wing that is too steep", () => {
    const base = state(3);
    const [first] = base.smiles;
    if (first === undefined) throw new Error("a random market has smiles");
    const steep = { ...first, slice: { ...first.slice, b: 1.9, rho: -0.5 } };
    const [capped] = quantiseMarket({ ...base, smiles: [steep] }).smiles;
    if (capped === undefined) throw new Error("one smile was given");
    expect(wingSlopeE18(capped) <= MAX_WING_SLOPE_E18).to.equal(true);
    expect(capped.bE9).to.equal(1_333_333_333n);
  });

  it("refuses an expiry off the full hour and a spot that is no number", () => {
    const base = state(4);
    const [first] = base.smiles;
    if (first === undefined) throw new Error("a random market has smiles");
    expect(() => quantiseMarket({ ...base, smiles: [{ ...first, expiry: first.expiry + 1 }] })).to.throw(
      "name=expiry",
    );
    expect(() => quantiseMarket({ ...base, spot: Number.NaN })).to.throw("name=spot");
  });

  it("has the total variance of its float slice", () => {
    const { smiles } = quantiseMarket(state(6));
    const [first] = smiles;
    const [slice] = state(6).smiles;
    if (first === undefined || slice === undefined) throw new Error("a random market has smiles");
    const { a, b, rho, m, s } = slice.slice;
    const k = 0.1;
    const expected = a + b * (rho * (k - m) + Math.hypot(k - m, s));
    expect(Number(totalVarianceE18(first, 100_000_000n)) / 1e18).to.be.closeTo(expected, 1e-9);
  });
});
