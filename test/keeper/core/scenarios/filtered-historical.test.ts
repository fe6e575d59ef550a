import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { jointResiduals } from "../../../../keeper/core/scenarios/filtered-historical.ts";
import {
  alignHistories,
  type DailyRecord,
  type JointHistory,
} from "../../../../keeper/core/scenarios/history.ts";
import { seededRandom } from "../../../../keeper/core/statistics/seeded-random.ts";
import { START_DAYS } from "../../../../keeper/core/volatility/ewma.ts";

const DAYS = 500;
const FIRST_DAY = 18_000;
const FIRST_INDEX_DAY = 200;

/** Two tied markets with a vol index from `FIRST_INDEX_DAY` on which rises by 1 % for each -1 % of return. */
function history(): JointHistory {
  const random = seededRandom(5);
  const days = Array.from({ length: DAYS }, (_, index) => FIRST_DAY + index);
  const closes: number[][] = [[100], [10]];
  const volIndex: number[][] = [[60], [70]];
  for (let day = 1; day < DAYS; day++) {
    const common = random.normal();
    for (const [market, share] of [1, 0.8].entries()) {
      const change = 0.03 * (share * common + (1 - share) * random.normal());
      closes[market]?.push((closes[market][day - 1] ?? NaN) * Math.exp(change));
      volIndex[market]?.push((volIndex[market][day - 1] ?? NaN) * Math.exp(-change + 0.01 * random.normal()));
    }
  }
  const markets = [1, 2].map((market, index) => ({
    market,
    closes: closes[index] ?? [],
    volIndex: (volIndex[index] ?? []).map((level, day) => (day < FIRST_INDEX_DAY ? null : level)),
  }));
  return { days, markets };
}

function correlation(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let [product, leftSquare, rightSquare] = [0, 0, 0];
  for (let index = 0; index < left.length; index++) {
    product += (left[index] ?? 0) * (right[index] ?? 0);
    leftSquare += (left[index] ?? 0) ** 2;
    rightSquare += (right[index] ?? 0) ** 2;
  }
  return product / Math.sqrt(leftSquare * rightSquare);
}

describe("jointResiduals", () => {
  const joint = jointResiduals(history(), { seed: 1 });
  const [first, second] = joint.markets;
  if (first === undefined || second === undefined) throw new Error("no markets");

  it("divides each return by the forecast made the day before", () => {
    const { closes } = history().markets[0] ?? { closes: [] };
    const changes = closes.slice(1).map((close, day) => Math.log((close ?? NaN) / (closes[day] ?? NaN)));
    let variance =
      changes.slice(0, START_DAYS).reduce((sum, change) => sum + change * change, 0) / START_DAYS;
    for (const [day, change] of changes.entries()) {
      if (day >= START_DAYS)
        expect(first.z[day - START_DAYS]).to.be.closeTo(change / Math.sqrt(variance), 1e-12);
      variance = 0.94 * variance + 0.06 * change * change;
    }
  });

  it("labels scenarios with the day their return ended and leaves the filter's first days out", () => {
    expect(joint.days).to.have.length(DAYS - 1 - START_DAYS);
    expect(joint.days[0]).to.equal(FIRST_DAY + START_DAYS + 1);
    expect(joint.days.at(-1)).to.equal(FIRST_DAY + DAYS - 1);
  });

  it("marks vol residuals it had to draw, and only those", () => {
    const observedFrom = joint.days.indexOf(FIRST_DAY + FIRST_INDEX_DAY + START_DAYS + 1);
    for (const { imputed, y } of joint.markets) {
      for (const [scenario, flag] of imputed.entries())
        expect(flag).to.equal(scenario < observedFrom ? 1 : 0);
      expect(y.every((value) => Number.isFinite(value))).to.equal(true);
    }
  });

  it("keeps the spot-vol link and the tie between markets in the drawn part", () => {
    const drawn = joint.days.indexOf(FIRST_DAY + FIRST_INDEX_DAY);
    for (const { z, y } of joint.markets) {
      expect(correlation(z.slice(0, drawn), y.slice(0, drawn))).to.be.within(-1, -0.75);
    }
    expect(correlation(first.y.slice(0, drawn), second.y.slice(0, drawn))).to.be.above(0.7);
  });

  it("is a function of the seed, which changes drawn vol residuals alone", () => {
    expect(jointResiduals(history(), { seed: 1 })).to.deep.equal(joint);
    const other = jointResiduals(history(), { seed: 2 });
    expect(other.markets[0]?.z).to.deep.equal(first.z);
    expect(other.markets[0]?.y).to.not.deep.equal(first.y);
  });

  it("leaves out a day on which one market has no price, for all markets", () => {
    const gap = history();
    const markets = gap.markets.map((market, index) => ({
      ...market,
      closes: market.closes.map((close, day) => (index === 1 && day === 300 ? null : close)),
    }));
    const gapped = jointResiduals({ ...gap, markets }, { seed: 1 });
    expect(gapped.days).to.deep.equal(
      joint.days.filter((day) => day !== FIRST_DAY + 300 && day !== FIRST_DAY + 301),
    );
    expect(gapped.markets.every(({ z }) => z.length === gapped.days.length)).to.equal(true);
  });

  it("refuses markets of unequal length and histories without enough days of both", () => {
    const short = history();
    const cut = short.markets.map((market, index) => (index === 0 ? market : { ...market, closes: [1, 2] }));
    expect(() => jointResiduals({ ...short, markets: cut }, { seed: 1 }))
      .to.throw(CoreError)
      .with.property("code", "series-misaligned");
    const late = short.markets.map((market) => ({
      ...market,
      volIndex: market.volIndex.map((level, day) => (day < DAYS - 120 ? null : level)),
    }));
    expect(() => jointResiduals({ ...short, markets: late }, { seed: 1 }))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});

describe("alignHistories", () => {
  it("spans the days all markets have reached and leaves gaps null", () => {
    const record = (day: number): DailyRecord => ({ day, close: day + 0.5, volIndex: day === 7 ? 55 : null });
    const { days, markets } = alignHistories([
      { market: 1, records: [5, 6, 7, 8, 9].map(record) },
      { market: 2, records: [9, 4, 6, 8, 10].map(record) },
    ]);
    expect(days).to.deep.equal([5, 6, 7, 8, 9]);
    expect(markets[0]?.closes).to.deep.equal([5.5, 6.5, 7.5, 8.5, 9.5]);
    expect(markets[1]?.closes).to.deep.equal([null, 6.5, null, 8.5, 9.5]);
    expect(markets[0]?.volIndex).to.deep.equal([null, null, 55, null, null]);
  });

  it("refuses markets that never overlap", () => {
    const at = (day: number): DailyRecord[] => [{ day, close: 1, volIndex: null }];
    const apart = [
      { market: 1, records: at(1) },
      { market: 2, records: at(2) },
    ];
    expect(() => alignHistories(apart))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});
