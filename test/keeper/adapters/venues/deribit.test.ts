import { expect } from "chai";
import type { WebSocket } from "ws";
import { openDeribit, type DeribitSource } from "../../../../keeper/adapters/venues/deribit/deribit.ts";
import { serveVenueSocket, type RpcRequest, type RpcVenue } from "../../../support/venue-servers.ts";
import recorded from "../../../vectors/venues/deribit.json" with { type: "json" };
import { until, venueErrorOf } from "./support.ts";

const NOW = recorded.observedAtSeconds;
const MICROSECONDS = 1e6;
const TIMEOUT_MS = 150;
const MIN_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 40;
/** Shorter than the venue allows, so that silence is noticed within a test. */
const HEARTBEAT_SECONDS = 0.1;

const RESULTS: Readonly<Record<string, unknown>> = {
  "public/get_index_price": recorded.indexPrice,
  "public/ticker": recorded.ticker,
  "public/get_book_summary_by_currency": recorded.bookSummaries,
  "public/set_heartbeat": "ok",
  "public/subscribe": [],
  "public/test": { version: "1.2.26" },
};

type Reply = (request: RpcRequest, connection: WebSocket) => void;

const reply = ({ id }: RpcRequest, connection: WebSocket, result: unknown): void => {
  connection.send(JSON.stringify({ jsonrpc: "2.0", id, result, usOut: NOW * MICROSECONDS, testnet: false }));
};
const honest: Reply = (request, connection) => {
  reply(request, connection, RESULTS[request.method]);
};
/** Honest but for one method. */
const except =
  (method: string, other: Reply): Reply =>
  (request, connection) => {
    (request.method === method ? other : honest)(request, connection);
  };

describe("Deribit", () => {
  let venue: RpcVenue;
  let source: DeribitSource;
  let warnings: string[];

  const open = async (answer: Reply, heartbeatSeconds = 10): Promise<void> => {
    warnings = [];
    venue = await serveVenueSocket(answer);
    source = openDeribit({
      url: venue.url,
      requestTimeoutMs: TIMEOUT_MS,
      heartbeatSeconds,
      minBackoffMs: MIN_BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      clock: { nowSeconds: () => NOW },
      telemetry: {
        info: () => undefined,
        error: () => undefined,
        warn: (event) => {
          warnings.push(event);
        },
      },
    });
  };
  const sent = (method: string) => venue.requests.filter((request) => request.method === method);

  afterEach(async () => {
    source.close();
    await venue.close();
  });

  it("turns recorded summaries into a snapshot with premiums in USD", async () => {
    await open(honest);
    const snapshot = await source.latest("BTC");
    expect(snapshot.spotUsd).to.equal(recorded.indexPrice.index_price);
    expect(snapshot.observedAtSeconds).to.equal(NOW);
    expect(snapshot.depthUsd).to.equal(125_000 + 84_310);
    expect(snapshot.expiries.map(({ expirySeconds }) => expirySeconds)).to.deep.equal([
      Date.UTC(2026, 1, 13, 8) / 1000,
      Date.UTC(2026, 2, 27, 8) / 1000,
    ]);
    const shown = snapshot.expiries.flatMap(({ quotes }) => quotes);
    expect(shown).to.have.length(recorded.bookSummaries.length);
    for (const { instrument_name: name, ...summary } of recorded.bookSummaries) {
      const [, day, strike, kind] = name.split("-");
      const expiry = snapshot.expiries[day === "13FEB26" ? 0 : 1];
      expect(expiry?.forwardUsd).to.equal(
        summary.underlying_index === "index_price" ? null : summary.underlying_price,
      );
      const quote = expiry?.quotes.find(
        (row) => row.strikeUsd === Number(strike) && row.kind === (kind === "C" ? "call" : "put"),
      );
      const usd = (coin: number | null) => (coin === null ? null : coin * snapshot.spotUsd);
      expect(quote?.bidUsd).to.equal(usd(summary.bid_price));
      expect(quote?.askUsd).to.equal(usd(summary.ask_price));
      expect(quote?.venueVol).to.be.closeTo(summary.mark_iv / 100, 1e-12);
      expect(quote?.openInterest).to.equal(summary.open_interest);
    }
    const [request] = sent("public/get_book_summary_by_currency");
    expect(request?.params).to.deep.equal({ currency: "BTC", kind: "option" });
  });

  it("subscribes, and then asks for no index price while notifications are fresh", async () => {
    await open(honest);
    await until(() => sent("public/subscribe").length === 1);
    expect(sent("public/subscribe")[0]?.params).to.deep.equal({
      channels: [
        "deribit_price_index.btc_usd",
        "ticker.BTC-PERPETUAL.100ms",
        "deribit_price_index.eth_usd",
        "ticker.ETH-PERPETUAL.100ms",
      ],
    });
    const moved = structuredClone(recorded.indexNotification);
    moved.params.data.price += 10;
    venue.broadcast(JSON.stringify(moved));
    venue.broadcast(
      JSON.stringify({
        method: "subscription",
        params: { channel: "ticker.BTC-PERPETUAL.100ms", data: recorded.ticker },
      }),
    );
    await until(() => sent("public/set_heartbeat").length === 1);
    await new Promise((resolve) => setTimeout(resolve, MAX_BACKOFF_MS));
    const snapshot = await source.latest("BTC");
    expect(snapshot.spotUsd).to.equal(moved.params.data.price);
    expect(sent("public/get_index_price")).to.have.length(0);
    expect(sent("public/ticker")).to.have.length(0);
  });

  it("asks again when the notified index is stale", async () => {
    await open(honest);
    await until(() => sent("public/subscribe").length === 1);
    const old = structuredClone(recorded.indexNotification);
    old.params.data.timestamp -= 6_000;
    venue.broadcast(JSON.stringify(old));
    await new Promise((resolve) => setTimeout(resolve, MAX_BACKOFF_MS));
    await source.latest("BTC");
    expect(sent("public/get_index_price")).to.have.length(1);
  });

  it("dates a snapshot by its oldest part", async () => {
    const old = recorded.bookSummaries.map((row) => ({
      ...row,
      creation_timestamp: row.creation_timestamp - 90_000,
    }));
    await open(
      except("public/get_book_summary_by_currency", (request, connection) => {
        reply(request, connection, old);
      }),
    );
    expect((await source.latest("BTC")).observedAtSeconds).to.equal(NOW - 90);
  });

  it("answers a test request", async () => {
    await open(honest);
    await until(() => sent("public/set_heartbeat").length === 1);
    venue.broadcast(JSON.stringify(recorded.heartbeat));
    venue.broadcast(JSON.stringify(recorded.testRequest));
    await until(() => sent("public/test").length === 1);
  });

  it("reconnects after a cut, subscribes again and fails what was under way", async () => {
    let mute = true;
    await open(
      except("public/get_book_summary_by_currency", (request, connection) => {
        if (!mute) honest(request, connection);
      }),
    );
    const waiting = venueErrorOf(source.latest("BTC"));
    await until(() => sent("public/get_book_summary_by_currency").length === 1);
    venue.cut();
    expect((await waiting).code).to.equal("disconnected");
    mute = false;
    expect((await source.latest("BTC")).market).to.equal("BTC");
    expect(venue.connections()).to.equal(2);
    expect(sent("public/subscribe")).to.have.length(2);
  });

  it("reconnects when the venue falls silent", async () => {
    await open(() => undefined, HEARTBEAT_SECONDS);
    await until(() => venue.connections() >= 2);
  });

  it("says disconnected while the venue is down and comes back by itself", async () => {
    await open(honest);
    await source.latest("BTC");
    const port = Number(new URL(venue.url).port);
    await venue.close();
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("disconnected");
    venue = await serveVenueSocket(honest, port);
    await until(() => venue.connections() === 1);
    expect((await source.latest("BTC")).spotUsd).to.equal(recorded.indexPrice.index_price);
  });

  it("survives garbage between answers", async () => {
    await open((request, connection) => {
      for (const text of ["", "{", "null", "[]", '{"id":"x"}', '{"method":"subscription","params":{}}'])
        connection.send(text);
      connection.send(Buffer.from([0, 255, 1]));
      honest(request, connection);
    });
    expect((await source.latest("BTC")).market).to.equal("BTC");
    expect(warnings).to.include("venue-garbage");
  });

  it("refuses notifications of another form or channel", async () => {
    await open(honest);
    await until(() => sent("public/subscribe").length === 1);
    const wrong = structuredClone(recorded.indexNotification);
    wrong.params.channel = "deribit_price_index.eth_usd";
    venue.broadcast(JSON.stringify(wrong));
    await until(() => warnings.includes("venue-garbage"));
    await source.latest("BTC");
    expect(sent("public/get_index_price")).to.have.length(1);
  });

  it("times out when the venue is slow or answers another id", async () => {
    await open(
      except("public/get_index_price", (request, connection) => {
        reply({ ...request, id: request.id + 1_000 }, connection, recorded.indexPrice);
      }),
    );
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("timeout");
    expect(warnings).to.include("venue-unknown-id");
  });

  for (const [name, error, code] of [
    ["the venue's limit", recorded.tooManyRequests, "rate-limited"],
    ["a refused request", recorded.invalidParams, "refused"],
  ] as const)
    it(`names ${name}`, async () => {
      await open(
        except("public/get_book_summary_by_currency", ({ id }, connection) => {
          connection.send(JSON.stringify({ jsonrpc: "2.0", id, error }));
        }),
      );
      const refused = await venueErrorOf(source.latest("BTC"));
      expect(refused.code).to.equal(code);
      expect(refused.message).to.contain(error.message);
    });

  it("names an answer of another form", async () => {
    await open(
      except("public/get_index_price", (request, connection) => {
        reply(request, connection, { index_price: -1 });
      }),
    );
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("malformed");
  });

  it("refuses requests once closed", async () => {
    await open(honest);
    source.close();
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("disconnected");
  });
});
