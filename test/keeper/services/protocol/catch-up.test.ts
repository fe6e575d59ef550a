import { expect } from "chai";
import { BEFORE_ALL_ROUNDS, nameOfRound } from "../../../../keeper/core/protocol/round-id.ts";
import type { Gossip } from "../../../../keeper/ports/gossip.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";
import { simulate, type SimulatedKeeper, type Simulation } from "../../../support/simulated-keepers.ts";

const MISSED = 100;
const ALL = 1_000;
const ANSWER_LIMIT = 32;
const KEEPERS = 4;

const held = async (keeper: SimulatedKeeper | undefined) =>
  (await keeper?.store.finalsAfter(BEFORE_ALL_ROUNDS, ALL))?.map(({ report }) => nameOfRound(report)) ?? [];

/** A world in which keeper 0 has just missed a hundred reports, and how many messages had been sent by then. */
async function missed(
  seed: number,
  voices?: Readonly<Record<number, (gossip: Gossip) => Gossip>>,
): Promise<{ readonly world: Simulation; readonly sentBefore: number; readonly away: Hex }> {
  const world = simulate({ count: KEEPERS, seed, ...(voices === undefined ? {} : { voices }) });
  const [away = "0x", ...others] = world.keepers.map(({ address }) => address);
  await world.startAll();
  await world.runSlots(2);
  world.gossip.faults.partition = [[away], others];
  await world.runSlots(MISSED);
  world.gossip.faults.partition = [];
  return { world, sentBefore: world.gossip.sent.length, away };
}

describe("a keeper that missed a hundred reports", function () {
  it("gets them all, in their sequence, though new ones come meanwhile", async () => {
    const { world, sentBefore, away } = await missed(71);
    const before = await held(world.keepers[0]);
    await world.runSlots(2);
    const after = await held(world.keepers[0]);
    expect(after.length).to.be.at.least(before.length + MISSED);
    expect(after).to.deep.equal(await held(world.keepers[1]));
    const news = new Set(before);
    for (const peer of world.keepers.slice(1)) {
      const given = world.gossip.sent
        .slice(sentBefore)
        .flatMap(({ from, to, message }) =>
          from === peer.address && to === away && message.kind === "final" ? [message.report.round] : [],
        );
      const first = [...new Set(given)];
      expect(first.length).to.be.greaterThan(ANSWER_LIMIT);
      expect(first.slice(0, ANSWER_LIMIT)).to.deep.equal(
        first.slice(0, ANSWER_LIMIT).toSorted((a, b) => a - b),
      );
    }
    expect(after.filter((name) => !news.has(name)).length).to.be.at.least(MISSED);
  });

  it("asks and is answered in a bounded number of messages", async () => {
    const { world, sentBefore, away } = await missed(72);
    await world.runSlots(2);
    const sent = world.gossip.sent.slice(sentBefore);
    const asked = sent.filter(({ from, message }) => from === away && message.kind === "catch-up");
    const answers = Math.ceil(MISSED / ANSWER_LIMIT);
    // Each peer is asked until it has no more, and once more by what came in the meantime.
    expect(asked.length).to.be.within(answers, (KEEPERS - 1) * (answers + 4));
    for (const peer of world.keepers.slice(1)) {
      const finals = sent.filter(
        ({ from, to, message }) => from === peer.address && to === away && message.kind === "final",
      );
      expect(finals.length).to.be.lessThan(MISSED + ANSWER_LIMIT);
    }
  });

  it("takes none that a peer forged, and gets the true ones from the others", async () => {
    const forged = (gossip: Gossip): Gossip => ({
      ...gossip,
      send: (to, message) => {
        if (message.kind !== "final") {
          gossip.send(to, message);
          return;
        }
        const [first = "0x", ...rest] = message.signatures;
        const report = { ...message.report, observedAt: message.report.observedAt + 1 };
        // Another report under true signatures, one signature twice, one too few.
        gossip.send(to, { ...message, report });
        gossip.send(to, { ...message, signatures: [first, first, ...rest.slice(1)] });
        gossip.send(to, { ...message, signatures: rest });
      },
    });
    const { world } = await missed(73, { 2: forged });
    await world.runSlots(2);
    const refused = world.keepers[0]?.lines.filter(({ event }) => event === "final-refused") ?? [];
    expect(refused.length).to.be.greaterThan(0);
    const reports = async (index: number) =>
      (await world.keepers[index]?.store.finalsAfter(BEFORE_ALL_ROUNDS, ALL))?.map(({ report }) => report);
    // Two keepers may hold one report under different quorums.
    expect(await reports(0)).to.deep.equal(await reports(1));
  });

  it("is not led astray by a peer that claims reports nobody has", async () => {
    const boast = (gossip: Gossip): Gossip => ({
      ...gossip,
      publish: (message) => {
        gossip.publish(
          message.kind === "wish" ? { ...message, newest: { epoch: 1_000_000n, round: 1 } } : message,
        );
      },
    });
    const { world, sentBefore, away } = await missed(74, { 3: boast });
    const liar = world.keepers[3]?.address;
    await world.runSlots(4);
    expect(await held(world.keepers[0])).to.deep.equal(await held(world.keepers[1]));
    const asked = world.gossip.sent
      .slice(sentBefore)
      .filter(({ from, to, message }) => from === away && to === liar && message.kind === "catch-up");
    const seconds = 4 * world.parameters.slotSeconds;
    expect(asked.length).to.be.lessThan(seconds);
  });
});
