import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { DAILY_HISTORY_FILE } from "../../../keeper/adapters/replay/daily-history.ts";
import { loadHours } from "../../../keeper/adapters/replay/hourly-history.ts";
import { keeperFile, writeKeeperFile } from "../../support/keeper-file.ts";
import { serveRecords, type RecordServers } from "../../support/record-servers.ts";
import { runBallast } from "../../support/run-ballast.ts";
import { barOf, HOUR } from "../../support/venue-hours.ts";
import { DATA_FOLDER } from "../adapters/replay/support.ts";

const DAY = 24 * HOUR;
/** More than a loaded machine needs for 800 days of hours. */
const LONG_MS = 120_000;

interface Status {
  readonly days: number;
  readonly isLate: boolean;
  readonly digest: string;
  readonly lastDaySeconds: number;
}

describe("ballast history", function () {
  this.timeout(LONG_MS);
  let folder: string;
  let servers: RecordServers;
  const now = Math.floor(Date.now() / 1_000);
  const lastMidnight = Math.floor(now / DAY) * DAY;
  const firstDay = lastMidnight - 5 * DAY;
  const run = (...args: readonly string[]) =>
    runBallast(join(folder, "none.json"), [...args, "--config", join(folder, "keeper.json")]);
  const status = async () => {
    const { out, code } = await run("history", "status", "--json");
    return { code, value: JSON.parse(out) as Status };
  };
  const configure = (changes: object = {}) =>
    writeKeeperFile(
      folder,
      keeperFile({
        marketData: {
          kind: "venues",
          venues: ["binance", "deribit"],
          quorum: 2,
          timeoutMs: 30_000,
          origins: servers.origins,
          dataFolder: "data",
          ...changes,
        },
      }),
    );

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "ballast-"));
    servers = await serveRecords();
    configure();
    const file = join(folder, "data", DAILY_HISTORY_FILE);
    mkdirSync(dirname(file), { recursive: true });
    const [header = ""] = readFileSync(join(DATA_FOLDER, DAILY_HISTORY_FILE), "utf8").split("\n");
    const closes = (["BTC", "ETH"] as const).map((market) => barOf(market, firstDay).closeUsd);
    const record = [firstDay, 0, Math.round(closes[0]! * 10), Math.round(closes[1]! * 100), 4_500, 6_000];
    writeFileSync(file, `${header}\n${JSON.stringify(record)}\n`);
  });
  afterEach(async () => {
    await servers.close();
    rmSync(folder, { recursive: true });
  });

  it("adds the missing days and hours, says what it added, and adds nothing a second time", async () => {
    const before = await status();
    expect(before).to.deep.include({ code: 1 });
    expect(before.value).to.include({ days: 1, isLate: true });
    const first = await run("history", "update", "--json");
    expect(first.code, first.err).to.equal(0);
    const added = JSON.parse(first.out) as { hours: number; days: number; lastHourSeconds: number };
    expect(added.days).to.be.oneOf([4, 5]);
    expect(added.hours).to.be.at.least(800 * 24);
    const hours = loadHours(join(folder, "data"));
    expect(hours.at(-1)?.endSeconds).to.equal(added.lastHourSeconds);
    const after = await status();
    expect(after.code).to.equal(0);
    expect(after.value).to.include({ days: 1 + added.days, isLate: false });
    expect(after.value.digest).not.to.equal(before.value.digest);
    const again = await run("history", "update");
    expect(again.out).to.match(/^[01] hours and [01] days added/);
  });

  it("says what is wrong and what to do when the venues show another day", async () => {
    const file = join(folder, "data", DAILY_HISTORY_FILE);
    writeFileSync(file, readFileSync(file, "utf8").replace(`[${firstDay},0,`, `[${firstDay},0,1`));
    const { code, err } = await run("history", "update");
    expect(code).to.equal(1);
    expect(err).to.include("on file and").and.include("take the file that the others have");
    expect(loadHours(join(folder, "data"))).to.deep.equal([]);
  });

  it("names the venue that does not answer, and a configuration without venues", async () => {
    configure({ origins: { ...servers.origins, binance: "http://127.0.0.1:1" } });
    const { code, err } = await run("history", "update");
    expect(code).to.equal(1);
    expect(err).to.include("binance").and.include("marketData.origins");
    writeKeeperFile(folder, keeperFile());
    const replay = await run("history", "update");
    expect(replay.err).to.include("replays recorded days");
  });

  it("teaches how it is used", async () => {
    const { out } = await runBallast("none.json", ["history", "update", "--help"]);
    expect(out).to.include("history update --json").and.include("more than 36 hours");
  });
});
