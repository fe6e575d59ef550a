import { expect } from "chai";
import { combinePrices, type SourcePrice } from "../../../../keeper/core/prices/combine-prices.ts";
import recorded from "../../../vectors/off-market-prints.json" with { type: "json" };

const LIMIT = 60;
const MINUTE = 60;
/** Volatility of the day as an average with lambda 0.94 had it in those hours, rounded down. */
const VOL_MAY_2021 = 0.08;
const CLOSE = 4;

type Series = keyof typeof recorded.hours;

const price = (source: string, priceUsd: number, ageSeconds = 0): SourcePrice => ({
  source,
  priceUsd,
  ageSeconds,
  maxAgeSeconds: LIMIT,
});
const cell = (rows: readonly (readonly (string | number)[])[], time: string, column: number): number => {
  const row = rows.find(([at]) => at === time);
  if (row === undefined) throw new Error(`no bar of ${time}`);
  return Number(row[column]);
};
const hour = (series: Series, time: string, column: number) => cell(recorded.hours[series], time, column);

const rule = (dailyVol: number, quorum = 2) => ({ dailyVol, quorum });
const reasons = ({ refused }: ReturnType<typeof combinePrices>) =>
  Object.fromEntries(refused.map(({ source, reason }) => [source, reason]));
const all = (...values: readonly number[]) =>
  values.map((value, index) => price("abcdefgh"[index] ?? "", value));

describe("combinePrices", () => {
  it("gives the median of those that agree and the largest distance from it", () => {
    const combined = combinePrices(all(100, 100.4, 100.1), null, rule(0.03));
    expect(combined.priceUsd).to.equal(100.1);
    expect(combined.dispersion).to.be.closeTo(0.3 / 100.1, 1e-12);
    expect(combined.accepted).to.deep.equal(["a", "b", "c"]);
  });

  it("never averages an even split: the half that goes on from the price before counts alone", () => {
    const before = { priceUsd: 100, ageSeconds: 15 };
    const split = combinePrices(all(100, 100, 118, 118), before, rule(0.03));
    expect(split.priceUsd).to.equal(100);
    expect(split.accepted).to.deep.equal(["a", "b"]);
    expect(reasons(split)).to.deep.equal({ c: "unconfirmed", d: "unconfirmed" });
    const six = combinePrices(all(100, 100, 100, 115, 115, 115), before, rule(0.03, 3));
    expect([six.priceUsd, six.accepted]).to.deep.equal([100, ["a", "b", "c"]]);
    const reversed = combinePrices(all(118, 118, 100, 100), { priceUsd: 117, ageSeconds: 15 }, rule(0.03));
    expect(reversed.priceUsd).to.equal(118);
  });

  it("takes no half of a split that is too small, too spread or too far from the price before", () => {
    const before = { priceUsd: 100, ageSeconds: 15 };
    for (const [prices, quorum, previous] of [
      [all(100, 100, 118, 118), 3, before],
      [all(98, 102, 118, 118), 2, before],
      [all(85, 85, 118, 118), 2, before],
      [all(100, 100, 118, 118), 2, null],
    ] as const) {
      const combined = combinePrices(prices, previous, rule(0.03, quorum));
      expect(combined.priceUsd).to.equal(null);
      expect(combined.accepted).to.deep.equal([]);
      expect(Object.values(reasons(combined))).to.deep.equal(Array(4).fill("unconfirmed"));
    }
  });

  it("measures the jump from the price before by the time that has passed", () => {
    const split = all(85, 85, 120, 120);
    const after = (ageSeconds: number) =>
      combinePrices(split, { priceUsd: 100, ageSeconds }, rule(0.05)).accepted;
    expect(after(15)).to.deep.equal([]);
    // ln(100 / 85) is 0.1625: 0.1 and 6 times 0.05 over the square root of 0.0434 days.
    expect(after(3_740)).to.deep.equal([]);
    expect(after(3_770)).to.deep.equal(["a", "b"]);
  });

  it("leaves out one of three that is away from the other two, also when it is near the median", () => {
    const combined = combinePrices(all(100, 101, 106), { priceUsd: 100, ageSeconds: 15 }, rule(0.03));
    expect(combined.accepted).to.deep.equal(["a", "b"]);
    expect(reasons(combined)).to.deep.equal({ c: "outlying" });
  });

  it("needs more than half of the fresh sources, and a quorum of them", () => {
    expect(combinePrices(all(100, 100, 90, 112), null, rule(0.01)).accepted).to.deep.equal([]);
    expect(combinePrices(all(100, 100, 100, 90, 112), null, rule(0.01)).accepted).to.have.length(3);
    const few = combinePrices(all(100, 100, 100, 90, 112), { priceUsd: 100, ageSeconds: 15 }, rule(0.01, 4));
    expect([few.priceUsd, few.accepted]).to.deep.equal([null, ["a", "b", "c"]]);
  });

  it("reaches farther in a volatile market: half a percent and six sigma over the square root of a minute", () => {
    // The two lie half of their distance from their median: 0.8 %.
    const apart = all(100, 100 * Math.exp(0.016));
    expect(combinePrices(apart, null, rule(0.018)).accepted).to.deep.equal([]);
    expect(combinePrices(apart, null, rule(0.02)).accepted).to.have.length(2);
    const calm = all(100, 100 * Math.exp(0.0099));
    expect(combinePrices(calm, null, rule(0)).accepted).to.have.length(2);
    expect(combinePrices(all(100, 100 * Math.exp(0.0101)), null, rule(0)).accepted).to.deep.equal([]);
  });

  it("widens with the sources' own deviation, to twice its reach and never beyond a twentieth", () => {
    const spread = (step: number) => all(...[-2, -1, 0, 1, 2].map((at) => 100 * Math.exp(at * step)));
    expect(combinePrices(spread(0.0049), null, rule(0)).accepted).to.have.length(5);
    expect(combinePrices(spread(0.0051), null, rule(0)).accepted).to.have.length(3);
    // One that is far from four that nearly agree stays out: their deviation is small.
    const lone = all(100, 100.01, 100.02, 100.03, 100.9);
    expect(combinePrices(lone, null, rule(0)).accepted).to.have.length(4);
    expect(combinePrices(all(100, 110, 120), null, rule(10)).accepted).to.deep.equal([]);
    expect(combinePrices(spread(0.024), null, rule(10)).accepted).to.have.length(5);
    expect(combinePrices(spread(0.026), null, rule(10)).accepted).to.have.length(3);
  });

  it("accepts a fall of 40 % that most venues show against the price before", () => {
    const combined = combinePrices(all(60, 60.1, 100), { priceUsd: 100, ageSeconds: MINUTE }, rule(0.03));
    expect(combined.accepted).to.deep.equal(["a", "b"]);
  });

  it("accepts nothing from a lone source, whatever the price before", () => {
    const before = { priceUsd: 100, ageSeconds: MINUTE };
    expect(combinePrices(all(100), before, rule(0.03)).priceUsd).to.equal(null);
    expect(combinePrices(all(100, 150), before, rule(0.03)).priceUsd).to.equal(null);
    expect(() => combinePrices(all(100), before, rule(0.03, 1))).to.throw("argument-out-of-domain");
  });

  it("leaves out stale prices, prices from the future and what is no price", () => {
    const combined = combinePrices(
      [
        price("a", 100),
        price("b", 100.2, LIMIT),
        price("slightly-ahead", 100.1, -10),
        price("old", 100, LIMIT + 1),
        price("ahead", 100, -11),
        price("none", Number.NaN),
        price("zero", 0),
        price("endless", Number.POSITIVE_INFINITY),
      ],
      null,
      rule(0.03),
    );
    expect(combined.accepted).to.deep.equal(["a", "b", "slightly-ahead"]);
    expect(reasons(combined)).to.deep.equal({
      old: "stale",
      ahead: "from-the-future",
      none: "not-a-price",
      zero: "not-a-price",
      endless: "not-a-price",
    });
    expect(combined.priceUsd).to.equal(100.1);
  });

  it("lets every hourly close of both crashes pass from both venues", () => {
    for (const market of ["eth", "btc"] as const)
      for (const [time] of recorded.hours[`${market}-spot`]) {
        const at = String(time);
        const closes = all(hour(`${market}-spot`, at, CLOSE), hour(`${market}-perp`, at, CLOSE));
        expect(combinePrices(closes, null, rule(VOL_MAY_2021)).accepted, at).to.have.length(2);
      }
  });

  it("lets every minute of the fall of May 2021 pass from the half that follows it", () => {
    const closes = recorded.minutes["eth-spot"].map((bar) => ({
      time: String(bar[0]),
      usd: Number(bar[CLOSE]),
    }));
    const stuck = closes[0]!.usd * 1.5;
    closes.slice(1).forEach(({ time, usd }, index) => {
      const previous = { priceUsd: closes[index]!.usd, ageSeconds: MINUTE };
      const combined = combinePrices(all(usd, usd, stuck, stuck), previous, rule(VOL_MAY_2021));
      expect(combined.priceUsd, time).to.equal(usd);
    });
  });
});
