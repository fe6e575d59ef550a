import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";

import {
  DAILY_HISTORY_FILE,
  followDailyHistory,
  loadDailyHistory,
} from "../../../../keeper/adapters/replay/daily-history.ts";
import { ReplayFileError } from "../../../../keeper/adapters/replay/replay-file-error.ts";
import { MARKETS } from "../../../../keeper/ports/market-data.ts";
import type { DailyObservation, PriceSource } from "../../../../keeper/ports/market-data.ts";
import { DATA_FOLDER } from "./support.ts";

const DAY_SECONDS = 86_400;
const LARGEST_FILE_BYTES = 150_000;
const EXCHANGE_DAYS = 2_799;
const SNAPSHOT_DAYS = 41;
const DAYS_BEFORE_DVOL = 1_177;

const seconds = (iso: string): number => Date.parse(iso) / 1000;

describe("the daily history", () => {
  const { days } = loadDailyHistory(DATA_FOLDER);
  const ofSource = (source: PriceSource): readonly DailyObservation[] =>
    days.filter((day) => day.priceSource === source);

  it("stays small", () => {
    expect(statSync(join(DATA_FOLDER, DAILY_HISTORY_FILE)).size).to.be.below(LARGEST_FILE_BYTES);
  });

  it("closes every day from 2018 to August 2025 but 2018-02-08 on the exchange", () => {
    const exchange = ofSource("exchange-close").map((day) => day.observedAtSeconds);
    expect(exchange).to.have.length(EXCHANGE_DAYS);
    expect(exchange[0]).to.equal(seconds("2018-01-02T00:00:00Z"));
    expect(exchange.at(-1)).to.equal(seconds("2025-09-01T00:00:00Z"));
    expect(exchange).not.to.include(seconds("2018-02-09T00:00:00Z"));
    expect(exchange.every((time) => time % DAY_SECONDS === 0)).to.equal(true);
  });

  it("leaves September to December 2025 a gap and then takes one index value a day", () => {
    const index = ofSource("index-snapshot").map((day) => day.observedAtSeconds);
    expect(index).to.have.length(SNAPSHOT_DAYS);
    expect(index[0]).to.equal(seconds("2025-12-31T09:18:28Z"));
    expect(index.at(-1)).to.equal(seconds("2026-02-09T09:55:17Z"));
    index.slice(1).forEach((time, at) => {
      expect(time - (index[at] ?? Number.NaN)).to.be.within(0.98 * DAY_SECONDS, 1.03 * DAY_SECONDS);
    });
    expect(days.map((day) => day.observedAtSeconds)).to.deep.equal(
      days.map((day) => day.observedAtSeconds).sort((a, b) => a - b),
    );
  });

  it("has both prices on each day, within sane bounds, with the crash days in", () => {
    for (const day of days) {
      expect(day.markets.BTC.closeUsd).to.be.within(3_000, 130_000);
      expect(day.markets.ETH.closeUsd).to.be.within(80, 5_000);
    }
    const blackThursday = days.find((day) => day.observedAtSeconds === seconds("2020-03-13T00:00:00Z"));
    expect(blackThursday?.markets.BTC.closeUsd).to.equal(4_800);
    expect(blackThursday?.markets.ETH.closeUsd).to.equal(107.82);
  });

  it("names the source of every implied volatility and has none before the index began", () => {
    const exchange = ofSource("exchange-close");
    for (const market of MARKETS) {
      const vols = exchange.map((day) => day.markets[market].impliedVol);
      expect(vols.slice(0, DAYS_BEFORE_DVOL).every((vol) => vol === null)).to.equal(true);
      expect(exchange[DAYS_BEFORE_DVOL]?.observedAtSeconds).to.equal(seconds("2021-03-25T00:00:00Z"));
      expect(vols.slice(DAYS_BEFORE_DVOL).every((vol) => vol?.source === "thirty-day-index")).to.equal(true);
      for (const day of ofSource("index-snapshot")) {
        expect(day.markets[market].impliedVol?.source).to.equal("thirty-day-at-the-money");
      }
      for (const day of days) {
        const vol = day.markets[market].impliedVol;
        if (vol !== null) expect(vol.vol).to.be.within(0.25, 2.1);
      }
    }
    expect(exchange[DAYS_BEFORE_DVOL]?.markets.BTC.impliedVol?.vol).to.equal(0.9504);
    expect(exchange[DAYS_BEFORE_DVOL]?.markets.ETH.impliedVol?.vol).to.equal(1.0673);
  });
});

describe("a daily history that is kept current", () => {
  const [header = "", ...records] = readFileSync(join(DATA_FOLDER, DAILY_HISTORY_FILE), "utf8")
    .trimEnd()
    .split("\n");
  let folder = "";
  const file = () => join(folder, DAILY_HISTORY_FILE);
  /** Writes the first days of the record, or other text, in place of what was there. */
  const replaceBy = (content: number | string) => {
    const text = typeof content === "string" ? content : [header, ...records.slice(0, content)].join("\n");
    writeFileSync(`${file()}.new`, text);
    renameSync(`${file()}.new`, file());
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ballast-history-"));
    mkdirSync(dirname(file()));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is read again when its file is replaced, and not otherwise", () => {
    replaceBy(2);
    const failures: unknown[] = [];
    const history = followDailyHistory(folder, (error) => failures.push(error));
    const before = history();
    expect(before.days).to.have.length(2);
    expect(history()).to.equal(before);
    replaceBy(3);
    expect(history().days).to.have.length(3);
    expect(failures).to.deep.equal([]);
  });

  it("keeps the days it knew while its file cannot be read, and says so once for each file", () => {
    replaceBy(2);
    const failures: unknown[] = [];
    const history = followDailyHistory(folder, (error) => failures.push(error));
    replaceBy("half a li");
    for (let turn = 0; turn < 3; turn++) expect(history().days).to.have.length(2);
    rmSync(file());
    for (let turn = 0; turn < 3; turn++) expect(history().days).to.have.length(2);
    expect(failures.map((error) => error instanceof ReplayFileError && error.code)).to.deep.equal([
      "not-json",
      "unreadable",
    ]);
    replaceBy(3);
    expect(history().days).to.have.length(3);
  });

  it("refuses to begin without a file", () => {
    expect(() => followDailyHistory(folder, () => undefined)).to.throw(ReplayFileError, "cannot be opened");
  });
});
