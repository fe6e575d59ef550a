import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { openBybit } from "../../../../keeper/adapters/venues/ccxt/bybit.ts";
import type { ExchangeSettings } from "../../../../keeper/adapters/venues/ccxt/load-exchange.ts";
import { openOkx } from "../../../../keeper/adapters/venues/ccxt/okx.ts";
import { openSpotVenue, spotSnapshot, type SpotVenue } from "../../../../keeper/adapters/venues/ccxt/spot.ts";
import { VenueError, type MarketSource } from "../../../../keeper/ports/market-source.ts";
import { recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { sendJson, serveVenueHttp, type HttpVenue } from "../../../support/venue-servers.ts";
import bybit from "../../../vectors/venues/bybit.json" with { type: "json" };
import okx from "../../../vectors/venues/okx.json" with { type: "json" };
import spot from "../../../vectors/venues/spot.json" with { type: "json" };
import { venueErrorOf } from "./support.ts";

/** Far more than a loaded machine needs for an answer; only the tests of slowness wait for it. */
const TIMEOUT_MS = 10_000;
const SHORT_TIMEOUT_MS = 250;
const TOO_MANY_REQUESTS = 429;

type Answer = (path: string, response: ServerResponse) => void;

const okxAnswers = (answers: typeof okx): Readonly<Record<string, unknown>> => ({
  "/api/v5/market/index-tickers": answers.indexTickers,
  "/api/v5/market/tickers": answers.tickers,
  "/api/v5/public/opt-summary": answers.summaries,
  "/api/v5/public/open-interest": answers.openInterests,
});
const pathOf = (path: string) => path.split("?")[0] ?? "";
const always =
  (value: unknown, status?: number): Answer =>
  (_, response) => {
    sendJson(response, value, status);
  };

const VENUES = {
  okx: {
    open: openOkx,
    honest: (path: string, response: ServerResponse) => {
      sendJson(response, okxAnswers(okx)[pathOf(path)] ?? { code: "404" });
    },
    refusal: okx.refused,
  },
  bybit: { open: openBybit, honest: always(bybit.tickers), refusal: bybit.refused },
  ...Object.fromEntries(
    (["binance", "coinbase", "kraken"] as const).map((name) => [
      name,
      {
        open: (settings: ExchangeSettings) => openSpotVenue(name, settings),
        honest: always(spot[name]),
        refusal: spot.failures[name],
      },
    ]),
  ),
} as Readonly<
  Record<SpotVenue | "okx" | "bybit", { open: typeof openOkx; honest: Answer; refusal: unknown }>
>;

/** What venues write beside the status when they want fewer requests; the others write nothing that counts. */
const LIMITS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["okx", okx.rateLimited],
  ["bybit", bybit.rateLimited],
]);

let server: HttpVenue | null = null;
let telemetry = recordingTelemetry();
const opened = async (
  name: keyof typeof VENUES,
  answer: Answer,
  timeoutMs = TIMEOUT_MS,
): Promise<MarketSource> => {
  telemetry = recordingTelemetry();
  server = await serveVenueHttp(answer);
  return VENUES[name].open({ timeoutMs, origin: server.origin }, telemetry);
};

describe("venues through ccxt", () => {
  afterEach(async () => {
    await server?.close();
    server = null;
  });

  for (const name of ["binance", "coinbase", "kraken"] as const)
    it(`reads the spot of ${name}`, async () => {
      const source = await opened(name, VENUES[name].honest);
      const snapshot = await source.latest("BTC");
      expect(snapshot.spotUsd).to.equal((Number(spot.binance.bidPrice) + Number(spot.binance.askPrice)) / 2);
      expect(snapshot.observedAtSeconds, "the venue's own time").to.equal(spot.observedAtSeconds);
      const depth = Number(spot.binance.bidPrice) * 1.25 + Number(spot.binance.askPrice) * 0.5;
      expect(snapshot.depthUsd).to.equal(name === "coinbase" ? null : depth);
      expect(snapshot.expiries).to.deep.equal([]);
      expect(server?.paths, "no list of all markets is loaded").to.have.length(1);
    });

  it("turns OKX's coin premiums into USD at its index and joins volatilities, forwards and open interest", async () => {
    const snapshot = await (await opened("okx", VENUES.okx.honest)).latest("BTC");
    const index = Number(okx.indexTickers.data[0]?.idxPx);
    expect(snapshot.spotUsd).to.equal(index);
    expect(snapshot.observedAtSeconds).to.equal(okx.observedAtSeconds);
    const quotes = snapshot.expiries.flatMap((expiry) => expiry.quotes);
    expect(quotes).to.have.length(okx.tickers.data.length);
    okx.tickers.data.forEach((row, at) => {
      const [, , , strike, kind] = row.instId.split("-");
      const quote = quotes.find(
        (entry) => entry.strikeUsd === Number(strike) && entry.kind === (kind === "C" ? "call" : "put"),
      );
      expect(quote?.bidUsd).to.equal(row.bidPx === "" ? null : Number(row.bidPx) * index);
      expect(quote?.askUsd).to.equal(row.askPx === "" ? null : Number(row.askPx) * index);
      expect(quote?.venueVol).to.equal(Number(okx.summaries.data[at]?.markVol));
      expect(quote?.openInterest).to.equal(Number(okx.openInterests.data[at]?.oiCcy));
    });
    const openCoins = okx.openInterests.data.reduce((sum, row) => sum + Number(row.oiCcy), 0);
    expect(snapshot.openInterestUsd).to.be.closeTo(openCoins * index, 1e-6);
    expect(snapshot.expiries[0]?.forwardUsd).to.equal(Number(okx.summaries.data[0]?.fwdPx));
    expect(snapshot.expiries[0]?.expirySeconds).to.equal(Date.UTC(2026, 1, 13, 8) / 1000);
  });

  it("takes Bybit's dollar premiums as they are, with the size at the top of the book", async () => {
    const snapshot = await (await opened("bybit", VENUES.bybit.honest)).latest("BTC");
    const rows = bybit.tickers.result.list;
    expect(snapshot.spotUsd).to.equal(Number(rows[0]?.indexPrice));
    expect(snapshot.observedAtSeconds).to.equal(bybit.observedAtSeconds);
    const quotes = snapshot.expiries.flatMap((expiry) => expiry.quotes);
    for (const row of rows) {
      const [, , strike, kind] = row.symbol.split("-");
      const quote = quotes.find(
        (entry) => entry.strikeUsd === Number(strike) && entry.kind === (kind === "C" ? "call" : "put"),
      );
      expect(quote?.bidUsd).to.equal(Number(row.bid1Price) || null);
      expect(quote?.askUsd).to.equal(Number(row.ask1Price) || null);
      expect(quote?.venueVol).to.equal(Number(row.markIv));
    }
    const depth = rows.reduce(
      (sum, row) =>
        sum + Number(row.bid1Price) * Number(row.bid1Size) + Number(row.ask1Price) * Number(row.ask1Size),
      0,
    );
    expect(snapshot.depthUsd).to.be.closeTo(depth, 1e-6);
    const openCoins = rows.reduce((sum, row) => sum + Number(row.openInterest), 0);
    expect(snapshot.openInterestUsd).to.be.closeTo(openCoins * snapshot.spotUsd, 1e-6);
  });

  for (const name of Object.keys(VENUES) as (keyof typeof VENUES)[])
    describe(name, () => {
      it("names the venue's limit, an error, garbage, a cut and slowness", async () => {
        const cases: readonly (readonly [string, readonly string[], Answer])[] = [
          ["limit", ["rate-limited"], always(LIMITS.get(name) ?? {}, TOO_MANY_REQUESTS)],
          ["error reply", ["refused"], always(VENUES[name].refusal)],
          [
            "garbage",
            ["malformed", "refused"],
            (_, response) => {
              response.end("<html>");
            },
          ],
          ["another form", ["malformed"], always({ code: "0", retCode: 0, data: 7, result: [], error: [] })],
          [
            "cut",
            ["disconnected"],
            (_, response) => {
              response.destroy();
            },
          ],
          ["slow", ["timeout"], () => undefined],
        ];
        for (const [what, codes, answer] of cases) {
          const source = await opened(name, answer, what === "slow" ? SHORT_TIMEOUT_MS : TIMEOUT_MS);
          const error = await venueErrorOf(source.latest("BTC"));
          expect(codes, `${what}: ${error.message}`).to.include(error.code);
          expect(error.venue).to.equal(name);
          await server?.close();
          server = null;
        }
      });
    });

  it("shows the venue's own old time for stale answers", async () => {
    const old = structuredClone(spot.binance);
    old.closeTime -= 600_000;
    const source = await opened("binance", always(old));
    expect((await source.latest("BTC")).observedAtSeconds).to.equal(spot.observedAtSeconds - 600);
  });

  for (const [what, sides] of [
    ["nobody bids", { bidPrice: "0" }],
    ["nobody offers", { askPrice: "0" }],
    ["the book is crossed", { bidPrice: "67000", askPrice: "66000" }],
    ["the sides lie far apart", { bidPrice: "100", askPrice: "200000" }],
    ["the sides lie just over 2 % apart", { bidPrice: "98.99", askPrice: "101" }],
  ] as const)
    it(`shows no spot price when ${what}, also when there was a last trade`, async () => {
      const source = await opened("binance", always({ ...spot.binance, ...sides, lastPrice: "40000" }));
      expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("no-quote");
    });

  it("shows the middle of a wide book up to 2 %", async () => {
    const source = await opened("binance", always({ ...spot.binance, bidPrice: "99", askPrice: "101" }));
    expect((await source.latest("BTC")).spotUsd).to.equal(100);
  });

  it("shows no price of an empty or one-sided book of Kraken", async () => {
    const bids = spot.kraken.result.XXBTZUSD.bids;
    for (const book of [
      { bids: [], asks: [] },
      { bids, asks: [] },
    ]) {
      const source = await opened("kraken", always({ error: [], result: { XXBTZUSD: book } }));
      expect((await venueErrorOf(source.latest("BTC"))).code).to.equal("no-quote");
      await server?.close();
    }
  });

  it("shows the settlement coin by Kraken's book of it, and Binance and Coinbase show none", async () => {
    const book = { bids: [["0.9985", "5", 1_770_925_070]], asks: [["0.9985", "5", 1_770_925_075]] };
    const paths: string[] = [];
    const kraken = await opened("kraken", (path, response) => {
      paths.push(path);
      sendJson(response, { error: [], result: { USDCUSD: book } });
    });
    expect(await kraken.settlementCoin?.()).to.deep.equal({ usd: 0.9985, observedAtSeconds: 1_770_925_075 });
    expect(paths[0]).to.include("pair=USDCUSD");
    book.bids.length = 0;
    const ask = kraken.settlementCoin;
    expect((await venueErrorOf(ask?.() ?? Promise.resolve())).code).to.equal("no-quote");
    await server?.close();
    for (const name of ["binance", "coinbase"] as const) {
      expect((await opened(name, always(spot[name]))).settlementCoin).to.equal(undefined);
      await server?.close();
    }
  });

  it("dates an index or quotes of Bybit that stand still by the answer that showed them first", async () => {
    const answer = structuredClone(bybit.tickers);
    const source = await opened("bybit", (_, response) => {
      sendJson(response, answer);
    });
    const rows = answer.result.list;
    const observedAfter = async (seconds: number): Promise<number> => {
      answer.time = (bybit.observedAtSeconds + seconds) * 1_000;
      return (await source.latest("BTC")).observedAtSeconds - bybit.observedAtSeconds;
    };
    expect(await observedAfter(0)).to.equal(0);
    expect(await observedAfter(10), "all stands still").to.equal(0);
    for (const row of rows) row.indexPrice = (Number(row.indexPrice) + 1).toString();
    expect(await observedAfter(20), "the quotes stand still").to.equal(0);
    rows[2]!.bid1Price = (Number(rows[2]!.bid1Price) + 1).toString();
    expect(await observedAfter(30), "index of 20, quotes of 30").to.equal(20);
    for (const row of rows) row.indexPrice = (Number(row.indexPrice) + 1).toString();
    rows[2]!.ask1Price = (Number(rows[2]!.ask1Price) + 1).toString();
    expect(await observedAfter(40)).to.equal(40);
  });

  for (const [part, field] of [
    ["indexTickers", 50],
    ["tickers", 70],
  ] as const)
    it(`dates OKX's snapshot by the older of index and quotes: its ${part}`, async () => {
      const answers = structuredClone(okx);
      for (const row of answers[part].data) row.ts = ((okx.observedAtSeconds - field) * 1_000).toString();
      const source = await opened("okx", (path, response) => {
        sendJson(response, okxAnswers(answers)[pathOf(path)]);
      });
      expect((await source.latest("BTC")).observedAtSeconds).to.equal(okx.observedAtSeconds - field);
    });

  it("takes numbers with an exponent, as venues that print floats write them", async () => {
    const answer = structuredClone(bybit.tickers);
    const row = answer.result.list.find(({ symbol }) => symbol.includes("-60000-C"))!;
    row.bid1Price = "6.1e+03";
    row.markIv = "1e-1";
    const source = await opened("bybit", always(answer));
    const quotes = (await source.latest("BTC")).expiries.flatMap((expiry) => expiry.quotes);
    expect(quotes.find(({ strikeUsd, kind }) => strikeUsd === 60_000 && kind === "call")).to.include({
      bidUsd: 6_100,
      venueVol: 0.1,
    });
    expect(telemetry.lines).to.deep.equal([]);
  });

  it("leaves out a row that is not as documented, and says so once", async () => {
    const bad = structuredClone(bybit.tickers);
    bad.result.list[1]!.underlyingPrice = "";
    const source = await opened("bybit", always(bad));
    await source.latest("BTC");
    const shown = await source.latest("BTC");
    const quotes = shown.expiries.flatMap((expiry) => expiry.quotes);
    expect(quotes).to.have.length(bad.result.list.length - 1);
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal(["venue-bad-rows"]);
  });

  it("is malformed when more than one row in twenty is bad", async () => {
    const bad = structuredClone(bybit.tickers);
    for (const row of bad.result.list.slice(0, 2)) row.openInterest = "none";
    const error = await venueErrorOf((await opened("bybit", always(bad))).latest("BTC"));
    expect(error.code).to.equal("malformed");
    expect(error.message).to.include(`2 of ${bad.result.list.length} BTC tickers`);
  });

  for (const [part, change] of [
    ["tickers", { ts: "" }],
    ["summaries", { fwdPx: "-" }],
    ["openInterests", { oiCcy: "" }],
  ] as const)
    it(`keeps OKX's other rows when one of its ${part} is bad`, async () => {
      const answers = structuredClone(okx);
      Object.assign(answers[part].data[1]!, change);
      const source = await opened("okx", (path, response) => {
        sendJson(response, okxAnswers(answers)[pathOf(path)]);
      });
      const quotes = (await source.latest("BTC")).expiries.flatMap((expiry) => expiry.quotes);
      expect(quotes).to.have.length(okx.tickers.data.length - (part === "tickers" ? 1 : 0));
    });

  it("is malformed when a size or a price is beyond any: what is made of two of them must stay finite", async () => {
    const top = { timestamp: 1_770_000_000_000, bid: 1, ask: 1.01, bidVolume: 2, askVolume: 3 };
    expect(spotSnapshot("binance", "BTC", top).depthUsd).to.equal(5.03);
    for (const field of ["timestamp", "bid", "ask", "bidVolume", "askVolume"]) {
      const read = () => spotSnapshot("binance", "BTC", { ...top, [field]: 1.01e15 });
      expect(read, field).to.throw(VenueError).with.property("code", "malformed");
    }
    const huge = structuredClone(bybit.tickers);
    for (const row of huge.result.list) row.bid1Size = "1e200";
    const error = await venueErrorOf((await opened("bybit", always(huge))).latest("BTC"));
    expect(error.code).to.equal("malformed");
  });
});
