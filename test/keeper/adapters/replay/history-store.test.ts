import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DAILY_HISTORY_FILE, loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import { createHistoryStore } from "../../../../keeper/adapters/replay/history-store.ts";
import {
  followHourlyHistory,
  HOURLY_HISTORY_FILE,
  hourlyHistories,
  loadHours,
} from "../../../../keeper/adapters/replay/hourly-history.ts";
import { ReplayFileError } from "../../../../keeper/adapters/replay/replay-file-error.ts";
import type { DailyObservation } from "../../../../keeper/ports/market-data.ts";
import { HOUR, jointHourOf } from "../../../support/venue-hours.ts";
import { DATA_FOLDER } from "./support.ts";

const END = Date.UTC(2026, 5, 10) / 1_000;
const hours = [1, 2, 3].map((hour) => jointHourOf(END + hour * HOUR));
const day = (observedAtSeconds: number): DailyObservation => ({
  observedAtSeconds,
  priceSource: "exchange-close",
  markets: {
    BTC: { closeUsd: 67_123.45, impliedVol: { vol: 0.4571, source: "thirty-day-index" } },
    ETH: { closeUsd: 2_034.56, impliedVol: null },
  },
});

describe("the files of the history", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-history-"));
    cpSync(join(DATA_FOLDER, "history"), join(folder, "history"), { recursive: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const text = (name: string) => readFileSync(join(folder, name), "utf8");

  it("keep every bit of an hour, and begin with what they are and where from", () => {
    const store = createHistoryStore(folder);
    expect(store.read()).to.include({ firstHourSeconds: null, lastHour: null });
    store.append(hours, []);
    expect(loadHours(folder)).to.deep.equal(hours);
    expect(store.read().lastHour).to.deep.equal(hours[2]);
    expect(store.read().firstHourSeconds).to.equal(END + HOUR);
    expect(store.hoursAfter(END + HOUR)).to.deep.equal(hours.slice(1));
    const [header = ""] = text(HOURLY_HISTORY_FILE).split("\n");
    expect(header).to.include("Binance spot").and.include("DVOL");
  });

  it("keep a day in the steps of the daily file, after its last day", () => {
    const before = text(DAILY_HISTORY_FILE);
    createHistoryStore(folder).append([], [day(END)]);
    expect(text(DAILY_HISTORY_FILE)).to.equal(`${before}[${END},0,671235,203456,4571,0]\n`);
    const last = loadDailyHistory(folder).days.at(-1);
    expect(last?.markets.BTC).to.deep.equal({
      closeUsd: 67_123.5,
      impliedVol: { vol: 0.4571, source: "thirty-day-index" },
    });
    expect(last?.priceSource).to.equal("exchange-close");
  });

  it("take nothing twice, though another process added it meanwhile, and leave nothing else behind", () => {
    const [one, other] = [createHistoryStore(folder), createHistoryStore(folder)];
    one.append(hours.slice(0, 2), [day(END)]);
    const [daily, hourly] = [text(DAILY_HISTORY_FILE), text(HOURLY_HISTORY_FILE)];
    other.append(hours.slice(0, 2), [day(END)]);
    expect([text(DAILY_HISTORY_FILE), text(HOURLY_HISTORY_FILE)]).to.deep.equal([daily, hourly]);
    other.append(hours, []);
    expect(loadHours(folder)).to.deep.equal(hours);
    expect(readdirSync(join(folder, "history")).filter((name) => name.endsWith(".new"))).to.deep.equal([]);
  });

  it("go on after a last line that does not end", () => {
    writeFileSync(join(folder, DAILY_HISTORY_FILE), text(DAILY_HISTORY_FILE).trimEnd());
    createHistoryStore(folder).append([], [day(END)]);
    expect(loadDailyHistory(folder).days.at(-1)?.observedAtSeconds).to.equal(END);
  });

  it("leave the old file whole when the new one cannot be written", () => {
    const store = createHistoryStore(folder);
    store.append(hours.slice(0, 1), []);
    const before = text(HOURLY_HISTORY_FILE);
    // The place of the new file is taken by a folder.
    mkdirSync(join(folder, `${HOURLY_HISTORY_FILE}.${process.pid}.new`, "taken"), { recursive: true });
    expect(() => {
      store.append(hours, []);
    }).to.throw();
    expect(text(HOURLY_HISTORY_FILE)).to.equal(before);
  });

  it("are refused when hours do not rise, do not end on the hour or are cut off", () => {
    createHistoryStore(folder).append(hours, []);
    const lines = text(HOURLY_HISTORY_FILE).trimEnd().split("\n");
    const wrong: readonly (readonly [string, string])[] = [
      ["out-of-order", [lines[0], lines[2], lines[1]].join("\n")],
      ["wrong-shape", [lines[0], lines[1]?.replace("00,", "01,")].join("\n")],
      ["not-json", `${lines[0] ?? ""}\n${(lines[1] ?? "").slice(0, 20)}`],
      ["wrong-shape", [lines[1], lines[2]].join("\n")],
    ];
    for (const [code, content] of wrong) {
      writeFileSync(join(folder, HOURLY_HISTORY_FILE), content);
      expect(() => loadHours(folder), code).to.throw(ReplayFileError, code);
    }
  });

  it("become series of each market, with gaps where hours are missing", () => {
    expect(hourlyHistories([])).to.equal(null);
    const series = hourlyHistories([hours[0]!, hours[2]!])?.BTC;
    expect(series?.firstHour).to.equal(END / HOUR);
    expect(Array.from(series?.close ?? [])).to.deep.equal([
      hours[0]?.markets.BTC.closeUsd,
      NaN,
      hours[2]?.markets.BTC.closeUsd,
    ]);
    expect(Array.from(series?.impliedVol ?? [])).to.deep.equal([
      hours[0]?.markets.BTC.impliedVol,
      NaN,
      hours[2]?.markets.BTC.impliedVol,
    ]);
    const range = Math.log(hours[0]!.markets.BTC.highUsd / hours[0]!.markets.BTC.lowUsd);
    expect(series?.rangeVariance[0]).to.be.closeTo((range * range) / (4 * Math.LN2), 1e-15);
  });

  it("are read again when they change, and begin to be when there was none", () => {
    const failures: unknown[] = [];
    const follow = followHourlyHistory(folder, (error) => failures.push(error));
    expect(follow()).to.equal(null);
    const store = createHistoryStore(folder);
    store.append(hours.slice(0, 2), []);
    const known = follow();
    expect(known?.ETH.close).to.have.length(2);
    expect(follow()).to.equal(known);
    store.append(hours, []);
    expect(follow()?.ETH.close).to.have.length(3);
    writeFileSync(join(folder, HOURLY_HISTORY_FILE), "{");
    expect(follow()?.ETH.close).to.have.length(3);
    expect(failures).to.have.length(1);
  });
});
