import { expect } from "chai";
import { leaderOf } from "../../../../keeper/core/protocol/leaders.ts";
import type { ReportHead } from "../../../../keeper/core/report/typed-data.ts";
import { unpackMarketWord } from "../../../../keeper/core/report/words.ts";
import type { GossipMessage } from "../../../../keeper/ports/gossip.ts";
import { ORACLE_DOMAIN } from "../../../support/keeper-doubles.ts";
import {
  reportsByRound,
  simulate,
  type SimulatedKeeper,
  type Simulation,
} from "../../../support/simulated-keepers.ts";

const SPOT_ROUNDS = 40;
const MILLISECONDS = 1_000;

const newestRounds = ({ keepers }: Simulation, of: readonly number[]) =>
  of.map((index) => keepers[index]?.finals.at(-1)?.report.round ?? -1);

const leaderIndex = ({ keepers, oracle }: Simulation): number => {
  const epoch = keepers.map(({ agreement }) => agreement?.epoch ?? 0n).reduce((a, b) => (a > b ? a : b));
  const { keepers: addresses, configDigest } = oracle.state.keeperSet;
  const leader = leaderOf(epoch, addresses, configDigest);
  return keepers.findIndex(({ address }) => address === leader);
};

function expectSafe(
  { keepers, honestRange }: Simulation,
  honest: readonly SimulatedKeeper[] = keepers,
): void {
  for (const [round, texts] of reportsByRound(honest))
    expect(texts.size, `reports for round ${round}`).to.equal(1);
  for (const { finals } of honest)
    for (const { report } of finals) {
      const range = honestRange.get(report.round);
      const spotE8 = unpackMarketWord(report.markets[0] ?? 0n).spotE8;
      const isWithin = range !== undefined && spotE8 >= range.low && spotE8 <= range.high;
      expect(isWithin, `spot of round ${report.round}`).to.equal(true);
    }
}

const others = (count: number, ...without: readonly number[]) =>
  Array.from({ length: count }, (_, i) => i).filter((index) => !without.includes(index));

describe("the agreement on reports", () => {
  for (const count of [4, 7]) {
    it(`gives ${count.toString()} keepers one report in every slot, and posts each once`, async () => {
      const world = simulate({ count, seed: 11 });
      await world.startAll();
      await world.runSlots(SPOT_ROUNDS);
      expectSafe(world);
      for (const { finals } of world.keepers) expect(finals).to.have.length.at.least(SPOT_ROUNDS);
      const posted = world.oracle.reports.map(({ report }) => report.round);
      expect(posted).to.deep.equal([...new Set(posted)].sort((a, b) => a - b));
      expect(posted).to.have.length.at.least(SPOT_ROUNDS);
    });

    it(`lets every one of ${count.toString()} keepers lead`, async () => {
      const world = simulate({ count, seed: 12, parameters: { slotsPerEpoch: 2 } });
      await world.startAll();
      await world.runSlots(2 * count + 2);
      const leaders = new Set(
        world.gossip.sent.flatMap(({ from, message }) => (message.kind === "proposal" ? [from] : [])),
      );
      expect(leaders.size).to.equal(count);
      expectSafe(world);
    });

    for (const seed of [1, 2, 3])
      it(`survives f liars, losses, delays and replayed messages (${count.toString()} keepers, seed ${seed.toString()})`, async () => {
        const faults = (count - 1) / 3;
        const lies = Object.fromEntries(
          Array.from({ length: faults }, (_, i) => [i, (seen: bigint) => (i % 2 === 0 ? seen * 3n : 1n)]),
        );
        const world = simulate({
          count,
          seed,
          lies,
          faults: { loss: 0.1, replay: 0.1, maxDelayMs: 400 },
        });
        await world.startAll();
        await world.runSlots(SPOT_ROUNDS);
        const honest = world.keepers.slice(faults);
        expectSafe(world, honest);
        for (const { finals } of honest) expect(finals.length).to.be.greaterThan(0.9 * SPOT_ROUNDS);
      });

    it(`replaces a leader that crashed, within three leaders' terms (${count.toString()} keepers)`, async () => {
      const world = simulate({ count, seed: 13 });
      await world.startAll();
      await world.runSlots(3);
      const dead = leaderIndex(world);
      world.keepers[dead]?.crash();
      const alive = others(count, dead);
      const before = newestRounds(world, alive);
      await world.time.run(3 * world.parameters.progressMs + world.parameters.slotSeconds * MILLISECONDS);
      newestRounds(world, alive).forEach((round, i) => {
        expect(round).to.be.greaterThan(before[i] ?? 0);
      });
      expectSafe(world);
    });

    it(`works while all clocks are as far apart as allowed (${count.toString()} keepers)`, async () => {
      const half = 3;
      const skews = Array.from({ length: count }, (_, i) => half - (2 * half * i) / (count - 1));
      const world = simulate({ count, seed: 14, skews });
      await world.startAll();
      await world.runSlots(SPOT_ROUNDS);
      for (const { finals } of world.keepers) expect(finals).to.have.length.at.least(SPOT_ROUNDS - 2);
    });
  }

  it("goes on without f keepers whose clocks are minutes off, and none of them signs", async () => {
    const world = simulate({ count: 4, seed: 15, skews: [0, 300, 0, 0], parameters: { slotsPerEpoch: 3 } });
    await world.startAll();
    await world.runSlots(20);
    for (const index of [0, 2, 3]) expect(world.keepers[index]?.finals.length).to.be.at.least(15);
    const wrong = world.keepers[1]?.address;
    const signed = world.gossip.sent.filter(
      ({ from, message }) => from === wrong && message.kind === "signature",
    );
    expect(signed).to.have.length(0);
  });
});

describe("a partition", () => {
  it("without a quorum on either side stops reports, and healing brings one within three leaders' terms", async () => {
    const world = simulate({ count: 4, seed: 21 });
    const addresses = world.keepers.map(({ address }) => address);
    await world.startAll();
    await world.runSlots(3);
    world.gossip.faults.partition = [addresses.slice(0, 2), addresses.slice(2)];
    await world.runSlots(1);
    const before = newestRounds(world, [0, 1, 2, 3]);
    await world.runSlots(6);
    expect(newestRounds(world, [0, 1, 2, 3])).to.deep.equal(before);
    world.gossip.faults.partition = [];
    await world.time.run(3 * world.parameters.progressMs);
    for (const round of newestRounds(world, [0, 1, 2, 3])) expect(round).to.be.greaterThan(before[0] ?? 0);
    expectSafe(world);
  });

  it("of one keeper leaves the rest at work, and the one catches up when it is over", async () => {
    const world = simulate({ count: 4, seed: 22, parameters: { slotsPerEpoch: 3 } });
    const addresses = world.keepers.map(({ address }) => address);
    await world.startAll();
    await world.runSlots(2);
    world.gossip.faults.partition = [addresses.slice(0, 1), addresses.slice(1)];
    await world.runSlots(10);
    world.gossip.faults.partition = [];
    await world.runSlots(3);
    const [away, witness] = [world.keepers[0], world.keepers[1]];
    const held = async (keeper: SimulatedKeeper | undefined) =>
      (await keeper?.store.finalsAfter({ epoch: 0n, round: 0 }, 100))?.map(({ report }) => report.round);
    expect(await held(away)).to.deep.equal(await held(witness));
    expect(away?.agreement?.epoch).to.equal(witness?.agreement?.epoch);
    expectSafe(world);
  });
});

describe("a keeper that comes late or again", () => {
  it("learns the epoch and the reports it missed", async () => {
    const world = simulate({ count: 4, seed: 31, parameters: { slotsPerEpoch: 3 } });
    const [late, ...early] = world.keepers;
    for (const keeper of early) await keeper.start();
    await world.runSlots(10);
    await late?.start();
    await world.runSlots(3);
    expect(late?.agreement?.epoch).to.equal(early[0]?.agreement?.epoch);
    expect((await late?.store.finalsAfter({ epoch: 0n, round: 0 }, 100))?.length).to.be.at.least(10);
    const signed = () =>
      world.gossip.sent.filter(({ from, message }) => from === late?.address && message.kind === "signature");
    expect(signed(), "its store is new").to.have.length(0);
    await world.runSlots(3);
    expect(signed().length).to.be.greaterThan(0);
  });

  it("never signs two reports for one round, though it crashes and returns in the middle of it", async () => {
    const world = simulate({ count: 4, seed: 32, faults: { loss: 0.2, maxDelayMs: 900 } });
    await world.startAll();
    for (let turn = 0; turn < 30; turn++) {
      await world.time.run(world.random.uniform() * 9_000);
      const keeper = world.keepers[world.random.index(4)];
      keeper?.crash();
      await world.time.run(world.random.uniform() * 2_000);
      await keeper?.start();
    }
    await world.runSlots(4);
    const signed = new Map<string, ReportHead>();
    for (const { from, message } of world.gossip.sent) {
      if (message.kind !== "signature") continue;
      const { head } = message;
      const slot = `${from}/${head.epoch.toString()}/${head.round.toString()}`;
      expect(signed.get(slot) ?? head, slot).to.deep.equal(head);
      signed.set(slot, head);
    }
    expectSafe(world);
    for (const { finals } of world.keepers) expect(finals.length).to.be.greaterThan(0);
  });
});

describe("a keeper that is excluded", () => {
  it("counts no more from the next slot on, and the rest go on under the same digest with the same quorum", async () => {
    const SLOTS = 12;
    const world = simulate({ count: 4, seed: 71, parameters: { slotsPerEpoch: 3 } });
    await world.startAll();
    await world.runSlots(4);
    const { state, reports } = world.oracle;
    const { keeperSet } = state;
    const excluded = world.keepers[2]?.address;
    const isLeft = (_: unknown, place: number) => keeperSet.keepers[place] !== excluded;
    state.keeperSet = {
      ...keeperSet,
      keepers: keeperSet.keepers.filter(isLeft),
      networkKeys: keeperSet.networkKeys.filter(isLeft),
    };
    await world.runSlots(1);
    const before = reports.length;
    await world.runSlots(SLOTS);
    expectSafe(world, world.keepers.slice(0, 2));
    expect(reports.length - before).to.be.at.least(SLOTS - 2);
    const signer = world.keepers[0]?.parts.signer;
    for (const { report, signatures } of reports.slice(before)) {
      const signers = signatures.map((each) =>
        signer?.headSigner(ORACLE_DOMAIN, signer.headOf(report), each),
      );
      expect(signers).to.have.length(3).and.not.include(excluded);
      expect(report.configDigest).to.equal(keeperSet.configDigest);
    }
  });
});

describe("a leader that says different things to different keepers", () => {
  it("gets no two reports signed for one round and is replaced", async () => {
    const twist = (message: GossipMessage): GossipMessage =>
      message.kind === "proposal" && message.observations.length > 3
        ? { ...message, observations: message.observations.slice(1) }
        : message;
    const world = simulate({
      count: 4,
      seed: 41,
      parameters: { slotsPerEpoch: 3 },
      voices: {
        2: (gossip, { gossip: room }) => ({
          ...gossip,
          publish: (message) => {
            const members = world.keepers.map(({ address }) => address);
            members.forEach((to, i) => {
              room.join(gossip.self).send(to, i % 2 === 0 ? message : twist(message));
            });
          },
        }),
      },
    });
    await world.startAll();
    await world.runSlots(SPOT_ROUNDS);
    const honest = world.keepers.filter((_, index) => index !== 2);
    expectSafe(world, honest);
    const twisted = world.gossip.sent.filter(
      ({ from, message }) =>
        from === world.keepers[2]?.address &&
        message.kind === "proposal" &&
        message.observations.length === 3,
    );
    expect(twisted.length).to.be.greaterThan(0);
    for (const { finals } of honest) expect(finals.length).to.be.greaterThan(0.6 * SPOT_ROUNDS);
  });
});

describe("the rule when to report", () => {
  it("leaves the chain alone until the heartbeat while nothing moves, and keeps its leader", async () => {
    const world = simulate({
      count: 4,
      seed: 51,
      parameters: { heartbeatSeconds: 120, spotDeviationBps: 50n },
    });
    await world.startAll();
    await world.runSlots(20);
    const times = world.oracle.reports.map(({ report }) => report.observedAt);
    expect(times).to.have.length(3);
    times.slice(1).forEach((time, i) => {
      expect(time - (times[i] ?? 0)).to.be.within(120, 135);
    });
    expect(world.keepers.map(({ agreement }) => agreement?.epoch)).to.deep.equal([1n, 1n, 1n, 1n]);
  });

  it("lets another leader confirm a jump in the slot after it, and then rests again", async () => {
    const world = simulate({
      count: 4,
      seed: 53,
      parameters: { heartbeatSeconds: 3_600, spotDeviationBps: 50n },
    });
    await world.startAll();
    await world.runSlots(5);
    expect(world.oracle.reports.map(({ report }) => report.epoch)).to.deep.equal([1n]);
    world.oracle.state.quarantinedMarkets = 1;
    await world.runSlots(2);
    expect(world.oracle.reports.map(({ report }) => report.epoch)).to.deep.equal([1n, 2n]);
    world.oracle.state.quarantinedMarkets = 0;
    await world.runSlots(10);
    expect(world.oracle.reports).to.have.length(2);
    expectSafe(world);
  });

  it("reports in the slot in which the spot moves", async () => {
    const world = simulate({
      count: 4,
      seed: 52,
      parameters: { heartbeatSeconds: 3_600, spotDeviationBps: 50n },
    });
    await world.startAll();
    await world.runSlots(5);
    expect(world.oracle.reports).to.have.length(1);
    world.truth.spotE8 = (world.truth.spotE8 * 101n) / 100n;
    await world.runSlots(1);
    expect(world.oracle.reports).to.have.length(2);
  });
});
