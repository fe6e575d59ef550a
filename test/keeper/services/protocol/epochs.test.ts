import { expect } from "chai";
import type { OracleHeader } from "../../../../keeper/ports/oracle-chain.ts";
import type { Gossip } from "../../../../keeper/ports/gossip.ts";
import { simulate, type SimulatedKeeper, type Simulation } from "../../../support/simulated-keepers.ts";

const FAR = 10_000n;
const BEYOND = 10n ** 15n;

/** Lets some keepers' nodes answer something else when asked for the chain's last report. */
function withLyingNodes({ keepers }: Simulation, indexes: readonly number[]) {
  const lie: { change: ((header: OracleHeader) => OracleHeader) | null } = { change: null };
  for (const index of indexes) {
    const keeper = keepers[index];
    if (keeper === undefined) throw new RangeError("no such keeper");
    const { chain } = keeper.parts;
    Object.assign(keeper.parts, {
      chain: {
        ...chain,
        lastReport: async (markets: readonly number[]) => {
          const last = await chain.lastReport(markets);
          return { ...last, header: lie.change?.(last.header) ?? last.header };
        },
      },
    });
  }
  return lie;
}

const epochs = ({ keepers }: Simulation) => keepers.map(({ agreement }) => agreement?.epoch);
const signaturesSince = ({ gossip }: Simulation, { address }: SimulatedKeeper, before: number) =>
  gossip.sent.slice(before).filter(({ from, message }) => from === address && message.kind === "signature");

describe("the epoch of a keeper", () => {
  it("is said with its leader when it begins, also at the start", async () => {
    const world = simulate({ count: 4, seed: 5 });
    await world.startAll();
    await world.runSlots(1);
    for (const { agreement, lines } of world.keepers) {
      const said = lines.filter(({ event }) => event === "epoch-entered").map(({ fields }) => fields);
      expect(said.at(0)).to.have.property("epoch", 1n);
      expect(said.at(-1)).to.deep.equal({ epoch: agreement?.epoch, leader: agreement?.leader() });
    }
  });
});

describe("the epoch of the chain's last report", () => {
  it("moves nobody when one node invents it, and its keeper goes on", async () => {
    for (const epoch of [FAR, BEYOND, 2n ** 64n - 1n]) {
      const world = simulate({ count: 4, seed: 5 });
      const lie = withLyingNodes(world, [0]);
      await world.startAll();
      await world.runSlots(2);
      lie.change = (header) => ({ ...header, epoch });
      await world.runSlots(1);
      lie.change = null;
      await world.runSlots(1);
      const [deceived] = world.keepers;
      if (deceived === undefined) throw new RangeError("four keepers");
      expect(new Set(epochs(world)).size).to.equal(1);
      const before = world.gossip.sent.length;
      await world.runSlots(3);
      expect(signaturesSince(world, deceived, before).length).to.be.greaterThan(0);
      expect(await deceived.store.loadView().then((view) => (view?.wish ?? 0n) < FAR)).to.equal(true);
    }
  });

  it("moves nobody when two of four keepers are behind one node that lies, for a slot or for long", async () => {
    for (const slots of [1, 8]) {
      const world = simulate({ count: 4, seed: 6 });
      const lie = withLyingNodes(world, [0, 1]);
      await world.startAll();
      await world.runSlots(2);
      lie.change = (header) => ({ ...header, epoch: BEYOND });
      await world.runSlots(slots);
      lie.change = null;
      const before = world.oracle.reports.length;
      await world.runSlots(8);
      expect(world.oracle.reports.length).to.be.at.least(before + 6);
      for (const epoch of epochs(world)) expect(epoch! < FAR).to.equal(true);
    }
  });

  it("moves nobody in two slots, and later nobody to where nothing can be signed", async () => {
    for (const [slots, hasMoved] of [
      [2, false],
      [8, true],
    ] as const) {
      const world = simulate({ count: 4, seed: 11 });
      const lie = withLyingNodes(world, [0, 1]);
      await world.startAll();
      await world.runSlots(2);
      lie.change = (header) => ({ ...header, epoch: FAR });
      await world.runSlots(slots);
      lie.change = null;
      await world.runSlots(1);
      const before = world.oracle.reports.length;
      for (const epoch of epochs(world)) expect(epoch! >= FAR).to.equal(hasMoved);
      await world.runSlots(5);
      expect(world.oracle.reports.length).to.be.at.least(before + 4);
    }
  });

  it("brings a network that lost all its stores back to it", async () => {
    const world = simulate({ count: 4, seed: 7 });
    world.oracle.state.header = { epoch: FAR, round: 1, observedAtSeconds: 1 };
    await world.startAll();
    await world.runSlots(8);
    expect(world.oracle.reports.length).to.be.greaterThan(0);
    for (const epoch of epochs(world)) expect(epoch! >= FAR).to.equal(true);
  });
});

describe("an epoch that is far ahead", () => {
  it("is learnt within a slot by a keeper with an empty store, from what the others say", async () => {
    for (const missing of [[], [3]]) {
      const world = simulate({ count: 4, seed: 8 });
      world.oracle.state.header = { epoch: FAR - 1n, round: 1, observedAtSeconds: 1 };
      const [late, ...others] = world.keepers;
      for (const [index, keeper] of others.entries()) {
        await keeper.store.saveView({ epoch: FAR, wish: FAR });
        if (!missing.includes(index + 1)) await keeper.start();
      }
      await world.runSlots(2);
      await late?.start();
      await world.runSlots(1);
      expect(late?.agreement?.epoch).to.equal(others[0]?.agreement?.epoch);
      expect(late!.agreement!.epoch >= FAR).to.equal(true);
    }
  });

  it("is learnt from a signed report, however far", async () => {
    const world = simulate({ count: 4, seed: 9 });
    world.oracle.state.header = { epoch: BEYOND, round: 1, observedAtSeconds: 1 };
    const [late, ...others] = world.keepers;
    for (const keeper of others) {
      await keeper.store.saveView({ epoch: BEYOND, wish: BEYOND });
      await keeper.start();
    }
    await world.runSlots(2);
    await late?.start();
    await world.runSlots(2);
    expect(late!.agreement!.epoch >= BEYOND).to.equal(true);
  });

  it("is not entered because f keepers wish for it", async () => {
    const eager = (gossip: Gossip): Gossip => ({
      ...gossip,
      publish: (message) => {
        gossip.publish(message.kind === "wish" ? { ...message, epoch: message.epoch + 50n } : message);
      },
    });
    const world = simulate({ count: 4, seed: 10, voices: { 2: eager } });
    await world.startAll();
    await world.runSlots(10);
    for (const index of [0, 1, 3]) expect(world.keepers[index]?.agreement?.epoch).to.equal(1n);
  });
});
