import { expect } from "chai";
import { slotAt } from "../../../../keeper/core/protocol/parameters.ts";
import { simulate, START_SECONDS, type Simulation } from "../../../support/simulated-keepers.ts";

const HOUR_SECONDS = 3_600;
const SLOT_MS = 15_000;

/** Lets the clocks of some keepers show another time for a moment. */
function withJumpingClocks({ keepers }: Simulation, indexes: readonly number[]) {
  const jump = { seconds: 0 };
  for (const index of indexes) {
    const keeper = keepers[index];
    if (keeper === undefined) throw new RangeError("no such keeper");
    const { clock } = keeper.parts;
    Object.assign(keeper.parts, { clock: { nowSeconds: () => clock.nowSeconds() + jump.seconds } });
  }
  return jump;
}

const signedBy = ({ gossip }: Simulation, before: number) =>
  new Set(
    gossip.sent.slice(before).flatMap(({ from, message }) => (message.kind === "signature" ? [from] : [])),
  );

describe("a clock that is an hour ahead for a moment", () => {
  for (const indexes of [[0], [0, 1, 2], [0, 1, 2, 3]])
    it(`silences nobody afterwards (${indexes.length.toString()} of 4 keepers)`, async () => {
      const world = simulate({ count: 4, seed: 81, parameters: { slotsPerEpoch: 2 } });
      const jump = withJumpingClocks(world, indexes);
      await world.startAll();
      await world.runSlots(3);
      jump.seconds = HOUR_SECONDS;
      await world.time.run(500);
      jump.seconds = 0;
      await world.runSlots(2);
      const [reports, sent] = [world.oracle.reports.length, world.gossip.sent.length];
      await world.runSlots(10);
      expect(world.oracle.reports.length).to.be.at.least(reports + 9);
      expect(signedBy(world, sent).size).to.equal(4);
      const leaders = new Set(
        world.gossip.sent
          .slice(sent)
          .flatMap(({ from, message }) => (message.kind === "proposal" ? [from] : [])),
      );
      expect(leaders.size).to.equal(4);
    });
});

describe("a slot that was decided while all clocks were ahead", () => {
  it("does not keep the network from reporting when they are right again", async () => {
    const world = simulate({
      count: 4,
      seed: 85,
      parameters: { heartbeatSeconds: 3 * HOUR_SECONDS, spotDeviationBps: 50n },
    });
    const jump = withJumpingClocks(world, [0, 1, 2, 3]);
    await world.startAll();
    await world.runSlots(2);
    jump.seconds = HOUR_SECONDS;
    await world.time.run(3_000);
    jump.seconds = 0;
    await world.time.run(SLOT_MS);
    const reports = world.oracle.reports.length;
    world.truth.spotE8 = (world.truth.spotE8 * 101n) / 100n;
    await world.runSlots(2);
    expect(world.oracle.reports.length).to.equal(reports + 1);
  });
});

describe("a slot", () => {
  it("that lies one below the present one is no reason to step back", async () => {
    const world = simulate({ count: 4, seed: 82 });
    await world.startAll();
    await world.runSlots(1);
    const [first] = world.keepers;
    const slot = slotAt(START_SECONDS, world.parameters) + 1;
    const before = world.gossip.sent.length;
    await first?.agreement?.beginSlot(slot - 1);
    await first?.agreement?.beginSlot(slot);
    expect(world.gossip.sent.length).to.equal(before);
  });

  it("that is not decided sees the wishes repeated, ever more seldom until one changes, so that a lost one does not matter", async () => {
    const world = simulate({ count: 4, seed: 83, faults: { loss: 1 } });
    await world.startAll();
    const [first, second] = world.keepers;
    const { resendMs } = world.parameters;
    const saidBy: number[] = [];
    for (let atMs = resendMs; atMs <= SLOT_MS; atMs += resendMs) {
      const before = world.gossip.sent.length;
      await world.time.run(resendMs);
      const said = world.gossip.sent
        .slice(before)
        .filter(
          ({ from, to, message }) =>
            from === first?.address && to === second?.address && message.kind === "wish",
        );
      saidBy.push(...said.map(() => atMs / resendMs));
    }
    // At once, and after 1, 2, 4 more; the wish for the next leader after 10, and so on; the next slot.
    expect(saidBy).to.deep.equal([1, 1, 3, 7, 10, 11, 12, 14, 15]);
  });

  it("that is over sees no more of its wishes: those of the next one are enough", async () => {
    const world = simulate({ count: 4, seed: 83, faults: { loss: 1 } });
    await world.startAll();
    await world.runSlots(3);
    const before = world.gossip.sent.length;
    await world.time.run(5 * world.parameters.resendMs);
    const [first, second] = world.keepers;
    const wishes = world.gossip.sent
      .slice(before)
      .filter(
        ({ from, to, message }) =>
          from === first?.address && to === second?.address && message.kind === "wish",
      );
    expect(wishes).to.have.length(2);
  });

  it("that is decided is quiet", async () => {
    const world = simulate({ count: 4, seed: 84 });
    await world.startAll();
    await world.time.run(3_000);
    expect(world.oracle.reports).to.have.length(1);
    const before = world.gossip.sent.length;
    await world.time.run(SLOT_MS - 4_000);
    expect(world.gossip.sent.slice(before).filter(({ message }) => message.kind === "wish")).to.have.length(
      0,
    );
  });
});
