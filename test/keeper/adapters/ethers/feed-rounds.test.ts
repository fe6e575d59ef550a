import { expect } from "chai";
import { createRoundFinder, PHASE_SHIFT } from "../../../../keeper/adapters/ethers/feed-rounds.ts";

const FEED = "0xfeed";
const PHASE = 7n << PHASE_SHIFT;

/** A feed whose round n of phase 7 began at the n-th of these times. */
function feedOf(times: readonly number[], shownFrom = 1) {
  const asked: bigint[] = [];
  const find = createRoundFinder((feed, id) => {
    expect(feed).to.equal(FEED);
    asked.push(id - PHASE);
    const index = Number(id - PHASE);
    return Promise.resolve(index < shownFrom ? null : (times[index - 1] ?? null));
  });
  const latest = { id: PHASE + BigInt(times.length), updatedAtSeconds: times.at(-1) ?? 0 };
  return {
    asked,
    findAt: async (atSeconds: number) => Number((await find(FEED, latest, atSeconds)) - PHASE),
  };
}

describe("the round of a feed that was in force at a time", () => {
  const times = Array.from({ length: 1_000 }, (_, index) => 100 + 10 * index);

  it("is the last that began by then, wherever it lies", async () => {
    for (const length of [1, 2, 3, 4, 5, 100]) {
      const few = times.slice(0, length);
      for (const [index, began] of few.entries())
        for (const at of [began, began + 1, began + 9])
          expect(await feedOf(few).findAt(at), `${at} of ${length} rounds`).to.equal(index + 1);
    }
  });

  it("is found in few reads, and in none of rounds that are known", async () => {
    const feed = feedOf(times);
    expect(await feed.findAt(100 + 10 * 300 + 5)).to.equal(301);
    expect(feed.asked.length).to.be.at.most(20);
    const before = feed.asked.length;
    expect(await feed.findAt(100 + 10 * 300 + 7)).to.equal(301);
    expect(feed.asked.length).to.equal(before);
    expect(await feed.findAt(times.at(-1) ?? 0)).to.equal(1_000);
    expect(feed.asked.length).to.equal(before);
  });

  it("is read again when so many others were looked at that it was forgotten", async () => {
    const many = Array.from({ length: 6_000 }, (_, index) => 100 + 10 * index);
    const feed = feedOf(many);
    await feed.findAt(105);
    const before = feed.asked.length;
    for (let index = 1; index < 5_000; index++) await feed.findAt(105 + 10 * index);
    const after = feed.asked.length;
    expect(after).to.be.greaterThan(before);
    await feed.findAt(105);
    expect(feed.asked.length, "nothing is remembered for ever").to.be.greaterThan(after);
  });

  it("is the first of the phase for any time before it, and none that the feed no longer shows", async () => {
    expect(await feedOf(times.slice(0, 9)).findAt(99)).to.equal(1);
    const first = await feedOf(times, 990).findAt(100);
    expect(first).to.equal(989);
  });
});
