import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect } from "chai";

import { hasButterflyArbitrage, hasCalendarArbitrage } from "../../../scripts/backtest/surface-checks.ts";
import { studySurfaces } from "../../../scripts/backtest/surface-study.ts";
import chains from "../../vectors/deribit-chains.json" with { type: "json" };
import svi from "../../vectors/svi.json" with { type: "json" };

type Row = readonly [number, number, number, number | null, number | null];

const HEADER = "time,instrument,index_price,forward_price,fwd_is_index,bid,ask,mark_iv,open_interest";
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** The recorded chains of the vectors as a venue's table. */
function table(): string {
  const lines = chains.snapshots.flatMap(({ nowSeconds, spot, rows }) =>
    (rows as unknown as readonly Row[]).map(([expirySeconds, strike, sign, bid, ask]) => {
      const day = new Date(expirySeconds * 1000);
      const expiry = `${day.getUTCDate()}${MONTHS[day.getUTCMonth()]}${day.getUTCFullYear() - 2000}`;
      const instrument = `BTC-${expiry}-${strike}-${sign > 0 ? "C" : "P"}`;
      const time = new Date(nowSeconds * 1000).toISOString();
      return [time, instrument, spot, spot, 1, bid ?? "", ask ?? "", 0.5, 1].join(",");
    }),
  );
  return [HEADER, ...lines].join("\n");
}

describe("studySurfaces", () => {
  const folder = mkdtempSync(join(tmpdir(), "surface-study-"));
  before(() => {
    mkdirSync(join(folder, "deribit"));
    writeFileSync(join(folder, "deribit", "deribit_option_chain_2026-02.csv.gz"), gzipSync(table()));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("fits every recorded chain and reports its errors, arbitrage and time", () => {
    const progress: number[] = [];
    let milliseconds = 0;
    const study = studySurfaces({
      dataFolder: folder,
      onProgress: (done) => progress.push(done),
      now: () => (milliseconds += 7),
    });
    const expiries = chains.snapshots.reduce((sum, { exchangeForwards }) => sum + exchangeForwards.length, 0);
    expect(study).to.include({
      snapshots: chains.snapshots.length,
      chains: chains.snapshots.length,
      slices: expiries,
      soundShare: 1,
      medianSnapshotMilliseconds: 7,
    });
    expect(study.medianErrorVolPoints).to.be.within(0.05, 0.5);
    expect(study.tailErrorVolPoints).to.be.within(study.medianErrorVolPoints, 4);
    const counted = Object.values(study.repairs).reduce((sum, count) => sum + count, 0);
    expect(counted).to.equal(study.slicesWithEnoughQuotes);
    expect(progress).to.deep.equal([0, 1]);
  });

  it("refuses a folder without option chains", () => {
    mkdirSync(join(folder, "empty", "deribit"), { recursive: true });
    expect(() =>
      studySurfaces({ dataFolder: join(folder, "empty"), onProgress: () => undefined, now: () => 0 }),
    ).to.throw("no files");
  });
});

describe("arbitrage checks of the study", () => {
  it("find Vogt's butterfly and a longer slice that lies below in one far wing only", () => {
    const { raw } = svi.vogt;
    expect(hasButterflyArbitrage(raw)).to.equal(true);
    const sound = { a: 0.012, b: 0.09, rho: -0.35, m: 0.02, sigma: 0.11 };
    expect(hasButterflyArbitrage(sound)).to.equal(false);
    expect(hasCalendarArbitrage(sound, { ...sound, a: 0.013 })).to.equal(false);
    expect(hasCalendarArbitrage(sound, { ...sound, a: 0.013, rho: -0.356 })).to.equal(true);
  });
});
