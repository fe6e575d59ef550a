import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { systemTimer } from "../../../../keeper/adapters/system/timer.ts";
import {
  DEFAULT_MAX_AGE_SECONDS,
  openVenues,
  type OpenVenues,
} from "../../../../keeper/adapters/venues/open-venues.ts";
import { VENUES } from "../../../../keeper/ports/market-source.ts";
import { createMarketSources } from "../../../../keeper/services/market-sources.ts";
import { sendJson, serveVenueHttp } from "../../../support/venue-servers.ts";
import bybit from "../../../vectors/venues/bybit.json" with { type: "json" };

/** Far more than a loaded machine needs for an answer. */
const TIMEOUT_MS = 10_000;
const NOW = bybit.observedAtSeconds;
const SPOT = bybit.tickers.result.list[0]?.indexPrice ?? "";
const ASK = (Number(SPOT) * 1.002).toFixed(2);
const telemetry = { info: () => undefined, warn: () => undefined, error: () => undefined };
const clock = { nowSeconds: () => NOW };
/** No port of this machine answers there. */
const NOWHERE = "http://127.0.0.1:1";

describe("all venues", () => {
  it("have limits of age that documents may name", () => {
    expect(DEFAULT_MAX_AGE_SECONDS).to.deep.equal({
      deribit: 15,
      okx: 30,
      bybit: 30,
      binance: 30,
      coinbase: 30,
      kraken: 30,
      chainlink: 3_720,
    });
  });

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

  it("joins live venues into one snapshot with quotes, dispersion and depth", async () => {
    const server = await serveVenueHttp((path, response) => {
      if (path.includes("tickers")) sendJson(response, bybit.tickers);
      else {
        const book = { bids: [[SPOT, "1", NOW]], asks: [[ASK, "1", NOW]] };
        sendJson(response, { error: [], result: { XXBTZUSD: book, XETHZUSD: book } });
      }
    });
    const venues = await openVenues({
      venues: ["bybit", "kraken"],
      timeoutMs: TIMEOUT_MS,
      origins: { bybit: server.origin, kraken: server.origin },
      clock,
      telemetry,
    });
    const polling = new AbortController();
    const data = createMarketSources(
      {
        rules: venues.sources.map((source) => ({ source, maxAgeSeconds: DEFAULT_MAX_AGE_SECONDS.bybit })),
        quorum: 2,
        pollSeconds: 2,
        deadlineSeconds: 20,
        dailyVol: () => 0.1,
        clock,
        timer: systemTimer,
        telemetry,
        records: {
          lastDaySeconds: () => null,
          history: () => Promise.resolve({ days: [] }),
          hours: () => Promise.resolve(null),
        },
      },
      polling.signal,
    );
    const snapshot = await data.latest("BTC");
    const kraken = (Number(SPOT) + Number(ASK)) / 2;
    expect(snapshot.spotUsd).to.be.closeTo((Number(SPOT) + kraken) / 2, 1e-9);
    expect(snapshot.dispersion).to.be.closeTo(Math.abs(kraken / snapshot.spotUsd - 1), 1e-12);
    expect(snapshot.expiries[0]?.quotes).to.have.length(bybit.tickers.result.list.length);
    expect(snapshot.depthUsd).to.be.greaterThan(0);
    polling.abort();
    venues.close();
    await server.close();
  });
});
