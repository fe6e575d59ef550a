import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { loadDailyHistory } from "../../../../keeper/adapters/replay/daily-history.ts";
import { loadEpisode } from "../../../../keeper/adapters/replay/episodes.ts";
import { openReplay } from "../../../../keeper/adapters/replay/replay.ts";
import { replaySource } from "../../../../keeper/adapters/replay/replay-source.ts";
import {
  DEFAULT_MAX_AGE_SECONDS,
  openVenues,
  type OpenVenues,
} from "../../../../keeper/adapters/venues/open-venues.ts";
import { VENUES } from "../../../../keeper/ports/market-source.ts";
import { createMarketSources } from "../../../../keeper/services/market-sources.ts";
import { sendJson, serveVenueHttp } from "../../../support/venue-servers.ts";
import bybit from "../../../vectors/venues/bybit.json" with { type: "json" };
import { DATA_FOLDER } from "../replay/support.ts";

const TIMEOUT_MS = 500;
const NOW = bybit.observedAtSeconds;
const SPOT = bybit.tickers.result.list[0]?.indexPrice ?? "";
const telemetry = { info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { nowSeconds: () => NOW };
/** No port of this machine answers there. */
const NOWHERE = "http://127.0.0.1:1";

describe("all venues", () => {
  it("opens every venue by name", async () => {
    const provider = new JsonRpcProvider(NOWHERE, 1, { staticNetwork: true });
    const opened = await openVenues({
      venues: VENUES,
      timeoutMs: TIMEOUT_MS,
      origins: Object.fromEntries(
        VENUES.map((name) => [name, NOWHERE.replace("http", name === "deribit" ? "ws" : "http")]),
      ),
      chainlink: { provider, feeds: {} },
      clock,
      telemetry,
    });
    expect(opened.sources.map(({ name }) => name)).to.deep.equal(VENUES);
    opened.close();
    provider.destroy();
  });

  it("refuses Chainlink without feeds and closes what it had opened", async () => {
    let opened: OpenVenues | null = null;
    let failure: unknown = null;
    try {
      opened = await openVenues({
        venues: ["deribit", "chainlink"],
        timeoutMs: TIMEOUT_MS,
        origins: { deribit: "ws://127.0.0.1:1" },
        clock,
        telemetry,
      });
    } catch (error) {
      failure = error;
    }
    expect(opened).to.equal(null);
    expect(failure).to.be.instanceOf(RangeError);
  });

  it("joins live venues and a recording into one snapshot with quotes, dispersion and depth", async () => {
    const server = await serveVenueHttp((path, response) => {
      if (path.includes("tickers")) sendJson(response, bybit.tickers);
      else sendJson(response, { error: [], result: { XXBTZUSD: { a: [SPOT], b: [SPOT], c: [SPOT] } } });
    });
    const venues = await openVenues({
      venues: ["bybit", "kraken"],
      timeoutMs: TIMEOUT_MS,
      origins: { bybit: server.origin, kraken: server.origin },
      clock,
      telemetry,
    });
    const replay = openReplay(loadEpisode(DATA_FOLDER, "2026-02"), loadDailyHistory(DATA_FOLDER));
    const recording = replaySource(replay, clock);
    const known = await recording.latest("BTC");
    const data = createMarketSources({
      rules: [
        ...venues.sources.map((source) => ({ source, maxAgeSeconds: DEFAULT_MAX_AGE_SECONDS.bybit })),
        { source: recording, maxAgeSeconds: NOW - known.observedAtSeconds },
      ],
      quorum: 3,
      deadlineSeconds: 2,
      dailyVol: () => 0.1,
      clock,
      telemetry,
      records: replay.at(NOW),
    });
    const snapshot = await data.latest("BTC");
    expect(snapshot.spotUsd).to.be.within(
      Math.min(known.spotUsd, Number(SPOT)),
      Math.max(known.spotUsd, Number(SPOT)),
    );
    expect(snapshot.dispersion).to.be.closeTo(Math.abs(known.spotUsd / snapshot.spotUsd - 1), 1e-12);
    expect(snapshot.expiries[0]?.quotes).to.have.length(bybit.tickers.result.list.length);
    expect(snapshot.depthUsd).to.be.greaterThan(0);
    expect((await data.history()).days.length).to.be.greaterThan(0);
    venues.close();
    await server.close();
  });
});
