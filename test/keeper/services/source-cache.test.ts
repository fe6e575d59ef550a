import { expect } from "chai";
import type { Market, MarketSnapshot } from "../../../keeper/ports/market-data.ts";
import { VenueError, type MarketSource } from "../../../keeper/ports/market-source.ts";
import { createSourceCache } from "../../../keeper/services/source-cache.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { bareSnapshot } from "../../support/market-data-double.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const START = 1_800_000_000;
const POLL_SECONDS = 2;
const DEADLINE_SECONDS = 8;
const SECOND = 1_000;
const MARKETS = ["BTC", "ETH"] as const;

/** A source that answers as told, and counts how often it was asked for BTC. */
function askedSource(name: string, answer: (market: Market) => Promise<MarketSnapshot>) {
  const state = { asked: 0, answer };
  const source: MarketSource = {
    name,
    latest: (market) => {
      if (market === "BTC") state.asked += 1;
      return state.answer(market);
    },
  };
  return { source, state };
}

const showing = (spotUsd: number) => (market: Market) => Promise.resolve(bareSnapshot(market, { spotUsd }));
const failing = (code: VenueError["code"]) => () => Promise.reject(new VenueError(code, "x", "told to"));

function cacheOf(...sources: readonly MarketSource[]) {
  const time = virtualTime(START);
  const telemetry = recordingTelemetry();
  const stop = new AbortController();
  const cache = createSourceCache(
    {
      sources,
      markets: MARKETS,
      pollSeconds: POLL_SECONDS,
      deadlineSeconds: DEADLINE_SECONDS,
      timer: time.timer,
      telemetry,
    },
    stop.signal,
  );
  return { time, cache, stop, telemetry };
}

describe("a cache of sources", () => {
  it("renews the answers of every market in the background", async () => {
    const { source, state } = askedSource("a", showing(1));
    const { time, cache } = cacheOf(source);
    expect(cache.read(source, "BTC")).to.deep.equal({ snapshot: null, failure: null });
    await time.run(0);
    for (const market of MARKETS)
      expect(cache.read(source, market).snapshot).to.deep.equal(bareSnapshot(market, { spotUsd: 1 }));
    state.answer = showing(2);
    await time.run(POLL_SECONDS * SECOND);
    expect(cache.read(source, "ETH").snapshot?.spotUsd).to.equal(2);
    await time.run(10 * POLL_SECONDS * SECOND);
    expect(state.asked).to.equal(12);
  });

  it("lets a source that never answers keep no other waiting, and names it after the deadline", async () => {
    const silent = askedSource("silent", () => new Promise<MarketSnapshot>(() => undefined));
    const lively = askedSource("lively", showing(1));
    const { time, cache } = cacheOf(silent.source, lively.source);
    let isReady = false;
    void cache.firstAnswers("BTC").then(() => {
      isReady = true;
    });
    await time.run((DEADLINE_SECONDS - 1) * SECOND);
    expect(lively.state.asked).to.equal(4);
    expect(isReady, "the first answers wait for all").to.equal(false);
    await time.run(SECOND);
    expect(isReady).to.equal(true);
    expect(cache.read(silent.source, "BTC")).to.deep.equal({ snapshot: null, failure: "timeout" });
  });

  it("keeps the last answer beside the failure of the newest question", async () => {
    const { source, state } = askedSource("a", showing(1));
    const { time, cache } = cacheOf(source);
    await time.run(0);
    state.answer = failing("refused");
    await time.run(POLL_SECONDS * SECOND);
    expect(cache.read(source, "BTC").snapshot?.spotUsd).to.equal(1);
    expect(cache.read(source, "BTC").failure).to.equal("refused");
    state.answer = showing(3);
    await time.run(POLL_SECONDS * SECOND);
    expect(cache.read(source, "BTC").snapshot?.spotUsd).to.equal(3);
    expect(cache.read(source, "BTC").failure).to.equal(null);
  });

  it("asks a source that gives nothing less and less often, and returns to it when it answers", async () => {
    const { source, state } = askedSource("a", failing("disconnected"));
    const { time, telemetry } = cacheOf(source);
    const asked: number[] = [];
    for (let second = 0; second <= 600; second++) {
      const before = state.asked;
      await time.run(second === 0 ? 0 : SECOND);
      if (state.asked > before) asked.push(second);
    }
    const waits = asked.slice(1).map((at, index) => at - asked[index]!);
    expect([asked[0], ...waits.slice(0, 7)]).to.deep.equal([2, 2, 4, 8, 16, 32, 60, 60]);
    const events = () => telemetry.lines.map(({ event }) => event);
    expect(events()).to.deep.equal(["venue-silent"]);
    state.answer = showing(1);
    await time.run(60 * SECOND);
    expect(events()).to.deep.equal(["venue-silent", "venue-back"]);
    const before = state.asked;
    await time.run(10 * POLL_SECONDS * SECOND);
    expect(state.asked - before).to.equal(10);
  });

  it("goes on as before while one market of a source answers", async () => {
    const { source, state } = askedSource("a", (market) =>
      market === "BTC" ? failing("refused")() : showing(1)(market),
    );
    const { time } = cacheOf(source);
    await time.run(20 * POLL_SECONDS * SECOND);
    expect(state.asked).to.equal(21);
  });

  it("leaves a source that wants fewer requests alone for half a minute", async () => {
    const { source, state } = askedSource("a", failing("rate-limited"));
    const { time } = cacheOf(source);
    await time.run(29 * SECOND);
    expect(state.asked).to.equal(1);
    await time.run(SECOND);
    expect(state.asked).to.equal(2);
  });

  it("names answers of another market and errors that are no venue's", async () => {
    const other = askedSource("other", () => Promise.resolve(bareSnapshot("ETH")));
    const broken = askedSource("broken", () => {
      throw new TypeError("unexpected");
    });
    const { time, cache } = cacheOf(other.source, broken.source);
    await time.run(0);
    expect(cache.read(other.source, "BTC").failure).to.equal("malformed");
    expect(cache.read(other.source, "ETH").failure).to.equal(null);
    expect(cache.read(broken.source, "BTC").failure).to.equal("failed");
  });

  it("asks nobody once it is stopped", async () => {
    const { source, state } = askedSource("a", showing(1));
    const { time, stop } = cacheOf(source);
    await time.run(0);
    stop.abort();
    await time.run(60 * SECOND);
    expect(state.asked).to.equal(1);
  });
});
