import { expect } from "chai";
import { createGossipRoom } from "../../../../keeper/adapters/memory/gossip.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import { BEFORE_ALL_ROUNDS, nameOfRound, type RoundId } from "../../../../keeper/core/protocol/round-id.ts";
import type { Gossip } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import { createCatchUp } from "../../../../keeper/services/protocol/catch-up.ts";
import { STRANGER } from "../../../support/lone-keeper.ts";
import { virtualTime } from "../../../support/virtual-time.ts";
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

describe("a keeper that was away while the configuration changed", () => {
  const OTHER_DIGEST = asHex(`0x${"ef".repeat(32)}`);

  it("passes over the reports of the old one, however many, and gets all of the new one", async () => {
    const world = simulate({ count: KEEPERS, seed: 75 });
    const [away = "0x", ...others] = world.keepers.map(({ address }) => address);
    await world.startAll();
    await world.runSlots(2);
    world.gossip.faults.partition = [[away], others];
    await world.runSlots(2 * ANSWER_LIMIT);
    world.oracle.state.keeperSet = { ...world.oracle.state.keeperSet, configDigest: OTHER_DIGEST };
    await world.runSlots(10);
    world.gossip.faults.partition = [];
    await world.runSlots(2);
    const newOnes = async (index: number) =>
      (await world.keepers[index]?.store.finalsAfter(BEFORE_ALL_ROUNDS, ALL))
        ?.filter(({ report }) => report.configDigest === OTHER_DIGEST)
        .map(({ report }) => report.round);
    expect(await newOnes(0)).to.deep.equal(await newOnes(1));
    expect((await newOnes(0))?.length).to.be.at.least(10);
    const asksBefore = world.gossip.sent.length;
    await world.runSlots(10);
    const asks = world.gossip.sent
      .slice(asksBefore)
      .filter(({ from, message }) => from === away && message.kind === "catch-up");
    expect(asks).to.have.length(0);
    expect(world.keepers[0]?.lines.filter(({ event }) => event === "final-refused")).to.have.length(0);
  });
});

describe("a gap that a peer cannot fill", () => {
  it("is given up after a few questions in vain, and a true one is not", async () => {
    const room = createGossipRoom();
    const asked: { readonly to: string; readonly after: RoundId }[] = [];
    const time = virtualTime(0);
    const stop = new AbortController();
    const [self, boaster, honest] = ["a1", "b2", "c3"].map((digits) => asHex(`0x${digits.repeat(20)}`));
    if (self === undefined || boaster === undefined || honest === undefined) throw new RangeError("three");
    const state = { newest: { epoch: 1n, round: 5 } };
    const catchUp = createCatchUp(
      {
        gossip: {
          ...room.join(self),
          send: (to, message) => {
            if (message.kind === "catch-up") asked.push({ to, after: message.after });
          },
        },
        timer: time.timer,
        parameters: DEFAULT_PARAMETERS,
        newest: () => state.newest,
      },
      stop.signal,
    );
    const asksOf = (peer: string) => asked.filter(({ to }) => to === peer).map(({ after }) => after.round);
    const { resendMs, graceMs } = DEFAULT_PARAMETERS;
    for (let turn = 0; turn < 3; turn++) {
      catchUp.noticed(boaster, { epoch: 1n, round: 900 });
      await time.run(resendMs + graceMs);
    }
    expect(asksOf(boaster)).to.deep.equal([5, 5, 5]);
    // This keeper is up to date by now with what the others have: the next question begins there.
    state.newest = { epoch: 1n, round: 60 };
    catchUp.noticed(boaster, { epoch: 1n, round: 50 });
    await time.run(resendMs + graceMs);
    expect(asksOf(boaster)).to.have.length(3);
    catchUp.noticed(honest, { epoch: 1n, round: 63 });
    await time.run(resendMs + graceMs);
    catchUp.noticed(honest, { epoch: 1n, round: 63 });
    catchUp.took(honest, { epoch: 1n, round: 61 });
    await time.run(resendMs + graceMs);
    catchUp.took(honest, { epoch: 1n, round: 63 });
    await time.run(10 * resendMs);
    expect(asksOf(honest)).to.deep.equal([60, 60, 61]);
    stop.abort();
  });
});

describe("a keeper that is asked for what a peer missed", () => {
  const asked = async () => {
    const world = simulate({ count: KEEPERS, seed: 76 });
    await world.startAll();
    await world.runSlots(3);
    const [self, peer] = world.keepers;
    if (self === undefined || peer === undefined) throw new RangeError("four keepers");
    const before = world.gossip.sent.length;
    const given = (to: Hex) =>
      world.gossip.sent
        .slice(before)
        .filter(
          ({ from, to: whom, message }) => from === self.address && whom === to && message.kind === "final",
        );
    const ask = (from: Hex) => {
      world.gossip.join(from).send(self.address, { kind: "catch-up", after: BEFORE_ALL_ROUNDS });
    };
    return { world, peer, given, ask };
  };

  it("answers each peer once in a resend time, however often it asks", async () => {
    const { world, peer, given, ask } = await asked();
    for (let turn = 0; turn < 10; turn++) ask(peer.address);
    await world.time.run(world.parameters.resendMs - 1);
    const answer = given(peer.address).length;
    expect(answer).to.be.within(3, 4);
    await world.time.run(2 * world.parameters.resendMs);
    ask(peer.address);
    await world.time.run(world.parameters.resendMs - 1);
    expect(given(peer.address).length).to.equal(2 * answer);
  });

  it("answers nobody who is no keeper", async () => {
    const { world, given, ask } = await asked();
    ask(STRANGER);
    await world.time.run(2 * world.parameters.resendMs);
    expect(given(STRANGER)).to.have.length(0);
  });
});
