import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { openBybit } from "../../../../keeper/adapters/venues/ccxt/bybit.ts";
import { openOkx } from "../../../../keeper/adapters/venues/ccxt/okx.ts";
import { openSpotVenue, type SpotVenue } from "../../../../keeper/adapters/venues/ccxt/spot.ts";
import type { MarketSource } from "../../../../keeper/ports/market-source.ts";
import { sendJson, serveVenueHttp, type HttpVenue } from "../../../support/venue-servers.ts";
import bybit from "../../../vectors/venues/bybit.json" with { type: "json" };
import okx from "../../../vectors/venues/okx.json" with { type: "json" };
import spot from "../../../vectors/venues/spot.json" with { type: "json" };
import { venueErrorOf } from "./support.ts";

const TIMEOUT_MS = 250;
const NOW = spot.observedAtSeconds + 3;
const TOO_MANY_REQUESTS = 429;
const clock = { nowSeconds: () => NOW };

type Answer = (path: string, response: ServerResponse) => void;

const OKX_ANSWERS: Readonly<Record<string, unknown>> = {
  "/api/v5/market/index-tickers": okx.indexTickers,
  "/api/v5/market/tickers": okx.tickers,
  "/api/v5/public/opt-summary": okx.summaries,
  "/api/v5/public/open-interest": okx.openInterests,
};
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
      sendJson(response, OKX_ANSWERS[pathOf(path)] ?? { code: "404" });
    },
    refusal: okx.refused,
  },
  bybit: { open: openBybit, honest: always(bybit.tickers), refusal: bybit.refused },
  ...Object.fromEntries(
    (["binance", "coinbase", "kraken"] as const).map((name) => [
      name,
      {
        open: (settings: Parameters<typeof openOkx>[0]) => openSpotVenue(name, settings, clock),
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
const opened = async (name: keyof typeof VENUES, answer: Answer): Promise<MarketSource> => {
  server = await serveVenueHttp(answer);
  return VENUES[name].open({ timeoutMs: TIMEOUT_MS, origin: server.origin });
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
      // Kraken's ticker has no time: the moment of its answer stands in.
      expect(snapshot.observedAtSeconds).to.equal(name === "kraken" ? NOW : spot.observedAtSeconds);
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
          const source = await opened(name, answer);
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
});
