import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { createHistoryStore } from "../../../keeper/adapters/replay/history-store.ts";
import { openMarketData, type OpenMarketData } from "../../../keeper/cli/keeper/open-market-data.ts";
import { ConfigError } from "../../../keeper/config.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { serveRecords, type RecordServers } from "../../support/record-servers.ts";
import { HOUR, jointHourOf } from "../../support/venue-hours.ts";
import { DATA_FOLDER } from "../adapters/replay/support.ts";
import { until } from "../adapters/venues/support.ts";

/** No port of this machine answers there. */
const NOWHERE = "http://127.0.0.1:1";
/** On the hour, after the last day of the project's history. */
const END = Date.UTC(2026, 1, 12) / 1_000;
const DAY = 24 * HOUR;
const NOW = END + 2 * HOUR + 600;

describe("market data of live venues", () => {
  let folder: string;
  let open: OpenMarketData | null = null;
  let servers: RecordServers | null = null;
  let now: number;
  const provider = new JsonRpcProvider(NOWHERE, 1, { staticNetwork: true });
  const telemetry = recordingTelemetry();
  const choice = (changes: object = {}) => ({
    kind: "venues" as const,
    venues: ["binance", "kraken"] as ("binance" | "kraken")[],
    quorum: 2,
    timeoutMs: 10_000,
    maxAgeSeconds: {},
    origins: { binance: NOWHERE, kraken: NOWHERE },
    feeds: {},
    dataFolder: folder,
    keepHistory: true,
    ...changes,
  });
  const opened = async (changes: object = {}): Promise<OpenMarketData> => {
    open = await openMarketData(
      { marketData: choice(changes) },
      { clock: { nowSeconds: () => now }, provider, telemetry },
    );
    return open;
  };

  beforeEach(() => {
    now = NOW;
    folder = mkdtempSync(join(tmpdir(), "ballast-live-"));
    cpSync(join(DATA_FOLDER, "history"), join(folder, "history"), { recursive: true });
  });
  afterEach(async () => {
    open?.close();
    open = null;
    await servers?.close();
    servers = null;
    rmSync(folder, { recursive: true });
  });
  after(() => {
    provider.destroy();
  });

  it("show days and hours as they are added, and no sooner than they have ended", async () => {
    const { marketData } = await opened();
    const before = (await marketData.history()).days.length;
    expect(await marketData.hours("BTC")).to.equal(null);
    const closes = {
      BTC: { closeUsd: 70_000, impliedVol: null },
      ETH: { closeUsd: 2_000, impliedVol: null },
    };
    const hours = [0, 1, 2, 3].map((hour) => jointHourOf(END + hour * HOUR));
    createHistoryStore(folder).append(hours, [
      { observedAtSeconds: END, priceSource: "exchange-close", markets: closes },
    ]);
    expect((await marketData.history()).days).to.have.length(before + 1);
    expect(marketData.lastDaySeconds()).to.equal(END);
    expect((await marketData.hours("ETH"))?.close).to.have.length(3);
    now = END;
    expect((await marketData.hours("ETH"))?.close).to.have.length(1);
    now = END - 2 * HOUR;
    expect(await marketData.hours("ETH")).to.equal(null);
    expect((await marketData.history()).days).to.have.length(before);
  });

  it("continue their history by themselves, from the venues that are named", async () => {
    servers = await serveRecords();
    const stop = new AbortController();
    // The made-up hours begin after the recorded days, so that these are not compared.
    createHistoryStore(folder).append([jointHourOf(END - 2 * DAY)], []);
    const { keepHistory, marketData } = await opened({ origins: servers.origins });
    const done = keepHistory(stop.signal);
    await until(() => telemetry.lines.some(({ event }) => event === "history-continued"));
    stop.abort();
    await done;
    expect((await marketData.hours("BTC"))?.close).to.have.length(51);
    expect((await marketData.history()).days.at(-1)?.observedAtSeconds).to.equal(END);
  });

  it("leave it to another process when they are told to", async () => {
    const { keepHistory } = await opened({ keepHistory: false });
    await keepHistory(new AbortController().signal);
  });

  it("refuse venues named twice and a quorum that they cannot make", async () => {
    for (const [changes, text] of [
      [{ venues: ["kraken", "kraken"] }, "names a venue twice"],
      [{ quorum: 3 }, "quorum is 3 and there are 2 venues"],
    ] as const) {
      const error: unknown = await opened(changes).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(ConfigError);
      expect(String(error)).to.include(text);
    }
  });
});
