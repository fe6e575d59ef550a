import { expect } from "chai";
import { openDeribit, type DeribitSource } from "../../../../keeper/adapters/venues/deribit/deribit.ts";
import {
  serveDeribit,
  TOO_MANY_REQUESTS,
  type DeribitAnswer,
  type DeribitServer,
} from "../../../support/deribit-server.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { serveVenueSocket, type RpcRequest } from "../../../support/venue-servers.ts";
import recorded from "../../../vectors/venues/deribit.json" with { type: "json" };
import { until, venueErrorOf } from "./support.ts";

const NOW = recorded.observedAtSeconds;
/** Far more than a loaded machine needs for an answer; only the tests of slowness wait for it. */
const TIMEOUT_MS = 10_000;
const SHORT_TIMEOUT_MS = 150;
const MIN_BACKOFF_MS = 10;
const MAX_BACKOFF_MS = 40;
const HEARTBEAT_SECONDS = 10;
/** Shorter than the venue allows, so that silence is noticed within a test. */
const SHORT_HEARTBEAT_SECONDS = 0.1;
/** Longer than any test. */
const NEVER_MS = 600_000;

const RESULTS: Readonly<Record<string, unknown>> = {
  "public/get_index_price": recorded.indexPrice,
  "public/ticker": recorded.ticker,
  "public/get_book_summary_by_currency": recorded.bookSummaries,
};
const INDEX_CHANNEL = "deribit_price_index.btc_usd";
const TICKER_CHANNEL = "ticker.BTC-PERPETUAL.100ms";
const index = recorded.indexNotification.params.data;

type Instead = (request: RpcRequest, answer: DeribitAnswer) => boolean;
type SocketChanges = Partial<Parameters<typeof openDeribit>[0]>;

/** Deals with one method only. */
const only =
  (method: string, deal: (answer: DeribitAnswer, request: RpcRequest) => void): Instead =>
  (request, answer) => {
    if (request.method !== method) return false;
    deal(answer, request);
    return true;
  };
const honest: Instead = () => false;

describe("Deribit", () => {
  let venue: DeribitServer;
  let source: DeribitSource;
  let telemetry: ReturnType<typeof recordingTelemetry>;
  let now: number;

  const serve = (instead: Instead, port?: number) =>
    serveDeribit({ result: ({ method }) => RESULTS[method], nowSeconds: () => now, instead }, port);
  const connect = (url: string, changes: SocketChanges = {}): DeribitSource =>
    openDeribit({
      url,
      requestTimeoutMs: TIMEOUT_MS,
      heartbeatSeconds: HEARTBEAT_SECONDS,
      minBackoffMs: MIN_BACKOFF_MS,
      maxBackoffMs: MAX_BACKOFF_MS,
      rateLimitedWaitMs: NEVER_MS,
      clock: { nowSeconds: () => now },
      telemetry,
      ...changes,
    });
  const open = async (instead: Instead = honest, changes: SocketChanges = {}): Promise<void> => {
    telemetry = recordingTelemetry();
    now = NOW;
    venue = await serve(instead);
    source = connect(venue.url, changes);
  };
  const openWithSummaries = (rows: readonly object[]) =>
    open(
      only("public/get_book_summary_by_currency", (answer) => {
        answer.result(rows);
      }),
    );
  const sent = (method: string) => venue.sent(method);
  const warnings = () => telemetry.lines.map(({ event }) => event);
  /** The subscription stands, and what the venue notified has been taken in. */
  const notified = async (...data: readonly (readonly [string, unknown])[]): Promise<void> => {
    await until(() => sent("public/subscribe").length === 1);
    for (const [channel, value] of data) venue.notify(channel, value);
    // Messages of one connection come in order: an answer says that the notifications before it were heard.
    await source.latest("ETH").catch(() => undefined);
  };

  afterEach(async () => {
    source.close();
    await venue.close();
  });

  it("turns recorded summaries into a snapshot with premiums in USD", async () => {
    await open();
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
    const openCoins = recorded.bookSummaries.reduce((sum, row) => sum + row.open_interest, 0);
    expect(snapshot.openInterestUsd).to.be.closeTo(openCoins * snapshot.spotUsd, 1e-6);
    const [request] = sent("public/get_book_summary_by_currency");
    expect(request?.params).to.deep.equal({ currency: "BTC", kind: "option" });
  });

  it("subscribes, and then asks for neither index nor ticker while notifications are fresh", async () => {
    await open();
    const moved = { ...index, price: index.price + 10 };
    await notified([INDEX_CHANNEL, moved], [TICKER_CHANNEL, { ...recorded.ticker, best_bid_amount: 1 }]);
    expect(sent("public/subscribe")[0]?.params).to.deep.equal({
      channels: [
        "deribit_price_index.btc_usd",
        "ticker.BTC-PERPETUAL.100ms",
        "deribit_price_index.eth_usd",
        "ticker.ETH-PERPETUAL.100ms",
      ],
    });
    const asked = venue.requests.length;
    const snapshot = await source.latest("BTC");
    expect(snapshot.spotUsd).to.equal(moved.price);
    expect(snapshot.depthUsd).to.equal(1 + recorded.ticker.best_ask_amount);
    expect(venue.requests.slice(asked).map(({ method }) => method)).to.deep.equal([
      "public/get_book_summary_by_currency",
    ]);
  });

  for (const [what, channel, data, method] of [
    ["index", INDEX_CHANNEL, index, "public/get_index_price"],
    ["ticker", TICKER_CHANNEL, recorded.ticker, "public/ticker"],
  ] as const)
    it(`uses a notified ${what} for five seconds and asks after that`, async () => {
      await open();
      await notified([channel, data]);
      const asked = sent(method).length;
      now = NOW + 5;
      await source.latest("BTC");
      expect(sent(method)).to.have.length(asked);
      now = NOW + 6;
      await source.latest("BTC");
      expect(sent(method)).to.have.length(asked + 1);
    });

  it("dates an index that has no time by the answer that showed it first", async () => {
    let price = recorded.indexPrice.index_price;
    const newer = () => recorded.bookSummaries.map((row) => ({ ...row, creation_timestamp: now * 1_000 }));
    await open((request, answer) => {
      if (request.method === "public/get_index_price") answer.result({ index_price: price });
      else if (request.method === "public/get_book_summary_by_currency") answer.result(newer());
      else return false;
      return true;
    });
    const observedAt = async () => (await source.latest("BTC")).observedAtSeconds;
    expect(await observedAt()).to.equal(NOW);
    now = NOW + 20;
    expect(await observedAt(), "the same price").to.equal(NOW);
    price += 0.01;
    expect(await observedAt(), "another price").to.equal(NOW + 20);
  });

  it("takes the index that stands in for a missing future for no forward", async () => {
    const rows = recorded.bookSummaries.map((row) => ({ ...row, underlying_index: "index_price" }));
    await openWithSummaries(rows);
    const { expiries } = await source.latest("BTC");
    expect(expiries.map(({ forwardUsd }) => forwardUsd)).to.deep.equal([null, null]);
  });

  it("dates a snapshot by its oldest part", async () => {
    const old = recorded.bookSummaries.map((row) => ({
      ...row,
      creation_timestamp: row.creation_timestamp - 90_000,
    }));
    await open(
      only("public/get_book_summary_by_currency", (answer) => {
        answer.result(old);
      }),
    );
    expect((await source.latest("BTC")).observedAtSeconds).to.equal(NOW - 90);
  });

  it("answers a test request, as the venue wants it, and stays connected", async () => {
    await open();
    await until(() => sent("public/set_heartbeat").length === 1);
    venue.heartbeat();
    venue.testRequest(TIMEOUT_MS);
    await until(() => sent("public/test").length === 1);
    await source.latest("BTC");
    expect(venue.connections()).to.equal(1);
    expect(warnings()).to.deep.equal([]);
  });

  it("asks for heartbeats again when the venue refuses the interval", async () => {
    await open(honest, { heartbeatSeconds: HEARTBEAT_SECONDS - 1 });
    await until(() => sent("public/set_heartbeat").length >= 3);
    expect(warnings()).to.include("venue-request-failed");
    expect(venue.connections()).to.equal(1);
  });

  it("subscribes again, on the same connection, when it was refused or a channel was left out", async () => {
    let asked = 0;
    await open((request, answer) => {
      if (request.method !== "public/subscribe") return false;
      asked += 1;
      if (asked === 1) answer.error({ code: 13_034, message: "not now" });
      else if (asked === 2) answer.result([INDEX_CHANNEL]);
      else return false;
      return true;
    });
    await until(() => sent("public/subscribe").length === 3);
    venue.notify(TICKER_CHANNEL, recorded.ticker);
    await source.latest("BTC");
    expect(venue.connections()).to.equal(1);
    expect(sent("public/subscribe")).to.have.length(3);
    expect(telemetry.lines.map(({ fields }) => fields["method"])).to.deep.equal(
      Array(2).fill("public/subscribe"),
    );
  });

  it("reconnects after a cut, subscribes again and fails what was under way", async () => {
    let mute = true;
    await open((request) => mute && request.method === "public/get_book_summary_by_currency");
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
    await open(() => true, { heartbeatSeconds: SHORT_HEARTBEAT_SECONDS });
    await until(() => venue.connections() >= 2);
  });

  it("says disconnected while the venue is down and comes back by itself", async () => {
    await open(honest, { requestTimeoutMs: SHORT_TIMEOUT_MS });
    await until(() => sent("public/subscribe").length === 1);
    const port = Number(new URL(venue.url).port);
    await venue.close();
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("disconnected");
    venue = await serve(honest, port);
    await until(() => sent("public/subscribe").length === 1);
  });

  it("waits longer after each connection that brought no heartbeat, whatever else it brought", async () => {
    telemetry = recordingTelemetry();
    now = NOW;
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
    venue = { ...(await serve(honest)), connections: () => rude.connections() };
    source = connect(rude.url, { minBackoffMs: 20, maxBackoffMs: NEVER_MS });
    await until(() => rude.connections() === 6);
    const waits = connectedMs.slice(1).map((at, before) => at - connectedMs[before]!);
    // Half of 20, 40, 80, 160 and 320 ms at least; a load can only lengthen them.
    for (const [index, wait] of waits.entries()) expect(wait).to.be.at.least(10 * 2 ** index - 1);
    await rude.close();
  });

  it("starts again with a short wait after a heartbeat", async () => {
    await open(honest, { minBackoffMs: 5, maxBackoffMs: NEVER_MS });
    for (let cut = 1; cut <= 16; cut++) {
      await until(() => sent("public/set_heartbeat").length === cut);
      venue.heartbeat();
      await source.latest("BTC");
      venue.cut();
    }
    // Without the heartbeats the waits would take longer than a test may.
    await until(() => venue.connections() === 17);
  });

  it("stays away for the longer wait once the venue has ended the session for too many requests", async () => {
    await open(
      only("public/get_book_summary_by_currency", (answer) => {
        answer.endSession();
      }),
      { requestTimeoutMs: SHORT_TIMEOUT_MS },
    );
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("rate-limited");
    // Many times the longest ordinary wait.
    await new Promise((resolve) => setTimeout(resolve, 10 * MAX_BACKOFF_MS));
    expect(venue.connections()).to.equal(1);
  });

  it("survives garbage between answers", async () => {
    await open((_, answer) => {
      for (const text of ["", "{", "null", "[]", '{"id":"x"}', '{"method":"subscription","params":{}}'])
        answer.text(text);
      answer.text(Buffer.from([0, 255, 1]));
      return false;
    });
    expect((await source.latest("BTC")).market).to.equal("BTC");
    expect(warnings()).to.include("venue-garbage");
  });

  it("keeps nothing of notifications of another form or channel, however many names they bear", async () => {
    await open();
    await until(() => sent("public/subscribe").length === 1);
    const wrong = [
      ["deribit_price_index.eth_usd", index],
      ["ticker.ETH-PERPETUAL.100ms", recorded.ticker],
      ["deribit_price_index.doge_usd", { ...index, index_name: "doge_usd" }],
      [INDEX_CHANNEL, { ...index, price: -1 }],
    ] as const;
    for (const [channel, data] of wrong)
      venue.broadcast(JSON.stringify({ method: "subscription", params: { channel, data } }));
    await until(() => warnings().filter((event) => event === "venue-garbage").length === wrong.length);
    await source.latest("BTC");
    expect(sent("public/get_index_price")).to.have.length(1);
    expect(sent("public/ticker")).to.have.length(1);
  });

  it("times out when the venue is slow or answers another id", async () => {
    await open(
      only("public/get_index_price", (answer, { id }) => {
        answer.result(recorded.indexPrice, id + 1_000);
      }),
      { requestTimeoutMs: SHORT_TIMEOUT_MS },
    );
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("timeout");
    expect(warnings()).to.include("venue-unknown-id");
  });

  for (const [name, error, code] of [
    ["the venue's limit", TOO_MANY_REQUESTS, "rate-limited"],
    ["a refused request", recorded.invalidParams, "refused"],
  ] as const)
    it(`names ${name}`, async () => {
      await open(
        only("public/get_book_summary_by_currency", (answer) => {
          answer.error(error);
        }),
      );
      const refused = await venueErrorOf(source.latest("BTC"));
      expect(refused.code).to.equal(code);
      expect(refused.message).to.contain(error.message);
    });

  it("names an answer of another form", async () => {
    await open(
      only("public/get_index_price", (answer) => {
        answer.result({ index_price: -1 });
      }),
    );
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("malformed");
  });

  it("shows index and chain without a depth while the perpetual's ticker cannot be had", async () => {
    await open(
      only("public/ticker", (answer) => {
        answer.error(recorded.invalidParams);
      }),
    );
    for (let time = 0; time < 2; time++) {
      const snapshot = await source.latest("BTC");
      expect(snapshot.depthUsd).to.equal(null);
      expect(snapshot.spotUsd).to.equal(recorded.indexPrice.index_price);
      expect(snapshot.expiries).to.have.length(2);
    }
    expect(warnings(), "said once").to.deep.equal(["venue-depth-missing"]);
  });

  const summariesWith = (bad: readonly object[]) => {
    const rows = Array.from(
      { length: 20 },
      (_, i) => recorded.bookSummaries[i % recorded.bookSummaries.length]!,
    );
    return rows.map((row, i) => ({ ...row, ...bad[i] }));
  };
  it("leaves out a row that is not as documented, and says so once", async () => {
    for (const bad of [
      { underlying_price: 0 },
      { open_interest: null },
      { mark_iv: -1 },
      { creation_timestamp: undefined },
      { bid_price: -0.0001 },
    ]) {
      await openWithSummaries(summariesWith([bad]));
      await source.latest("BTC");
      expect((await source.latest("BTC")).expiries, JSON.stringify(bad)).to.have.length(2);
      expect(warnings()).to.deep.equal(["venue-bad-rows"]);
      source.close();
      await venue.close();
    }
    await open();
  });

  it("is malformed when more than one row in twenty is bad", async () => {
    await openWithSummaries(summariesWith([{ open_interest: -1 }, { open_interest: "1" }]));
    const error = await venueErrorOf(source.latest("BTC"));
    expect(error.code).to.equal("malformed");
    expect(error.message).to.include("2 of 20 BTC summaries").and.include("open_interest");
  });

  it("refuses requests once closed", async () => {
    await open();
    source.close();
    expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("disconnected");
  });
});
