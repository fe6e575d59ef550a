import { expect } from "chai";
import { serveVenueSocket } from "../../../support/venue-servers.ts";
import recorded from "../../../vectors/venues/deribit.json" with { type: "json" };
import {
  DeribitBench,
  HEARTBEAT_SECONDS,
  honest,
  MAX_BACKOFF_MS,
  NEVER_MS,
  NOW,
  only,
  SHORT_TIMEOUT_MS,
  TIMEOUT_MS,
} from "./deribit-bench.ts";
import { until, venueErrorOf } from "./support.ts";

/** Shorter than the venue allows, so that silence is noticed within a test. */
const SHORT_HEARTBEAT_SECONDS = 0.1;
const INDEX_CHANNEL = "deribit_price_index.btc_usd";
const TICKER_CHANNEL = "ticker.BTC-PERPETUAL.100ms";
const index = recorded.indexNotification.params.data;

describe("the connection to Deribit", () => {
  let bench: DeribitBench;
  beforeEach(() => {
    bench = new DeribitBench();
  });
  afterEach(() => bench.close());

  it("subscribes, and then asks for neither index nor ticker while notifications are fresh", async () => {
    await bench.open();
    const moved = { ...index, price: index.price + 10 };
    await bench.notified(
      [INDEX_CHANNEL, moved],
      [TICKER_CHANNEL, { ...recorded.ticker, best_bid_amount: 1 }],
    );
    expect(bench.sent("public/subscribe")[0]?.params).to.deep.equal({
      channels: [
        "deribit_price_index.btc_usd",
        "ticker.BTC-PERPETUAL.100ms",
        "deribit_price_index.eth_usd",
        "ticker.ETH-PERPETUAL.100ms",
      ],
    });
    const asked = bench.venue.requests.length;
    const snapshot = await bench.source.latest("BTC");
    expect(snapshot.spotUsd).to.equal(moved.price);
    expect(snapshot.depthUsd).to.equal(1 + recorded.ticker.best_ask_amount);
    expect(bench.venue.requests.slice(asked).map(({ method }) => method)).to.deep.equal([
      "public/get_book_summary_by_currency",
    ]);
  });

  for (const [what, channel, data, method] of [
    ["index", INDEX_CHANNEL, index, "public/get_index_price"],
    ["ticker", TICKER_CHANNEL, recorded.ticker, "public/ticker"],
  ] as const)
    it(`uses a notified ${what} for five seconds and asks after that`, async () => {
      await bench.open();
      await bench.notified([channel, data]);
      const asked = bench.sent(method).length;
      bench.now = NOW + 5;
      await bench.source.latest("BTC");
      expect(bench.sent(method)).to.have.length(asked);
      bench.now = NOW + 6;
      await bench.source.latest("BTC");
      expect(bench.sent(method)).to.have.length(asked + 1);
    });

  it("answers a test request, as the venue wants it, and stays connected", async () => {
    await bench.open();
    await until(() => bench.sent("public/set_heartbeat").length === 1);
    bench.venue.heartbeat();
    bench.venue.testRequest(TIMEOUT_MS);
    await until(() => bench.sent("public/test").length === 1);
    await bench.source.latest("BTC");
    expect(bench.venue.connections()).to.equal(1);
    expect(bench.events()).to.deep.equal([]);
  });

  it("asks for heartbeats again when the venue refuses the interval", async () => {
    await bench.open(honest, { heartbeatSeconds: HEARTBEAT_SECONDS - 1 });
    await until(() => bench.sent("public/set_heartbeat").length >= 3);
    expect(bench.events()).to.include("venue-request-failed");
    expect(bench.venue.connections()).to.equal(1);
  });

  it("subscribes again, on the same connection, when it was refused or a channel was left out", async () => {
    let asked = 0;
    await bench.open((request, answer) => {
      if (request.method !== "public/subscribe") return false;
      asked += 1;
      if (asked === 1) answer.error({ code: 13_034, message: "not now" });
      else if (asked === 2) answer.result([INDEX_CHANNEL]);
      else return false;
      return true;
    });
    await until(() => bench.sent("public/subscribe").length === 3);
    bench.venue.notify(TICKER_CHANNEL, recorded.ticker);
    await bench.source.latest("BTC");
    expect(bench.venue.connections()).to.equal(1);
    expect(bench.sent("public/subscribe")).to.have.length(3);
    expect(bench.telemetry.lines.map(({ fields }) => fields["method"])).to.deep.equal(
      Array(2).fill("public/subscribe"),
    );
  });

  it("reconnects after a cut, subscribes again and fails what was under way", async () => {
    let mute = true;
    await bench.open((request) => mute && request.method === "public/get_book_summary_by_currency");
    const waiting = venueErrorOf(bench.source.latest("BTC"));
    await until(() => bench.sent("public/get_book_summary_by_currency").length === 1);
    bench.venue.cut();
    expect((await waiting).code).to.equal("disconnected");
    mute = false;
    expect((await bench.source.latest("BTC")).market).to.equal("BTC");
    expect(bench.venue.connections()).to.equal(2);
    expect(bench.sent("public/subscribe")).to.have.length(2);
  });

  it("reconnects when the venue falls silent", async () => {
    await bench.open(() => true, { heartbeatSeconds: SHORT_HEARTBEAT_SECONDS });
    await until(() => bench.venue.connections() >= 2);
  });

  it("says disconnected while the venue is down and comes back by itself", async () => {
    await bench.open(honest, { requestTimeoutMs: SHORT_TIMEOUT_MS });
    await until(() => bench.sent("public/subscribe").length === 1);
    const port = Number(new URL(bench.venue.url).port);
    await bench.venue.close();
    expect((await venueErrorOf(bench.source.latest("BTC"))).code).to.equal("disconnected");
    await bench.serve(honest, port);
    await until(() => bench.sent("public/subscribe").length === 1);
  });

  it("waits longer after each connection that brought no heartbeat, whatever else it brought", async () => {
    const connectedMs: number[] = [];
    // Answers each first request with an error, and cuts.
    const answered = new WeakSet<object>();
    const rude = await serveVenueSocket(({ id }, connection) => {
      if (answered.has(connection)) return;
      answered.add(connection);
      connectedMs.push(performance.now());
      const error = { code: 10_047, message: "too many connections" };
      connection.send(JSON.stringify({ jsonrpc: "2.0", id, error }), () => {
        connection.terminate();
      });
    });
    bench.connect(rude.url, { minBackoffMs: 20, maxBackoffMs: NEVER_MS });
    await until(() => rude.connections() === 6);
    const waits = connectedMs.slice(1).map((at, before) => at - connectedMs[before]!);
    // Half of 20, 40, 80, 160 and 320 ms at least; a load can only lengthen them.
    for (const [index, wait] of waits.entries()) expect(wait).to.be.at.least(10 * 2 ** index - 1);
    await rude.close();
  });

  it("starts again with a short wait after a heartbeat", async () => {
    await bench.open(honest, { minBackoffMs: 5, maxBackoffMs: NEVER_MS });
    for (let cut = 1; cut <= 16; cut++) {
      await until(() => bench.sent("public/set_heartbeat").length === cut);
      bench.venue.heartbeat();
      await bench.source.latest("BTC");
      bench.venue.cut();
    }
    // Without the heartbeats the waits would take longer than a test may.
    await until(() => bench.venue.connections() === 17);
  });

  it("stays away for the longer wait once the venue has ended the session for too many requests", async () => {
    await bench.open(
      only("public/get_book_summary_by_currency", (answer) => {
        answer.endSession();
      }),
      { requestTimeoutMs: SHORT_TIMEOUT_MS },
    );
    expect((await venueErrorOf(bench.source.latest("BTC"))).code).to.equal("rate-limited");
    // Many times the longest ordinary wait.
    await new Promise((resolve) => setTimeout(resolve, 10 * MAX_BACKOFF_MS));
    expect(bench.venue.connections()).to.equal(1);
  });

  it("survives garbage between answers", async () => {
    await bench.open((_, answer) => {
      for (const text of ["", "{", "null", "[]", '{"id":"x"}', '{"method":"subscription","params":{}}'])
        answer.text(text);
      answer.text(Buffer.from([0, 255, 1]));
      return false;
    });
    expect((await bench.source.latest("BTC")).market).to.equal("BTC");
    expect(bench.events()).to.include("venue-garbage");
  });

  it("keeps nothing of notifications of another form or channel, however many names they bear", async () => {
    await bench.open();
    await until(() => bench.sent("public/subscribe").length === 1);
    const wrong = [
      ["deribit_price_index.eth_usd", index],
      ["ticker.ETH-PERPETUAL.100ms", recorded.ticker],
      ["deribit_price_index.doge_usd", { ...index, index_name: "doge_usd" }],
      [INDEX_CHANNEL, { ...index, price: -1 }],
    ] as const;
    for (const [channel, data] of wrong)
      bench.venue.broadcast(JSON.stringify({ method: "subscription", params: { channel, data } }));
    await until(() => bench.events().filter((event) => event === "venue-garbage").length === wrong.length);
    await bench.source.latest("BTC");
    expect(bench.sent("public/get_index_price")).to.have.length(1);
    expect(bench.sent("public/ticker")).to.have.length(1);
  });

  it("times out when the venue is slow or answers another id", async () => {
    await bench.open(
      only("public/get_index_price", (answer, { id }) => {
        answer.result(recorded.indexPrice, id + 1_000);
      }),
      { requestTimeoutMs: SHORT_TIMEOUT_MS },
    );
    expect((await venueErrorOf(bench.source.latest("BTC"))).code).to.equal("timeout");
    expect(bench.events()).to.include("venue-unknown-id");
  });

  it("refuses requests once closed", async () => {
    await bench.open();
    bench.source.close();
    expect((await venueErrorOf(bench.source.latest("BTC"))).code).to.equal("disconnected");
  });
});
