import { expect } from "chai";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import type { KeeperSet } from "../../../../keeper/ports/oracle-chain.ts";
import { reportsByRound, simulate, type Simulation } from "../../../support/simulated-keepers.ts";

const NEXT_DIGEST = asHex(`0x${"ef".repeat(32)}`);
const NEWCOMER = asHex(`0x${"77".repeat(20)}`);
const COUNT = 4;
const SLOTS_BEFORE = 6;
const SLOTS_AFTER = 12;
/** Slots in which some keepers work under the old configuration and some under the new one, and the one after. */
const MIXED_SLOTS = 3;

/** Lets a keeper see the registry as it was some slots ago, as a node that lags shows it. */
function lag(world: Simulation, index: number, slots: number): void {
  const { chain } = world.keepers[index]!.parts;
  const seen: KeeperSet[] = [];
  const keeperSet = async (): Promise<KeeperSet> => {
    seen.push(await world.oracle.chain.keeperSet());
    return seen.at(-1 - slots) ?? seen[0]!;
  };
  Object.assign(world.keepers[index]!.parts, { chain: { ...chain, keeperSet } });
}

const digestsAfter = (world: Simulation, index: number, round: number): ReadonlySet<Hex> =>
  new Set(
    world.keepers[index]!.finals.filter(({ report }) => report.round >= round).map(
      ({ report }) => report.configDigest,
    ),
  );

describe("a change of the configuration while keepers agree", () => {
  for (const lags of [
    [0, 0, 0, 0],
    [1, 0, 1, 0],
  ])
    it(`goes on with reports under the new one when ${lags.filter((slots) => slots > 0).length} see it a slot later`, async () => {
      const world = simulate({ count: COUNT, seed: 11 });
      for (const [index, slots] of lags.entries()) lag(world, index, slots);
      await world.startAll();
      await world.runSlots(SLOTS_BEFORE);
      const { state } = world.oracle;
      state.keeperSet = { ...state.keeperSet, configDigest: NEXT_DIGEST };
      await world.runSlots(SLOTS_AFTER);
      const last = world.keepers[0]!.finals.at(-1)!.report.round;
      const settled = last - SLOTS_AFTER + MIXED_SLOTS;
      for (const [index, { finals }] of world.keepers.entries()) {
        expect([...digestsAfter(world, index, settled)]).to.deep.equal([NEXT_DIGEST]);
        const rounds = new Set(finals.map(({ report }) => report.round).filter((round) => round >= settled));
        expect(rounds.size).to.equal(SLOTS_AFTER - MIXED_SLOTS + 1);
      }
      for (const reports of reportsByRound(world.keepers).values()) expect(reports.size).to.equal(1);
    });

  it("goes on without a keeper whose key left the set", async () => {
    const world = simulate({ count: COUNT, seed: 12 });
    await world.startAll();
    await world.runSlots(SLOTS_BEFORE);
    const { state } = world.oracle;
    const [gone] = state.keeperSet.keepers;
    const keepers = [...state.keeperSet.keepers.slice(1), NEWCOMER];
    const networkKeys = [...state.keeperSet.networkKeys.slice(1), asHex(`0x${"88".repeat(32)}`)];
    state.keeperSet = { ...state.keeperSet, configDigest: NEXT_DIGEST, keepers, networkKeys };
    await world.runSlots(SLOTS_AFTER);
    const staying = world.keepers.findIndex(({ address }) => address !== gone);
    const last = world.keepers[staying]!.finals.at(-1)!.report;
    expect(last.configDigest).to.equal(NEXT_DIGEST);
    expect(last.round - world.keepers[staying]!.finals[0]!.report.round).to.be.greaterThan(SLOTS_BEFORE);
  });
});
