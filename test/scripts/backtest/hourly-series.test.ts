import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import {
  DataFolderError,
  readDailyImpliedVol,
  readHourlyBars,
  readHourlyImpliedVol,
} from "../../../scripts/backtest/hourly-series.ts";

const FIRST_HOUR = Date.UTC(2020, 2, 12, 10) / 3_600_000;

describe("readers of a folder of hourly history", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "hourly-series-"));
    for (const name of ["prices", "deribit"]) mkdirSync(join(folder, name));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (name: string, ...lines: readonly string[]) => {
    writeFileSync(join(folder, name), gzipSync(lines.join("\n") + "\n"));
  };
  const writeSpot = (...rows: readonly string[]) => {
    write("prices/btcusdt_binance_spot_1h.csv.gz", "time,open,high,low,close,volume", ...rows);
  };
  const codeOf = (read: () => unknown): string => {
    try {
      read();
    } catch (error) {
      if (error instanceof DataFolderError) return `${error.code} ${error.row}`;
    }
    return "nothing thrown";
  };

  it("puts bars on a grid of hours and leaves missing hours NaN", () => {
    writeSpot("2020-03-12T10:00:00Z,100,110,90,105,1", "2020-03-12T12:00:00Z,104,120,103,119,2");
    const bars = readHourlyBars(folder, "BTC", "spot");
    expect(bars.firstHour).to.equal(FIRST_HOUR);
    expect([...bars.open]).to.deep.equal([100, NaN, 104]);
    expect([...bars.high]).to.deep.equal([110, NaN, 120]);
    expect([...bars.low]).to.deep.equal([90, NaN, 103]);
    expect([...bars.close]).to.deep.equal([105, NaN, 119]);
  });

  it("reads the perpetual from its own file", () => {
    write(
      "prices/ethusdt_binance_perp_1h.csv.gz",
      "time,open,high,low,close,volume",
      "2020-03-12T10:00:00Z,1,2,0.5,1.5,0",
    );
    expect([...readHourlyBars(folder, "ETH", "perp").close]).to.deep.equal([1.5]);
  });

  it("gives the implied-vol index as a fraction, hourly and daily", () => {
    write("deribit/dvol_eth_1h.csv.gz", "time,open,high,low,close", "2020-03-12T10:00:00Z,1,2,3,80");
    write(
      "deribit/dvol_btc_daily.csv.gz",
      "date,open,high,low,close",
      "2020-03-12,1,2,3,50",
      "2020-03-14,1,2,3,60",
    );
    expect(readHourlyImpliedVol(folder, "ETH")).to.deep.equal({
      firstHour: FIRST_HOUR,
      close: Float64Array.of(0.8),
    });
    expect(readDailyImpliedVol(folder, "BTC")).to.deep.equal({
      firstDay: Date.UTC(2020, 2, 12) / 86_400_000,
      close: Float64Array.of(0.5, NaN, 0.6),
    });
  });

  it("names the file that is missing, the row that is wrong and why", () => {
    const read = () => readHourlyBars(folder, "BTC", "spot");
    expect(codeOf(read)).to.equal("file-missing 0");
    const good = "2020-03-12T10:00:00Z,100,110,90,105,1";
    writeSpot();
    expect(codeOf(read)).to.equal("no-rows 0");
    writeSpot(good, "2020-03-12T11:30:00Z,100,110,90,105,1");
    expect(codeOf(read)).to.equal("bad-time 2");
    writeSpot(good, good);
    expect(codeOf(read)).to.equal("bad-time 2");
    writeSpot(good, "2020-03-12T11:00:00Z,100,,90,105,1");
    expect(codeOf(read)).to.equal("bad-row 2");
    writeSpot(good, "2020-03-12T11:00:00Z,100,110,0,105,1");
    expect(codeOf(read)).to.equal("bad-level 2");
    for (const bar of ["100,104,90,105", "100,110,101,105"]) {
      writeSpot(`2020-03-12T10:00:00Z,${bar},1`);
      expect(codeOf(read)).to.equal("bad-level 0");
    }
  });
});
