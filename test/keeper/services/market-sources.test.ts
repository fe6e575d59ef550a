import { expect } from "chai";
import type { Market, MarketSnapshot } from "../../../keeper/ports/market-data.ts";
import { VenueError, type MarketSource } from "../../../keeper/ports/market-source.ts";
import {
  createMarketSources,
  SourceQuorumMissing,
  type MarketSourcesSettings,
} from "../../../keeper/services/market-sources.ts";
import { recordingTelemetry } from "../../support/keeper-doubles.ts";
import { bareSnapshot } from "../../support/market-data-double.ts";
import { virtualTime } from "../../support/virtual-time.ts";

const NOW = 1_800_000_000;
const MAX_AGE = 30;
const DEADLINE_SECONDS = 8;
const POLL_SECONDS = 2;
const SECOND = 1_000;

const snapshot = (spotUsd: number, changes: Partial<MarketSnapshot> = {}) =>
  bareSnapshot("BTC", { observedAtSeconds: NOW, spotUsd, ...changes });
const source = (name: string, latest: (market: Market) => Promise<MarketSnapshot>): MarketSource => ({
  name,
  latest,
});
const fixed = (name: string, spotUsd: number, changes: Partial<MarketSnapshot> = {}) =>
  source(name, (market) => Promise.resolve(snapshot(spotUsd, { market, ...changes })));

function combined(sources: readonly MarketSource[], changes: Partial<MarketSourcesSettings> = {}) {
  const time = virtualTime(NOW);
  const telemetry = recordingTelemetry();
  const data = createMarketSources(
    {
      rules: sources.map((entry) => ({ source: entry, maxAgeSeconds: MAX_AGE })),
      quorum: 2,
      pollSeconds: POLL_SECONDS,
      deadlineSeconds: DEADLINE_SECONDS,
      dailyVol: () => 0.03,
      clock: time.clockAhead(0),
      timer: time.timer,
      telemetry,
      records: {
        lastDaySeconds: () => NOW,
        history: () => Promise.resolve({ days: [] }),
        hours: () => Promise.resolve(null),
      },
      ...changes,
    },
    new AbortController().signal,
  );
  return { data, time, telemetry };
}

const refusedBy = async (promise: Promise<unknown>): Promise<SourceQuorumMissing> => {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  if (error instanceof SourceQuorumMissing) return error;
  throw new Error("expected a missing quorum", { cause: error });
};

describe("market sources", () => {
  it("give the median price, the dispersion, and the sums of depth and open interest", async () => {
    const quotes = [{ expirySeconds: NOW + 86_400, forwardUsd: 101, quotes: [] }];
    const { data } = combined([
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
    expect(data.lastDaySeconds()).to.equal(NOW);
  });

  it("say of each source whether its price counts, why not, and how old it is, without asking", async () => {
    const { data, time } = combined([
      fixed("good-a", 100, { observedAtSeconds: NOW - 3 }),
      fixed("good-b", 100.1),
      fixed("far", 150),
      source("gone", () => Promise.reject(new VenueError("disconnected", "gone", "closed"))),
    ]);
    expect(data.sources().map(({ refusal }) => refusal)).to.include("not-asked-yet");
    await time.run(0);
    await data.latest("BTC");
    expect(data.sources().filter(({ market }) => market === "BTC")).to.deep.equal([
      { market: "BTC", source: "good-a", refusal: null, ageSeconds: 3 },
      { market: "BTC", source: "good-b", refusal: null, ageSeconds: 0 },
      { market: "BTC", source: "far", refusal: "outlying", ageSeconds: 0 },
      { market: "BTC", source: "gone", refusal: "disconnected", ageSeconds: null },
    ]);
  });

  it("name every source that is missing, stale, slow or outlying when too few agree", async () => {
    const { data, time } = combined(
      [
        fixed("good-a", 100),
        fixed("good-b", 100.1),
        fixed("far", 150),
        fixed("old", 100, { observedAtSeconds: NOW - MAX_AGE }),
        fixed("other-market", 100, { market: "ETH" }),
        source("gone", () => Promise.reject(new VenueError("disconnected", "gone", "closed"))),
        source("broken", () => Promise.reject(new TypeError("unexpected"))),
        source("slow", () => new Promise<MarketSnapshot>(() => undefined)),
      ],
      { quorum: 3 },
    );
    const asking = refusedBy(data.latest("BTC"));
    expect(() => data.lastKnown("BTC")).to.throw("slow not-asked-yet");
    await time.run(DEADLINE_SECONDS * SECOND);
    const error = await asking;
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

  it("take no quotes from a source whose price does not count", async () => {
    const quotes = [{ expirySeconds: NOW + 86_400, forwardUsd: 101, quotes: [] }];
    const { data } = combined([
      fixed("liar", 180, { expiries: quotes, openInterestUsd: 9 }),
      fixed("a", 100),
      fixed("b", 100),
    ]);
    const shown = await data.latest("BTC");
    expect(shown.expiries).to.deep.equal([]);
    expect(shown.openInterestUsd).to.equal(null);
  });

  it("show no expiry that has expired since its venue was asked", async () => {
    const listed = [10, 100].map((seconds) => ({ expirySeconds: NOW + seconds, forwardUsd: 1, quotes: [] }));
    const { data, time } = combined([fixed("a", 100, { expiries: listed }), fixed("b", 100)]);
    expect((await data.latest("BTC")).expiries).to.have.length(2);
    await time.run(10 * SECOND);
    expect((await data.latest("BTC")).expiries).to.deep.equal(listed.slice(1));
  });

  it("answer at once from what was said last while a source is silent", async () => {
    let mute = false;
    const silent = source("silent", (market) =>
      mute ? new Promise<MarketSnapshot>(() => undefined) : Promise.resolve(snapshot(100, { market })),
    );
    const { data, time } = combined([silent, fixed("a", 100), fixed("b", 100.1)]);
    await data.latest("BTC");
    mute = true;
    await time.run(POLL_SECONDS * SECOND);
    // Time stands still: an answer that waited for anything would never come.
    expect((await data.latest("BTC")).spotUsd).to.equal(100);
  });

  it("are as old as the median of their prices, and no newer than the quotes", async () => {
    const aged = (name: string, age: number, changes: Partial<MarketSnapshot> = {}) =>
      fixed(name, 100, { observedAtSeconds: NOW - age, ...changes });
    const three = combined([aged("a", 1), aged("b", 25), aged("c", 4)]);
    expect((await three.data.latest("BTC")).observedAtSeconds).to.equal(NOW - 4);
    const two = combined([aged("a", 1), aged("b", 25)]);
    expect((await two.data.latest("BTC")).observedAtSeconds).to.equal(NOW - 25);
    const expiries = [{ expirySeconds: NOW + 86_400, forwardUsd: 1, quotes: [] }];
    const quoting = combined([aged("a", 1), aged("b", 25, { expiries }), aged("c", 4)]);
    expect((await quoting.data.latest("BTC")).observedAtSeconds).to.equal(NOW - 25);
  });

  it("count an answer by its own time, however often its source was asked since", async () => {
    const { data, time, telemetry } = combined([fixed("a", 100), fixed("b", 100)]);
    await time.run(MAX_AGE * SECOND);
    expect((await data.latest("BTC")).observedAtSeconds).to.equal(NOW);
    await time.run(SECOND);
    const error = await refusedBy(data.latest("BTC"));
    expect(error.refusals.map(({ reason }) => reason)).to.deep.equal(["stale", "stale"]);
    await refusedBy(data.latest("BTC"));
    expect(telemetry.lines, "said once").to.have.length(2);
  });

  it("hold sources that disagree to the price accepted before", async () => {
    let second = 100;
    const halves = [
      fixed("a", 100),
      fixed("b", 100.2),
      source("c", (market) => Promise.resolve(snapshot(second, { market }))),
      source("d", (market) => Promise.resolve(snapshot(second, { market }))),
    ];
    const { data, time, telemetry } = combined(halves);
    await data.latest("BTC");
    second = 118;
    await time.run(POLL_SECONDS * SECOND);
    const shown = await data.latest("BTC");
    expect(shown.spotUsd).to.be.closeTo(100.1, 1e-9);
    expect(shown.dispersion).to.be.lessThan(0.002);
    const said = telemetry.lines.map(({ event, fields }) => `${event} ${String(fields["source"])}`);
    expect(said).to.deep.equal(["market-source-refused c", "market-source-refused d"]);
    second = 100;
    await time.run(POLL_SECONDS * SECOND);
    await data.latest("BTC");
    expect(telemetry.lines.map(({ event }) => event).slice(2)).to.deep.equal([
      "market-source-accepted",
      "market-source-accepted",
    ]);
  });

  it("show what is known without asking anybody", async () => {
    let asked = 0;
    const counting = (name: string) =>
      source(name, (market) => {
        asked += 1;
        return Promise.resolve(snapshot(100, { market }));
      });
    const { data, time } = combined([counting("a"), counting("b")]);
    expect(() => data.lastKnown("BTC"), "before the first answers").to.throw(SourceQuorumMissing);
    await time.run(0);
    const before = asked;
    expect(data.lastKnown("BTC")).to.deep.equal(await data.latest("BTC"));
    expect(asked).to.equal(before);
  });

  it("keep the jump filter where observations left it, however often the last known is read", async () => {
    let low = 100;
    const moving = (name: string, spotOf: () => number) =>
      source(name, (market) => Promise.resolve(snapshot(spotOf(), { market })));
    const { data, time } = combined([
      moving("a", () => low),
      moving("b", () => low),
      moving("c", () => (low === 100 ? 100 : 150)),
      moving("d", () => (low === 100 ? 100 : 150)),
    ]);
    await data.latest("BTC");
    for (const next of [92, 84, 77]) {
      low = next;
      await time.run(POLL_SECONDS * SECOND);
      try {
        data.lastKnown("BTC");
      } catch {
        // Beyond the jump that is allowed from 100.
      }
    }
    await refusedBy(data.latest("BTC"));
  });

  it("allow a camp to be farther from the price before, the longer that was ago", async () => {
    const HOUR = 3_600;
    let split = false;
    const sources = [0.85, 0.85, 1.3, 1.3].map((factor, index) =>
      source(String(index), (market) => Promise.resolve(snapshot(split ? 100 * factor : 100, { market }))),
    );
    const rules = sources.map((entry) => ({ source: entry, maxAgeSeconds: 24 * HOUR }));
    const { data, time } = combined(sources, { rules, pollSeconds: HOUR / 2 });
    await data.latest("BTC");
    split = true;
    // 15 % away: 10 % and six times 3 % over the square root of the time reach it after three hours.
    await time.run(2 * HOUR * SECOND);
    await refusedBy(data.latest("BTC"));
    await time.run(2 * HOUR * SECOND);
    expect((await data.latest("BTC")).spotUsd).to.be.closeTo(85, 1e-9);
  });

  it("refuse settings that cannot work", () => {
    expect(() => combined([fixed("a", 1), fixed("a", 1)])).to.throw(RangeError, "one name");
    expect(() => combined([fixed("a", 1)])).to.throw(RangeError, "a quorum of 2 among 1");
    expect(() => combined([fixed("a", 1), fixed("b", 1)], { quorum: 1 })).to.throw(RangeError, "at least 2");
  });
});
