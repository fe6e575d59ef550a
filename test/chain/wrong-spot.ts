// What the watchtower does about keepers that sign a spot which Chainlink proves wrong, on a real chain: a call that the oracle refuses shows it.
import { expect } from "chai";
import { packMarketWord, unpackMarketWord } from "../../keeper/core/report/words.ts";
import { openWatchedDesk, type SignedCall, type WatchedDesk } from "../support/watched-desk.ts";

const KEEPER_ACCOUNTS = [4, 5, 6, 7];
const LIARS = [4, 6];
const HONEST = [5, 7];
/** Rounds of the feed count that began so long before or after an observation, s. */
const SLACK = 60;
const BPS = 10_000n;
const WRONG_SPOT_SHARE_BPS = 1_000n;
/** The least band of a proof is 5 %. */
const BEYOND = { numerator: 106n, denominator: 100n };
const INSIDE = { numerator: 104n, denominator: 100n };
/** A proxy's round ids carry the number of the aggregator behind it above this bit. */
const PHASE_SHIFT = 64n;

describe("a spot that Chainlink proves wrong", () => {
  let watched: WatchedDesk;
  before(async () => {
    watched = await openWatchedDesk(KEEPER_ACCOUNTS);
  });
  after(() => watched.close());

  const stakes = (accounts: readonly number[]) => Promise.all(accounts.map((each) => watched.stakeOf(each)));
  const feed = () => {
    const [first] = watched.desk.ballast.feeds;
    if (first === undefined) throw new RangeError("the market has no feed");
    return first;
  };

  /** A report whose first spot is so much higher than what its feed said all the time, signed by these keepers and refused by the oracle. */
  const sendRaised = async (
    accounts: readonly number[],
    { numerator, denominator }: typeof BEYOND,
  ): Promise<SignedCall> => {
    await watched.desk.wait(2 * SLACK);
    const { report } = await watched.desk.signReport();
    await watched.desk.wait(1);
    const [word = 0n, ...others] = report.markets;
    const fields = unpackMarketWord(word);
    const raised = packMarketWord({ ...fields, spotE8: (fields.spotE8 * numerator) / denominator });
    const signed = watched.signedBy(accounts, { ...report, markets: [raised, ...others] });
    const { oracle } = watched.desk.ballast;
    await watched.send(await oracle.getAddress(), watched.submitCall(signed));
    expect((await oracle.header()).epoch).to.be.lessThan(report.epoch);
    return signed;
  };
  /** Both feeds begin another round, a while after the last observation. */
  const feedsGoOn = async () => {
    await watched.desk.wait(SLACK + 1);
    for (const each of watched.desk.ballast.feeds) await each.updateAnswer(await each.latestAnswer());
  };

  it("waits until the feed has closed the time of the observation, in the store, and then costs its signers their part", async () => {
    await sendRaised(LIARS, BEYOND);
    const before = await stakes(LIARS);
    const honest = await stakes(HONEST);
    const { result: early } = await watched.watchtower();
    expect(early).to.include({ wrongSpots: 0, wrongSpotsProven: 0, equivocations: 0 });
    expect(early["spotsWaiting"]).to.be.greaterThan(0);
    await feedsGoOn();
    const { result, log } = await watched.watchtower();
    expect(result).to.include({ spotsWaiting: 0, wrongSpots: 1, wrongSpotsProven: 1, proven: 0 });
    expect(log).to.include("wrong-spot-proven");
    expect(await stakes(LIARS)).to.deep.equal(
      before.map((units) => units - (units * WRONG_SPOT_SHARE_BPS) / BPS),
    );
    expect(await stakes(HONEST)).to.deep.equal(honest);
    expect((await watched.watchtower()).result).to.include({ wrongSpots: 0, spotsWaiting: 0 });
  });

  it("is not one within the band, whoever signed it and whatever the oracle took", async () => {
    const before = await stakes(KEEPER_ACCOUNTS);
    await sendRaised(LIARS, INSIDE);
    await feedsGoOn();
    const { result } = await watched.watchtower();
    expect(result).to.include({ spotsWaiting: 0, wrongSpots: 0 });
    expect(result["reports"]).to.be.greaterThan(0);
    expect(await stakes(KEEPER_ACCOUNTS)).to.deep.equal(before);
  });

  it("costs whoever signed it once, though it is sent again, and those who signed it since too", async () => {
    const signed = await sendRaised([4], BEYOND);
    const { oracle } = watched.desk.ballast;
    await watched.send(await oracle.getAddress(), watched.submitCall(signed));
    const others = watched.signedBy([4, 6], signed.report);
    await watched.send(await oracle.getAddress(), watched.submitCall(others));
    const signers = [...LIARS, 5];
    const before = await stakes(signers);
    await feedsGoOn();
    expect((await watched.watchtower()).result).to.include({ spotsWaiting: 0, wrongSpotsProven: 1 });
    const late = watched.signedBy([5], signed.report);
    await watched.send(await oracle.getAddress(), watched.submitCall(late));
    expect((await watched.watchtower()).result).to.include({ spotsWaiting: 0, wrongSpotsProven: 1 });
    expect(await stakes(signers)).to.deep.equal(
      before.map((units) => units - (units * WRONG_SPOT_SHARE_BPS) / BPS),
    );
  });

  it("can be proven of a feed that answers from another aggregator, once the watchtower has it noted", async () => {
    const { slashing } = watched.desk.ballast;
    const moved = (1n << PHASE_SHIFT) + 1n;
    const now = BigInt(await watched.desk.now());
    await feed().updateRoundData(moved, await feed().latestAnswer(), now, now);
    const address = await feed().getAddress();
    expect((await slashing.phaseOf(address)).phase).to.equal(0n);
    await sendRaised([7], INSIDE);
    expect((await watched.watchtower()).log).to.include("feed-phase-noted");
    expect((await slashing.phaseOf(address)).phase).to.equal(1n);
    await sendRaised([7], BEYOND);
    await feedsGoOn();
    const before = await watched.stakeOf(7);
    expect((await watched.watchtower()).result).to.include({ wrongSpotsProven: 1 });
    expect(await watched.stakeOf(7)).to.be.lessThan(before);
  });
});
