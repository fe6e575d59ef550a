import { expect } from "chai";
import { deployOracle, type OracleFixture } from "../support/oracle-fixture.ts";
import { oracleParams } from "../support/risk-params.ts";

const E8 = 10n ** 8n;
const SPOT_E8 = 3_000n * E8;
const BAND_BPS = 200n;
const MIN_E8 = 2_940n * E8;
const MAX_E8 = 3_060n * E8;
const HEARTBEAT = 3_600n;
const MARKET = 1n;
const DOWN = 1n;
const UP = 0n;

// Feeds in the machine's own words.
/** revert(0, 0) */
const REVERTS = "0x5f5ffd";
/** return(0, 32) */
const ANSWERS_ONE_WORD = "0x60205ff3";
/** stop */
const ANSWERS_NOTHING = "0x00";
/** Five words, every bit set: mstore at 0, 32, 64, 96 and 128, return(0, 160). */
const ANSWERS_ALL_ONES = `0x${[0, 32, 64, 96, 128].map((at) => `5f1960${at.toString(16).padStart(2, "0")}52`).join("")}60a05ff3`;
/** Five words of the same number. */
const answersEverywhere = (value: bigint): string => {
  const word = value.toString(16).padStart(64, "0");
  const stores = [0, 32, 64, 96, 128].map((at) => `7f${word}60${at.toString(16).padStart(2, "0")}52`);
  return `0x${stores.join("")}60a05ff3`;
};

describe("the oracle as price guard", () => {
  let fixture: OracleFixture;

  const newFeed = (decimals: number, answer: bigint) =>
    fixture.ethers.deployContract("MockPriceFeed", [decimals, answer]);
  const check = async (feed: { getAddress(): Promise<string> }, spotE8 = SPOT_E8) =>
    fixture.oracle.requireWithinBand(MARKET, spotE8, await feed.getAddress(), BAND_BPS, HEARTBEAT);
  const expectRefused = (call: Promise<unknown>, error: string, args: readonly unknown[] = []) =>
    expect(call)
      .to.be.revertedWithCustomError(fixture.oracle, error)
      .withArgs(...args);

  beforeEach(async () => {
    fixture = await deployOracle({ feeds: true });
  });

  it("passes spots up to the edge of the band, and names the band beyond it", async () => {
    const feed = await newFeed(8, SPOT_E8);
    for (const spot of [MIN_E8, SPOT_E8, MAX_E8]) await check(feed, spot);
    for (const spot of [MIN_E8 - 1n, MAX_E8 + 1n]) {
      await expectRefused(check(feed, spot), "PriceOutsideBand", [MARKET, spot, MIN_E8, MAX_E8]);
    }
  });

  it("reads the feed's decimals", async () => {
    for (const decimals of [0, 6, 8, 18, 36]) {
      await check(await newFeed(decimals, 3_000n * 10n ** BigInt(decimals)));
    }
    const wrong = await newFeed(18, SPOT_E8);
    await expectRefused(check(wrong), "PriceOutsideBand", [MARKET, SPOT_E8, 30n, 30n]);
    await expectRefused(check(await newFeed(37, SPOT_E8)), "FeedDecimalsOutOfBounds", [MARKET, 37n, 36n]);
  });

  it("refuses answers that are no price", async () => {
    for (const answer of [0n, -1n, 2n ** 191n]) {
      await expectRefused(check(await newFeed(8, answer)), "FeedInvalid", [MARKET, answer]);
    }
  });

  it("refuses an answer older than its heartbeat, to the second", async () => {
    const feed = await newFeed(8, SPOT_E8);
    const now = BigInt(await fixture.networkHelpers.time.latest());
    await feed.updateRoundData(2n, SPOT_E8, now - HEARTBEAT + 10n, now);
    await fixture.networkHelpers.time.increaseTo(now + 10n);
    await check(feed);
    await fixture.networkHelpers.time.increaseTo(now + 11n);
    await expectRefused(check(feed), "FeedStale", [MARKET, now - HEARTBEAT + 10n, now - HEARTBEAT + 11n]);
  });

  it("holds everything while the sequencer is down and during the grace period after it", async () => {
    const sequencer = await newFeed(0, DOWN);
    const address = await sequencer.getAddress();
    const passes = () => fixture.oracle.requireSequencer(address, HEARTBEAT);
    const started = (await sequencer.latestRoundData()).startedAt;
    await expectRefused(passes(), "SequencerDown", [DOWN, started]);
    const now = BigInt(await fixture.networkHelpers.time.latest());
    await sequencer.updateRoundData(2n, UP, now, 0n);
    await expectRefused(passes(), "SequencerDown", [UP, 0n]);
    await sequencer.updateRoundData(3n, UP, now, now);
    await fixture.networkHelpers.time.increaseTo(now + HEARTBEAT - 1n);
    await expectRefused(passes(), "SequencerGracePeriod", [now, now + HEARTBEAT]);
    await fixture.networkHelpers.time.increaseTo(now + HEARTBEAT);
    await passes();
  });

  it("vetoes a signed report whose spot left the band", async () => {
    const report = await fixture.validDraft();
    await fixture.mocks[1]?.updateAnswer(102_041n * E8);
    await expectRefused(fixture.submit(report), "PriceOutsideBand", [
      2n,
      100_000n * E8,
      10_000_018_000_000n,
      10_408_182_000_000n,
    ]);
    await fixture.mocks[1]?.updateAnswer(102_040n * E8);
    await fixture.submit(report);
  });

  it("vetoes a signed report while the sequencer is down", async () => {
    const sequencer = await newFeed(0, DOWN);
    const params = oracleParams([], await sequencer.getAddress());
    await fixture.config.setOracleParams(params, await fixture.config.oracleParamsHash());
    await expectRefused(fixture.submit(await fixture.validDraft()), "SequencerDown", [
      DOWN,
      (await sequencer.latestRoundData()).startedAt,
    ]);
  });

  it("refuses by a typed error, and takes back after a new vote, a report whose feed reverts or answers garbage", async () => {
    const report = await fixture.validDraft();
    const [healthy, other] = await Promise.all(fixture.mocks.map((mock) => mock.getAddress()));
    const setFeed = async (feed: string, sequencer?: string) =>
      fixture.config.setOracleParams(
        oracleParams([feed, other ?? ""], sequencer),
        await fixture.config.oracleParamsHash(),
      );
    const at = async (address: string, code: string) => {
      await fixture.networkHelpers.setCode(address, code);
      return address;
    };
    const broken = [
      await at(`0x${"b1".repeat(20)}`, REVERTS),
      await at(`0x${"b2".repeat(20)}`, ANSWERS_ONE_WORD),
      await at(`0x${"b3".repeat(20)}`, ANSWERS_NOTHING),
      `0x${"b4".repeat(20)}`,
    ];
    for (const feed of broken) {
      await setFeed(feed);
      const named = (value: string) => value.toLowerCase() === feed;
      await expect(fixture.submit(report), feed)
        .to.be.revertedWithCustomError(fixture.oracle, "FeedUnavailable")
        .withArgs(MARKET, named);
      await setFeed(healthy ?? "", feed);
      await expect(fixture.submit(report), feed)
        .to.be.revertedWithCustomError(fixture.oracle, "SequencerUnavailable")
        .withArgs(named);
    }
    await setFeed(healthy ?? "");
    await fixture.submit(report);
  });

  it("names an answer of all ones, and decimals of any size, instead of failing to decode them", async () => {
    const now = BigInt(await fixture.networkHelpers.time.latest());
    const allOnes = `0x${"b5".repeat(20)}`;
    await fixture.networkHelpers.setCode(allOnes, ANSWERS_ALL_ONES);
    await expect(fixture.oracle.requireWithinBand(MARKET, SPOT_E8, allOnes, BAND_BPS, HEARTBEAT))
      .to.be.revertedWithCustomError(fixture.oracle, "FeedInvalid")
      .withArgs(MARKET, -1n);
    const always = `0x${"b6".repeat(20)}`;
    await fixture.networkHelpers.setCode(always, answersEverywhere(now + HEARTBEAT));
    await expect(fixture.oracle.requireWithinBand(MARKET, SPOT_E8, always, BAND_BPS, HEARTBEAT))
      .to.be.revertedWithCustomError(fixture.oracle, "FeedDecimalsOutOfBounds")
      .withArgs(MARKET, now + HEARTBEAT, 36n);
  });
});
