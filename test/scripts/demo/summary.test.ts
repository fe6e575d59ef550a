import { expect } from "chai";
import type { SnapshotRecord } from "../../../scripts/demo/snapshot-record.ts";
import { sharesOf, summarise } from "../../../scripts/demo/summary.ts";

const HOUR = 3_600;
const MARKET = { spotUsd: 100, forecastVol: 0.5 };

/** A snapshot with one book of notional 1,000: its default margin, its value, and half that margin under every other model. */
function snapshot(hours: number, marginUsd: number, valueUsd: number): SnapshotRecord {
  const others = marginUsd / 2;
  const initialUsd = {
    default: marginUsd,
    static: others,
    volatilityScaled: others,
    tail: others,
    stress: others,
  };
  return {
    seconds: hours * HOUR,
    firstBlock: hours,
    reportGas: 0n,
    markets: { BTC: MARKET, ETH: MARKET },
    accounts: [],
    reference: [{ name: "book", strategy: "long future", grossUsd: 1_000, valueUsd, initialUsd }],
    flagged: 0,
    fills: 0,
    stillCalled: 0,
    settledAccounts: 0,
    fundUsd: 0,
  };
}

const RECORDS = [
  snapshot(0, 100, 500),
  snapshot(24, 120, 500),
  snapshot(48, 220, 420),
  snapshot(72, 165, 415),
];

describe("summarise", () => {
  it("takes the mean of the first two days as calm, without the snapshot that ends them", () => {
    const { calmSnapshots, models } = summarise(RECORDS);
    expect(calmSnapshots).to.have.length(2);
    expect(models.default.calm).to.be.closeTo(0.11, 1e-12);
  });

  it("shows every model at the snapshot with the largest default margin per notional", () => {
    const { peak, models } = summarise(RECORDS);
    expect(peak.seconds).to.equal(48 * HOUR);
    expect(models.default.peak).to.be.closeTo(0.22, 1e-12);
    expect(models.default.peakOverCalm).to.be.closeTo(2, 1e-12);
    expect(models.tail.peak).to.be.closeTo(0.11, 1e-12);
    expect(models.default.after).to.be.closeTo(0.165, 1e-12);
    expect(models.default.largestOverSmallest).to.be.closeTo(2.2, 1e-12);
  });

  it("counts a book as uncovered when it loses more within a day than its margin", () => {
    // Of three snapshots with a day ahead, the second loses 80: more than 60 under the tail model, less than 120 under the default.
    const { models } = summarise(RECORDS);
    expect(models.default.uncoveredShare).to.equal(0);
    expect(models.tail.uncoveredShare).to.be.closeTo(1 / 3, 1e-12);
  });

  it("refuses an empty replay", () => {
    expect(() => summarise([])).to.throw(RangeError, "no snapshot");
  });
});

describe("sharesOf", () => {
  it("is zero without books", () => {
    expect(sharesOf({ reference: [] }).default).to.equal(0);
  });
});
