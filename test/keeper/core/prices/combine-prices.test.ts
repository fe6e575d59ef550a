import { expect } from "chai";
import { combinePrices, type SourcePrice } from "../../../../keeper/core/prices/combine-prices.ts";
import recorded from "../../../vectors/off-market-prints.json" with { type: "json" };

const LIMIT = 60;
const HOUR = 3_600;
const MINUTE = 60;
/** Volatilities of the day as an average with lambda 0.94 had them in those hours, rounded down. */
const VOL_MARCH_2020 = 0.15;
const VOL_MAY_2021 = 0.08;
const HIGH = 2;
const LOW = 3;
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

describe("combinePrices", () => {
  it("refuses the perpetual's print of 323.00 of March 2020 and keeps the spot venue's high of 120.2", () => {
    const print = hour("eth-perp", "2020-03-13T02:00:00Z", HIGH);
    const spot = hour("eth-spot", "2020-03-13T02:00:00Z", HIGH);
    const before = hour("eth-spot", "2020-03-13T01:00:00Z", CLOSE);
    expect([print, spot]).to.deep.equal([323, 120.2]);
    const combined = combinePrices(
      [price("perp", print), price("spot", spot)],
      { priceUsd: before, ageSeconds: HOUR },
      VOL_MARCH_2020,
    );
    expect(combined.accepted).to.deep.equal(["spot"]);
    expect(combined.refused).to.deep.equal([{ source: "perp", reason: "unconfirmed-jump" }]);
  });

  it("refuses the perpetual's print of 1400.73 of May 2021 and keeps the spot venue's low of 1888", () => {
    const print = hour("eth-perp", "2021-05-19T13:00:00Z", LOW);
    const minutes = recorded.minutes["eth-spot"];
    const at = minutes.findIndex((bar) => bar[LOW] === 1888);
    const before = Number(minutes[at - 1]?.[CLOSE]);
    expect(print).to.equal(1400.73);
    const combined = combinePrices(
      [price("perp", print), price("spot", 1888)],
      { priceUsd: before, ageSeconds: MINUTE },
      VOL_MAY_2021,
    );
    expect(combined.accepted).to.deep.equal(["spot"]);
    expect(combined.priceUsd).to.equal(1888);
  });

  it("refuses both prints without any earlier price once two spot venues agree", () => {
    for (const [print, spot] of [
      [323, 120.2],
      [1400.73, 1888],
    ] as const) {
      const combined = combinePrices(
        [price("a", spot), price("perp", print), price("b", spot * 1.002)],
        null,
        VOL_MAY_2021,
      );
      expect(combined.accepted).to.deep.equal(["a", "b"]);
      expect(combined.refused).to.deep.equal([{ source: "perp", reason: "outlying" }]);
    }
  });

  it("lets every hourly close of both crashes pass from both venues", () => {
    for (const market of ["eth", "btc"] as const) {
      let previous: number | null = null;
      for (const [time] of recorded.hours[`${market}-spot`]) {
        const at = String(time);
        const combined = combinePrices(
          [
            price("spot", hour(`${market}-spot`, at, CLOSE)),
            price("perp", hour(`${market}-perp`, at, CLOSE)),
          ],
          previous === null ? null : { priceUsd: previous, ageSeconds: HOUR },
          VOL_MAY_2021,
        );
        expect(combined.accepted, at).to.deep.equal(["spot", "perp"]);
        previous = combined.priceUsd;
      }
    }
  });

  it("lets every minute of the fall of May 2021 pass from a single venue", () => {
    const closes = recorded.minutes["eth-spot"].map((bar) => ({
      time: String(bar[0]),
      usd: Number(bar[CLOSE]),
    }));
    closes.slice(1).forEach(({ time, usd }, index) => {
      const previous = { priceUsd: closes[index]!.usd, ageSeconds: MINUTE };
      expect(combinePrices([price("spot", usd)], previous, VOL_MAY_2021).accepted, time).to.deep.equal([
        "spot",
      ]);
    });
  });

  it("accepts a fall of 40 % that most venues show against the price before", () => {
    const combined = combinePrices(
      [price("a", 60), price("b", 60.1), price("c", 100)],
      { priceUsd: 100, ageSeconds: MINUTE },
      0.03,
    );
    expect(combined.accepted).to.deep.equal(["a", "b"]);
  });

  it("accepts nothing from a lone or divided source without an earlier price", () => {
    expect(combinePrices([price("a", 100)], null, 0.03).priceUsd).to.equal(null);
    expect(combinePrices([price("a", 100), price("b", 150)], null, 0.03).accepted).to.deep.equal([]);
  });

  it("widens with the sources' own deviation but never beyond a tenth", () => {
    const spread = [100, 102, 104].map((value, index) => price(String(index), value));
    expect(combinePrices(spread, null, 0.01).accepted).to.have.length(3);
    const wide = [100, 108, 125].map((value, index) => price(String(index), value));
    expect(combinePrices(wide, null, 0.01).accepted).to.deep.equal(["0", "1"]);
  });

  it("leaves out stale prices, prices from the future and what is no price", () => {
    const combined = combinePrices(
      [
        price("a", 100),
        price("b", 100.2, LIMIT),
        price("old", 100, LIMIT + 1),
        price("ahead", 100, -11),
        price("none", Number.NaN),
        price("zero", 0),
      ],
      null,
      0.03,
    );
    expect(combined.accepted).to.deep.equal(["a", "b"]);
    expect(combined.refused.map(({ reason }) => reason)).to.deep.equal([
      "stale",
      "from-the-future",
      "not-a-price",
      "not-a-price",
    ]);
    expect(combined.priceUsd).to.be.closeTo(100.1, 1e-9);
    expect(combined.dispersion).to.be.closeTo(0.1 / 100.1, 1e-9);
  });
});
