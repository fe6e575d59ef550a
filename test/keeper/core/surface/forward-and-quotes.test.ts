import { expect } from "chai";
import { black76Price, type OptionKind } from "../../../../keeper/core/pricing/black76.ts";
import { impliedForward } from "../../../../keeper/core/surface/forward.ts";
import {
  findBookFault,
  selectSmilePoints,
  type OptionQuote,
} from "../../../../keeper/core/surface/quotes.ts";

const CONTEXT = { forward: 2_050, discount: 0.98, tauYears: 0.25 };
const SPOT = 2_009;
const EXPIRY = 1_800_000_000;
const ANNUAL_VOL = 0.7;

function quote(kind: OptionKind, strike: number, halfSpread = 1): OptionQuote {
  const mid = black76Price({ ...CONTEXT, kind, strike, annualVol: ANNUAL_VOL });
  return { expirySeconds: EXPIRY, strike, kind, bid: mid - halfSpread, ask: mid + halfSpread };
}

const CHAIN = [1_600, 1_800, 1_900, 2_000, 2_100, 2_200, 2_400].flatMap((strike) => [
  quote("call", strike),
  quote("put", strike),
]);

describe("impliedForward", () => {
  it("reads forward and discount off put-call parity", () => {
    const implied = impliedForward(CHAIN, SPOT, CONTEXT.tauYears);
    expect(implied?.forward).to.be.closeTo(CONTEXT.forward, 1e-9);
    expect(implied?.discount).to.be.closeTo(CONTEXT.discount, 1e-12);
    expect(implied?.pairs).to.equal(7);
    expect(implied?.parityError).to.be.below(1e-12);
  });

  it("is not moved by stale quotes at two of seven strikes", () => {
    const stale = CHAIN.map((q) =>
      q.kind === "call" && (q.strike === 1_800 || q.strike === 2_200)
        ? { ...q, bid: (q.bid ?? 0) + 60, ask: (q.ask ?? 0) + 60 }
        : q,
    );
    const implied = impliedForward(stale, SPOT, CONTEXT.tauYears);
    expect(implied?.forward).to.be.closeTo(CONTEXT.forward, 0.001 * CONTEXT.forward);
  });

  it("takes a discount of one from few pairs, and keeps it within plausible rates", () => {
    const few = CHAIN.filter((q) => q.strike === 2_000 || q.strike === 2_100);
    expect(impliedForward(few, SPOT, CONTEXT.tauYears)?.discount).to.equal(1);
    expect(impliedForward(CHAIN, SPOT, 0.01)?.discount).to.be.closeTo(Math.exp(-0.5 * 0.01), 1e-15);
  });

  it("gives nothing without pairs or where pairs contradict each other", () => {
    const calls = CHAIN.filter((q) => q.kind === "call");
    expect(impliedForward(calls, SPOT, CONTEXT.tauYears)).to.equal(undefined);
    const halves = CHAIN.map((q, index) => ({
      ...q,
      bid: 10 + 90 * (index % 3),
      ask: 11 + 95 * (index % 3),
    }));
    expect(impliedForward(halves, SPOT, CONTEXT.tauYears)).to.equal(undefined);
  });
});

describe("selectSmilePoints", () => {
  it("takes the out-of-the-money side and recovers its volatility and half spread", () => {
    const { points, rejected } = selectSmilePoints(CHAIN, CONTEXT);
    expect(points.map((point) => Math.round(CONTEXT.forward * Math.exp(point.logMoneyness)))).to.deep.equal([
      1_600, 1_800, 1_900, 2_000, 2_100, 2_200, 2_400,
    ]);
    for (const point of points) expect(point.midVol).to.be.closeTo(ANNUAL_VOL, 1e-12);
    expect(rejected.map(({ reason }) => reason)).to.deep.equal(new Array(7).fill("in-the-money"));
    // Vega of the strike at the forward is about D F sqrt(tau) phi(d1) = 395 USD per 1.00 of vol.
    expect(points[3]?.halfSpreadVol).to.be.closeTo(1 / 395, 1e-4);
  });

  const bad: readonly (readonly [string, Partial<OptionQuote>])[] = [
    ["no-bid", { bid: null }],
    ["no-bid", { bid: 0 }],
    ["no-ask", { ask: null }],
    ["no-ask", { ask: 0 }],
    ["crossed", { bid: 50, ask: 49 }],
    ["not-finite", { bid: NaN }],
    ["not-finite", { ask: Infinity }],
    ["not-finite", { strike: 0 }],
    ["too-wide", { bid: 10, ask: 200 }],
    ["too-wide", { bid: 300, ask: 660 }],
    ["no-implied-vol", { strike: 2_100, bid: 2_100, ask: 2_110 }],
  ];
  for (const [reason, change] of bad) {
    it(`rejects as ${reason}: ${JSON.stringify(change)}`, () => {
      const { points, rejected } = selectSmilePoints([{ ...quote("call", 2_200), ...change }], CONTEXT);
      expect(points).to.deep.equal([]);
      expect(rejected[0]?.reason).to.equal(reason);
    });
  }

  it("finds no fault with a locked market", () => {
    expect(findBookFault({ ...quote("call", 2_200), bid: 50, ask: 50 })).to.equal(undefined);
  });
});
