import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { atLastHours, readHourlyHistory } from "../../../scripts/backtest/forecasts/history.ts";

const MIDNIGHT_HOUR = Date.UTC(2022, 5, 18) / 3_600_000;

describe("history of the forecast study", () => {
  it("knows a daily close from the end of the day's last hour", () => {
    const { firstHour, close } = atLastHours({ firstDay: 10, close: Float64Array.of(0.5, 0.6) });
    expect(firstHour).to.equal(240);
    expect(close).to.have.length(48);
    expect([close[22], close[23], close[24], close[47]]).to.deep.equal([NaN, 0.5, NaN, 0.6]);
  });

  it("joins spot bars with the hourly index and, where that lacks, the daily one", () => {
    const folder = mkdtempSync(join(tmpdir(), "forecast-study-"));
    const write = (name: string, lines: readonly string[]) => {
      writeFileSync(join(folder, name), gzipSync(lines.join("\n") + "\n"));
    };
    for (const name of ["prices", "deribit"]) mkdirSync(join(folder, name));
    const hours = Array.from({ length: 26 }, (_, hour) =>
      new Date((MIDNIGHT_HOUR + hour) * 3_600_000).toISOString().replace(".000", ""),
    );
    write("prices/ethusdt_binance_spot_1h.csv.gz", [
      "time,open,high,low,close,volume",
      ...hours.map((time) => `${time},100,101,99,100,1`),
    ]);
    write("deribit/dvol_eth_daily.csv.gz", ["date,open,high,low,close", "2022-06-18,1,1,1,70"]);
    write("deribit/dvol_eth_1h.csv.gz", ["time,open,high,low,close", `${hours[25] ?? ""},1,1,1,80`]);
    const { firstHour, impliedVol, logReturn } = readHourlyHistory(folder, "ETH");
    rmSync(folder, { recursive: true });
    expect(firstHour).to.equal(MIDNIGHT_HOUR);
    expect([...impliedVol].flatMap((vol, hour) => (Number.isNaN(vol) ? [] : [[hour, vol]]))).to.deep.equal([
      [23, 0.7],
      [25, 0.8],
    ]);
    expect(logReturn[25]).to.equal(0);
  });
});
