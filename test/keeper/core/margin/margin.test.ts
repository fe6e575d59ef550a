import { expect } from "chai";
import { assess, assessAs, type MarginContext } from "../../../../keeper/core/margin/margin.ts";
import type { Book, BookPosition, MarginParams } from "../../../../keeper/core/margin/types.ts";
import type { MarketState } from "../../../../keeper/core/report/market-state.ts";
import {
  decodeScenarioSet,
  encodeScenarioSet,
  type JointScenario,
} from "../../../../keeper/core/report/scenario-set.ts";
import { TEST_MARGIN_PARAMS, testMarketParams } from "../../../support/margin-params.ts";

const HOUR = 3_600;
const OBSERVED_AT = 494_000 * HOUR;
const EXPIRY = OBSERVED_AT + 30 * 24 * HOUR;

function flatMarket(market: number, spot: number, changes: Partial<MarketState> = {}): MarketState {
  // Flat smile of 50 % annual vol: total variance 0.25 * 30 / 365.
  const slice = { a: (0.25 * 30) / 365, b: 0, rho: 0, m: 0, s: 0.1 };
  const smiles = [{ expiry: EXPIRY, forwardRatio: 1, discount: 1, slice }];
  const sizes = { dispersion: 0, depthUsd: 1e9, openInterestUsd: 1e9 };
  return { market, spot, sigma: 0.04, psi: 0.05, ...sizes, smiles, ...changes };
}

/** 100 scenarios of weight 1 in both markets: spot shocks 2 and -2 in two of them, none in the others. */
const SHOCKS: readonly JointScenario[] = Array.from({ length: 100 }, (_, index) => {
  const [first, second] = index === 0 ? [2, -2] : index === 1 ? [-2, -2] : [0, 0];
  return {
    weight: 1,
    shocks: [
      { z: first, y: 0 },
      { z: second, y: 0 },
    ],
  };
});

const PARAMS: MarginParams = {
  ...TEST_MARGIN_PARAMS,
  tailMeasure: "valueAtRisk",
  varConfidenceBps: 9_900,
  offsetTrustBps: 10_000,
  stress: [],
  markets: [1, 2].map((market) =>
    testMarketParams(market, { model: "tail", shortMinimumBps: 0, basisBps: 0, concentrationBps: 0 }),
  ),
};

function context(changes: Partial<MarginContext> = {}): MarginContext {
  return {
    report: { observedAt: OBSERVED_AT, peg: 1, markets: [flatMarket(1, 2_000), flatMarket(2, 50_000)] },
    params: PARAMS,
    scenarios: decodeScenarioSet(encodeScenarioSet({ markets: [1, 2], scenarios: SHOCKS })),
    now: OBSERVED_AT,
    ...changes,
  };
}

const future = (market: number, size: number): BookPosition => ({
  market,
  expiry: EXPIRY,
  strike: 0,
  kind: "future",
  size,
});
const option = (kind: "call" | "put", strike: number, size: number): BookPosition => ({
  market: 1,
  expiry: EXPIRY,
  strike,
  kind,
  size,
});
const bookOf = (...positions: readonly BookPosition[]): Book => ({ cash: 1_000, positions, collateral: [] });
const withMarkets = (changes: Partial<MarginParams["markets"][number]>): MarginParams => ({
  ...PARAMS,
  markets: PARAMS.markets.map((market) => ({ ...market, ...changes })),
});

const TWO_SIGMA_UP = Math.expm1(0.08);
const TWO_SIGMA_DOWN = -Math.expm1(-0.08);

describe("margin of a book", () => {
  it("is zero without positions and debt", () => {
    const { initial, maintenance, equity } = assess(bookOf(), context());
    expect([initial, maintenance, equity]).to.deep.equal([0, 0, 1_000]);
  });

  it("of collateral against debt is its tail loss", () => {
    const book: Book = { cash: -500, positions: [], collateral: [{ market: 1, quantity: 2 }] };
    const { maintenance, equity, collateral } = assess(book, context());
    expect(collateral).to.equal(4_000);
    expect(equity).to.equal(3_500);
    expect(maintenance).to.be.closeTo(4_000 * TWO_SIGMA_DOWN, 1e-6);
  });

  it("of one future is its loss in the worst hundredth of the scenarios", () => {
    expect(assess(bookOf(future(1, -1)), context()).maintenance).to.be.closeTo(2_000 * TWO_SIGMA_UP, 1e-6);
    expect(assess(bookOf(future(1, 1)), context()).maintenance).to.be.closeTo(2_000 * TWO_SIGMA_DOWN, 1e-6);
  });

  it("lets markets offset as far as the offset is trusted", () => {
    const hedged = bookOf(future(1, 25), future(2, -1));
    const joint = 50_000 * (TWO_SIGMA_UP - 0) - 50_000 * TWO_SIGMA_UP;
    const trusted = assess(hedged, context());
    expect(trusted.jointTailLoss).to.be.closeTo(Math.max(0, joint), 1e-6);
    const half = assess(hedged, context({ params: { ...PARAMS, offsetTrustBps: 5_000 } }));
    // The long loses when the first market falls; the short loses nothing in either scenario.
    expect(half.tailLoss - 0.5 * half.jointTailLoss).to.be.closeTo(0.5 * 50_000 * TWO_SIGMA_DOWN, 1e-6);
  });

  it("takes the larger of both tail measures when both count", () => {
    const book = bookOf(future(1, -1), option("call", 2_100, -3));
    const by = (tailMeasure: MarginParams["tailMeasure"]): number =>
      assess(book, context({ params: { ...PARAMS, tailMeasure, esConfidenceBps: 9_900 } })).tailLoss;
    expect(by("worseOfBoth")).to.equal(Math.max(by("valueAtRisk"), by("expectedShortfall")));
  });

  it("values an at-the-money call at F (2 Phi(sd / 2) - 1) and a put alike", () => {
    // sd = 0.5 sqrt(30 / 365) = 0.143346, Phi(0.071673) = 0.528569.
    const call = assess(bookOf(option("call", 2_000, 1)), context()).markToMarket;
    const put = assess(bookOf(option("put", 2_000, 1)), context()).markToMarket;
    expect(call).to.be.closeTo(114.276, 0.01);
    expect(put).to.be.closeTo(call, 1e-9);
  });

  it("counts only what is left of an option's time, and intrinsic value once expired", () => {
    const params = { ...PARAMS, fallbackAgeSeconds: 1e9, heartbeatSeconds: 1e9 };
    const half = assess(
      bookOf(option("call", 2_000, 1)),
      context({ params, now: OBSERVED_AT + 15 * 24 * HOUR }),
    );
    // sd = 0.5 sqrt(15 / 365) = 0.101361, Phi(0.0506806) = 0.520210.
    expect(half.markToMarket).to.be.closeTo(80.84, 0.01);
    const over = context({ params, now: EXPIRY + 1 });
    expect(assess(bookOf(option("call", 1_900, 1)), over).markToMarket).to.be.closeTo(100, 1e-6);
    expect(assess(bookOf(option("put", 1_900, -1)), over).markToMarket).to.be.closeTo(0, 1e-6);
  });

  it("never goes below the short-option minimum", () => {
    const params = withMarkets({ shortMinimumBps: 100 });
    const book = bookOf(option("call", 20_000, -3), option("call", 30_000, 1), option("put", 100, -1));
    const { maintenance, shortMinimum } = assess(book, context({ params }));
    expect(shortMinimum).to.be.closeTo(0.01 * 2_000 * (2 + 1), 1e-9);
    expect(maintenance).to.be.closeTo(shortMinimum, 1e-9);
  });

  it("under the static model adds positions one by one", () => {
    const params = withMarkets({ model: "static", staticShareBps: 1_500, staticFloorBps: 750 });
    const margin = (...positions: readonly BookPosition[]): number =>
      assess(bookOf(...positions), context({ params })).staticLoss;
    expect(margin(option("call", 2_100, -2))).to.be.closeTo(2 * (300 - 100), 1e-9);
    expect(margin(option("put", 1_000, -1))).to.be.closeTo(150, 1e-9);
    expect(margin(future(1, -1), future(1, 1))).to.be.closeTo(600, 1e-9);
    expect(margin(option("call", 2_000, 1))).to.be.closeTo(114.276, 0.01);
  });

  it("under the volatility-scaled model follows the forecast with the static ratio of the floor", () => {
    const params = withMarkets({ model: "volatilityScaled", volatilityMultipleBps: 30_000 });
    const { staticLoss } = assess(bookOf(option("put", 1_000, -1), future(1, 1)), context({ params }));
    expect(staticLoss).to.be.closeTo(0.12 * 2_000 * (750 / 1_500) + 0.12 * 2_000, 1e-9);
  });

  it("names the worst stress scenario and weights its loss", () => {
    const scenario = { ...TEST_MARGIN_PARAMS.stress[0], weightBps: 5_000, volFloorBps: 0, linearTwistBps: 0 };
    const down = {
      ...scenario,
      name: "down",
      returnBps: [-2_000, 0],
      volMultipleBps: 10_000,
      absoluteTwistBps: 0,
    };
    const up = { ...down, name: "up", returnBps: [1_000, 0] };
    const params = { ...PARAMS, stress: [up, down] };
    const result = assessAs(bookOf(future(1, 1)), context({ params }), "stress");
    expect(result.worstStress).to.equal("down");
    expect(result.stressLoss).to.be.closeTo(200, 1e-9);
    expect(assessAs(bookOf(future(1, -1)), context({ params }), "stress").stressLoss).to.be.closeTo(
      100,
      1e-9,
    );
    expect(result.worstScenario).to.equal(undefined);
  });

  it("reprices options under stress at the floored and twisted vol", () => {
    const shock = {
      name: "spike",
      weightBps: 10_000,
      returnBps: [0, 0],
      volMultipleBps: 0,
      linearTwistBps: 0,
    };
    const floor = { ...shock, volFloorBps: 10_000, absoluteTwistBps: 0 };
    // At 100 % vol sd = 0.286691, Phi(0.1433457) = 0.556992: 227.97 against 114.28 now.
    const book = bookOf(option("call", 2_000, -1));
    const { stressLoss } = assessAs(book, context({ params: { ...PARAMS, stress: [floor] } }), "stress");
    expect(stressLoss).to.be.closeTo(227.97 - 114.28, 0.02);
    const twist = { ...floor, volFloorBps: 0, absoluteTwistBps: 10_000 };
    const wing = bookOf(option("call", 2_000 * Math.E, -1));
    const twisted = assessAs(wing, context({ params: { ...PARAMS, stress: [twist] } }), "stress").stressLoss;
    const floored = assessAs(wing, context({ params: { ...PARAMS, stress: [floor] } }), "stress").stressLoss;
    expect(twisted).to.be.closeTo(floored, 1e-6);
  });

  it("charges each expiry's forward delta apart", () => {
    const params = withMarkets({ basisBps: 100 });
    const later = EXPIRY + 24 * HOUR;
    const calendar = bookOf(future(1, 1), { ...future(1, -1), expiry: later });
    const { basis } = assess(calendar, context({ params }));
    expect(basis).to.be.closeTo(0.01 * 4_000, 1e-9);
    expect(assess(bookOf(future(1, 1), future(2, -0.04)), context({ params })).basis).to.be.closeTo(40, 1e-9);
  });

  it("charges a position beyond the free share of depth, up to the cap", () => {
    const params = withMarkets({ freeDepthBps: 1_000, concentrationBps: 500, concentrationCapBps: 2_000 });
    const shallow = { depthUsd: 10_000, openInterestUsd: 20_000 };
    const report = { observedAt: OBSERVED_AT, peg: 1, markets: [flatMarket(1, 2_000, shallow)] };
    const charge = (size: number): number =>
      assess(bookOf(future(1, size)), context({ params, report })).concentration;
    expect(charge(1)).to.equal(0);
    expect(charge(3)).to.be.closeTo(6_000 * 0.05 * 2, 1e-9);
    expect(charge(-100)).to.be.closeTo(200_000 * 0.2, 1e-6);
  });

  it("raises the initial margin alone for dispersion and a broken peg", () => {
    const markets = [flatMarket(1, 2_000, { dispersion: 0.005 })];
    const report = { observedAt: OBSERVED_AT, peg: 0.99, markets };
    const { confidence, peg, initial, maintenance } = assess(bookOf(future(1, 1)), context({ report }));
    expect(confidence).to.be.closeTo(2 * (0.005 - 0.002) * 2_000, 1e-9);
    expect(peg).to.be.closeTo((0.995 - 0.99) * 2_000, 1e-9);
    expect(initial).to.be.closeTo(1.25 * maintenance + confidence + peg, 1e-9);
  });

  it("grows with the report's age beyond the heartbeat, then falls back to the static model", () => {
    const at = (seconds: number) => assess(bookOf(future(1, 1)), context({ now: OBSERVED_AT + seconds }));
    const loss = 2_000 * TWO_SIGMA_DOWN;
    expect(at(HOUR).staleness).to.equal(0);
    expect(at(3 * HOUR).staleness).to.be.closeTo(0.02 * loss, 1e-9);
    expect(at(23.9 * HOUR).staleness).to.be.closeTo(0.2 * loss, 1e-9);
    expect(at(24 * HOUR).fallbackToStatic).to.equal(false);
    const fallback = at(24 * HOUR + 1);
    expect(fallback.fallbackToStatic).to.equal(true);
    expect(fallback.staticLoss).to.be.closeTo(300, 1e-9);
    expect(fallback.maintenance).to.be.closeTo(300 * 1.2, 1e-9);
  });

  it("margins a market outside the scenario set by stress", () => {
    const params = {
      ...PARAMS,
      stress: [
        {
          ...TEST_MARGIN_PARAMS.stress[0],
          name: "down",
          weightBps: 10_000,
          volMultipleBps: 10_000,
          volFloorBps: 0,
          linearTwistBps: 0,
          absoluteTwistBps: 0,
          returnBps: [0, -1_000],
        },
      ],
    };
    const scenarios = decodeScenarioSet(
      encodeScenarioSet({
        markets: [1],
        scenarios: SHOCKS.map(({ weight, shocks }) => ({ weight, shocks: shocks.slice(0, 1) })),
      }),
    );
    const result = assess(bookOf(future(1, 1), future(2, 1)), context({ params, scenarios }));
    expect(result.stressLoss).to.be.closeTo(5_000, 1e-6);
    expect(result.maintenance).to.be.closeTo(5_000 + 2_000 * TWO_SIGMA_DOWN, 1e-6);
  });

  it("lets no offset cross models", () => {
    const [first, second] = PARAMS.markets;
    if (first === undefined || second === undefined) throw new Error("two markets are configured");
    const params: MarginParams = { ...PARAMS, markets: [first, { ...second, model: "static" }] };
    const result = assess(bookOf(future(1, 25), future(2, -1)), context({ params }));
    const apart = 50_000 * TWO_SIGMA_DOWN + 0.15 * 50_000;
    expect(result.maintenance).to.be.closeTo(apart, 1e-6);
  });
});
