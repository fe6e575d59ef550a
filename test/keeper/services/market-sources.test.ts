import { expect } from "chai";
import type { Market, MarketSnapshot } from "../../../keeper/ports/market-data.ts";
import { VenueError, type MarketSource } from "../../../keeper/ports/market-source.ts";
import {
  createMarketSources,
  SourceQuorumMissing,
  type MarketSourcesSettings,
} from "../../../keeper/services/market-sources.ts";

const NOW = 1_800_000_000;
const MAX_AGE = 30;
const DEADLINE_SECONDS = 0.05;

const snapshot = (spotUsd: number, changes: Partial<MarketSnapshot> = {}): MarketSnapshot => ({
  market: "BTC",
  observedAtSeconds: NOW,
  spotUsd,
  spotLowUsd: null,
  expiries: [],
  openInterestUsd: null,
  depthUsd: null,
  ...changes,
});
const source = (name: string, latest: (market: Market) => Promise<MarketSnapshot>): MarketSource => ({
  name,
  latest,
});
const fixed = (name: string, spotUsd: number, changes: Partial<MarketSnapshot> = {}) =>
  source(name, () => Promise.resolve(snapshot(spotUsd, changes)));

const combined = (sources: readonly MarketSource[], changes: Partial<MarketSourcesSettings> = {}) =>
  createMarketSources({
    rules: sources.map((entry) => ({ source: entry, maxAgeSeconds: MAX_AGE })),
    quorum: 2,
    deadlineSeconds: DEADLINE_SECONDS,
    dailyVol: () => 0.03,
    clock: { nowSeconds: () => NOW },
    telemetry: { info: () => undefined, warn: () => undefined, error: () => undefined },
    records: { history: () => Promise.resolve({ days: [] }), hours: () => Promise.resolve(null) },
    ...changes,
  });

const refusedBy = async (promise: Promise<unknown>): Promise<SourceQuorumMissing> => {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof SourceQuorumMissing) return error;
  throw new Error("expected a missing quorum", { cause: error });
};

describe("market sources", () => {
  it("gives the median price, the dispersion, and the sums of depth and open interest", async () => {
    const quotes = [{ expirySeconds: NOW + 86_400, forwardUsd: 101, quotes: [] }];
    const data = combined([
      fixed("spot-a", 100, { depthUsd: 5 }),
      fixed("options", 100.2, { expiries: quotes, openInterestUsd: 7, depthUsd: 2 }),
      fixed("spot-b", 100.1),
    ]);
    const shown = await data.latest("BTC");
    expect(shown.spotUsd).to.equal(100.1);
    expect(shown.dispersion).to.be.closeTo(0.1 / 100.1, 1e-12);
    expect(shown.depthUsd).to.equal(7);
    expect(shown.openInterestUsd).to.equal(7);
    expect(shown.expiries).to.deep.equal(quotes);
    expect(await data.hours("BTC")).to.equal(null);
  });

  it("names every source that is missing, stale, slow or outlying when too few agree", async () => {
    const data = combined(
      [
        fixed("good-a", 100),
        fixed("good-b", 100.1),
        fixed("far", 150),
        fixed("old", 100, { observedAtSeconds: NOW - MAX_AGE - 1 }),
        fixed("other-market", 100, { market: "ETH" }),
        source("gone", () => Promise.reject(new VenueError("disconnected", "gone", "closed"))),
        source("broken", () => Promise.reject(new TypeError("unexpected"))),
        source("slow", () => new Promise<MarketSnapshot>(() => undefined)),
      ],
      { quorum: 3 },
    );
    const error = await refusedBy(data.latest("BTC"));
    expect(error.accepted).to.deep.equal(["good-a", "good-b"]);
    expect(
      Object.fromEntries(error.refusals.map(({ source: name, reason }) => [name, reason])),
    ).to.deep.equal({
      far: "outlying",
      old: "stale",
      "other-market": "malformed",
      gone: "disconnected",
      broken: "failed",
      slow: "timeout",
    });
    expect(error.message).to.contain("slow timeout");
  });

  it("takes no quotes from a source whose price does not count", async () => {
    const quotes = [{ expirySeconds: NOW + 86_400, forwardUsd: 101, quotes: [] }];
    const shown = await combined([
      fixed("liar", 180, { expiries: quotes, openInterestUsd: 9 }),
      fixed("a", 100),
      fixed("b", 100),
    ]).latest("BTC");
    expect(shown.expiries).to.deep.equal([]);
    expect(shown.openInterestUsd).to.equal(null);
  });

  it("remembers the accepted price and holds a divided few to it", async () => {
    let second = 100;
    const data = combined([fixed("a", 100), source("b", () => Promise.resolve(snapshot(second)))], {
      quorum: 1,
    });
    await data.latest("BTC");
    second = 140;
    const shown = await data.latest("BTC");
    expect(shown.spotUsd).to.equal(100);
    expect(shown.dispersion).to.equal(0);
  });

  it("refuses settings that cannot work", () => {
    expect(() => combined([fixed("a", 1), fixed("a", 1)])).to.throw(RangeError);
    expect(() => combined([fixed("a", 1)])).to.throw(RangeError);
  });
});
