import { expect } from "chai";
import { aggregateObservations } from "../../../../keeper/core/report/aggregate.ts";
import { unpackMarketWord } from "../../../../keeper/core/report/words.ts";
import type { FeedReading, GuardingFeed } from "../../../../keeper/ports/oracle-chain.ts";
import { requireReadInTime, requireWithinFeeds } from "../../../../keeper/services/protocol/feed-band.ts";
import { simulate, spotObservation, START_SECONDS } from "../../../support/simulated-keepers.ts";

const MARKET = 1;
const HEARTBEAT_SECONDS = 3_600;
const PRICE_E8 = 5_000_000_000_001n;

const guarding = (reading: FeedReading, bandBps = 200n): GuardingFeed => ({
  market: MARKET,
  bandBps,
  heartbeatSeconds: HEARTBEAT_SECONDS,
  reading,
});
const answered = (priceE8: bigint, updatedAtSeconds = START_SECONDS): FeedReading => ({
  kind: "answered",
  priceE8,
  updatedAtSeconds,
});
const check =
  (spotE8: bigint, feed: GuardingFeed, observedAt = START_SECONDS) =>
  () => {
    requireWithinFeeds({ ...aggregateObservations([spotObservation(spotE8)]), observedAt }, [feed]);
  };

describe("the band of a market's price feed", () => {
  it("ends where the contract's ends: bounds rounded into it", () => {
    const feed = guarding(answered(PRICE_E8));
    const minE8 = 4_900_000_000_001n;
    const maxE8 = 5_100_000_000_001n;
    expect(check(minE8, feed)).not.to.throw();
    expect(check(maxE8, feed)).not.to.throw();
    expect(check(minE8 - 1n, feed)).to.throw("spot 4900000000000 is outside 4900000000001 to 5100000000001");
    expect(check(maxE8 + 1n, feed)).to.throw("outside");
    const round = guarding(answered(5_000_000_000_000n));
    expect(check(4_900_000_000_000n, round)).not.to.throw();
    expect(check(4_899_999_999_999n, round)).to.throw("outside");
    expect(check(5_100_000_000_000n, round)).not.to.throw();
  });

  it("needs an answer that is not older than the feed's heartbeat", () => {
    const feed = guarding(answered(PRICE_E8));
    expect(check(PRICE_E8, feed, START_SECONDS + HEARTBEAT_SECONDS)).not.to.throw();
    expect(check(PRICE_E8, feed, START_SECONDS + HEARTBEAT_SECONDS + 1)).to.throw(
      "3601 s old, at most 3600 s",
    );
    expect(check(PRICE_E8, guarding({ kind: "failed", reason: "it reverts" }))).to.throw(
      "market 1: its price feed cannot be read, it reverts",
    );
  });

  it("guards its own market alone", () => {
    expect(check(1n, { ...guarding(answered(PRICE_E8)), market: 2 })).not.to.throw();
    const broken = guarding({ kind: "failed", reason: "it reverts" });
    expect(check(PRICE_E8, { ...broken, market: 2 })).not.to.throw();
  });
});

describe("the time at which a price feed is read", () => {
  it("lies within the slack of a proof about the observation, however wrong this keeper's clock", () => {
    const read = (distance: number) => () => {
      requireReadInTime(START_SECONDS, START_SECONDS + distance, { maxClockOffsetSeconds: 6 });
    };
    for (const distance of [-54, 0, 54]) expect(read(distance)).not.to.throw();
    for (const distance of [-55, 55])
      expect(read(distance)).to.throw("were read 55 s from the observation, at most 54 s");
  });
});

describe("keepers whose market has a price feed", () => {
  const SLOTS = 6;
  const signatures = (world: ReturnType<typeof simulate>) =>
    world.gossip.sent.filter(({ message }) => message.kind === "signature");
  const reasons = (world: ReturnType<typeof simulate>) =>
    world.keepers
      .flatMap(({ lines }) => lines.map(({ fields }) => String(fields["reason"])))
      .filter((reason) => reason.includes("price feed"));

  it("report while spots are within its band", async () => {
    const world = simulate({ count: 4, seed: 61 });
    world.oracle.state.feeds = [guarding(answered(world.truth.spotE8))];
    await world.startAll();
    await world.runSlots(SLOTS);
    for (const { report } of world.oracle.reports) {
      const { spotE8 } = unpackMarketWord(report.markets[0] ?? 0n);
      expect(spotE8 > (world.truth.spotE8 * 98n) / 100n).to.equal(true);
    }
    expect(world.oracle.reports.length).to.be.at.least(SLOTS);
  });

  it("sign nothing when every source lies alike, their own too, and name spot and band", async () => {
    const lie = (seen: bigint) => (seen * 103n) / 100n;
    const world = simulate({ count: 4, seed: 62, lies: { 0: lie, 1: lie, 2: lie, 3: lie } });
    world.oracle.state.feeds = [guarding(answered(world.truth.spotE8))];
    await world.startAll();
    await world.runSlots(SLOTS);
    expect(signatures(world)).to.have.length(0);
    expect(world.oracle.reports).to.have.length(0);
    expect(reasons(world).join("\n")).to.match(/market 1: spot 51\d+ is outside 49\d+ to 51\d+/);
  });

  it("go on without those of a lying minority", async () => {
    const world = simulate({ count: 4, seed: 63, lies: { 2: (seen) => seen * 2n } });
    world.oracle.state.feeds = [guarding(answered(world.truth.spotE8))];
    await world.startAll();
    await world.runSlots(SLOTS);
    expect(world.oracle.reports.length).to.be.at.least(SLOTS - 1);
  });

  it("abstain while the feed cannot be read, say so, and report again when it can", async () => {
    const world = simulate({ count: 4, seed: 64 });
    world.oracle.state.feeds = [guarding({ kind: "failed", reason: "it reverts" })];
    await world.startAll();
    await world.runSlots(SLOTS);
    expect(signatures(world)).to.have.length(0);
    expect(reasons(world)[0]).to.include("its price feed cannot be read, it reverts");
    world.oracle.state.feeds = [guarding(answered(world.truth.spotE8))];
    await world.runSlots(2);
    expect(world.oracle.reports.length).to.be.greaterThan(0);
  });

  it("sign nothing when the feed's answer comes too late to be what a proof looks at", async () => {
    const world = simulate({ count: 4, seed: 66 });
    const { chain, state } = world.oracle;
    state.feeds = [guarding(answered(world.truth.spotE8))];
    const [first] = world.keepers;
    const never = new AbortController().signal;
    chain.guardingFeeds = async () => {
      await first?.parts.timer.sleep(60_000, never);
      return state.feeds;
    };
    await world.startAll();
    await world.runSlots(SLOTS);
    expect(signatures(world)).to.have.length(0);
    expect(reasons(world).join("\n")).to.include("from the observation, at most 54 s");
  });

  it("keep their leader through a feed's outage while no report is needed", async () => {
    const world = simulate({
      count: 4,
      seed: 65,
      parameters: { heartbeatSeconds: 3_600, spotDeviationBps: 500n },
    });
    await world.startAll();
    await world.runSlots(2);
    const before = world.keepers.map(({ agreement }) => agreement?.epoch);
    world.oracle.state.feeds = [guarding({ kind: "failed", reason: "it reverts" })];
    await world.runSlots(SLOTS);
    expect(world.keepers.map(({ agreement }) => agreement?.epoch)).to.deep.equal(before);
    expect(reasons(world)).to.have.length(0);
  });
});
