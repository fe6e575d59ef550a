import { expect } from "chai";
import { TOO_MANY_REQUESTS } from "../../../support/deribit-server.ts";
import recorded from "../../../vectors/venues/deribit.json" with { type: "json" };
import { DeribitBench, NOW, only } from "./deribit-bench.ts";
import { venueErrorOf } from "./support.ts";

describe("Deribit", () => {
  let bench: DeribitBench;
  beforeEach(() => {
    bench = new DeribitBench();
  });
  afterEach(() => bench.close());

  it("turns recorded summaries into a snapshot with premiums in USD", async () => {
    await bench.open();
    const snapshot = await bench.source.latest("BTC");
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
    const [request] = bench.sent("public/get_book_summary_by_currency");
    expect(request?.params).to.deep.equal({ currency: "BTC", kind: "option" });
  });

  it("dates an index that has no time by the answer that showed it first", async () => {
    let price = recorded.indexPrice.index_price;
    const newer = () =>
      recorded.bookSummaries.map((row) => ({ ...row, creation_timestamp: bench.now * 1_000 }));
    await bench.open((request, answer) => {
      if (request.method === "public/get_index_price") answer.result({ index_price: price });
      else if (request.method === "public/get_book_summary_by_currency") answer.result(newer());
      else return false;
      return true;
    });
    const observedAt = async () => (await bench.source.latest("BTC")).observedAtSeconds;
    expect(await observedAt()).to.equal(NOW);
    bench.now = NOW + 20;
    expect(await observedAt(), "the same price").to.equal(NOW);
    price += 0.01;
    expect(await observedAt(), "another price").to.equal(NOW + 20);
  });

  it("takes the index that stands in for a missing future for no forward", async () => {
    const rows = recorded.bookSummaries.map((row) => ({ ...row, underlying_index: "index_price" }));
    await bench.openWithSummaries(rows);
    const { expiries } = await bench.source.latest("BTC");
    expect(expiries.map(({ forwardUsd }) => forwardUsd)).to.deep.equal([null, null]);
  });

  it("dates a snapshot by its oldest part", async () => {
    const old = recorded.bookSummaries.map((row) => ({
      ...row,
      creation_timestamp: row.creation_timestamp - 90_000,
    }));
    await bench.open(
      only("public/get_book_summary_by_currency", (answer) => {
        answer.result(old);
      }),
    );
    expect((await bench.source.latest("BTC")).observedAtSeconds).to.equal(NOW - 90);
  });

  for (const [name, error, code] of [
    ["the venue's limit", TOO_MANY_REQUESTS, "rate-limited"],
    ["a refused request", recorded.invalidParams, "refused"],
  ] as const)
    it(`names ${name}`, async () => {
      await bench.open(
        only("public/get_book_summary_by_currency", (answer) => {
          answer.error(error);
        }),
      );
      const refused = await venueErrorOf(bench.source.latest("BTC"));
      expect(refused.code).to.equal(code);
      expect(refused.message).to.contain(error.message);
    });

  it("names an answer of another form", async () => {
    await bench.open(
      only("public/get_index_price", (answer) => {
        answer.result({ index_price: -1 });
      }),
    );
    expect((await venueErrorOf(bench.source.latest("BTC"))).code).to.equal("malformed");
  });

  it("shows index and chain without a depth while the perpetual's ticker cannot be had", async () => {
    await bench.open(
      only("public/ticker", (answer) => {
        answer.error(recorded.invalidParams);
      }),
    );
    for (let time = 0; time < 2; time++) {
      const snapshot = await bench.source.latest("BTC");
      expect(snapshot.depthUsd).to.equal(null);
      expect(snapshot.spotUsd).to.equal(recorded.indexPrice.index_price);
      expect(snapshot.expiries).to.have.length(2);
    }
    expect(bench.events(), "said once").to.deep.equal(["venue-depth-missing"]);
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
      await bench.openWithSummaries(summariesWith([bad]));
      await bench.source.latest("BTC");
      expect((await bench.source.latest("BTC")).expiries, JSON.stringify(bad)).to.have.length(2);
      expect(bench.events()).to.deep.equal(["venue-bad-rows"]);
      await bench.close();
    }
  });

  it("is malformed when more than one row in twenty is bad", async () => {
    await bench.openWithSummaries(summariesWith([{ open_interest: -1 }, { open_interest: "1" }]));
    const error = await venueErrorOf(bench.source.latest("BTC"));
    expect(error.code).to.equal("malformed");
    expect(error.message).to.include("2 of 20 BTC summaries").and.include("open_interest");
  });
});
