import { expect } from "chai";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";
import { hashOfSet, keeperSetOf, SCENARIO_DOMAIN } from "../../../support/keeper-doubles.ts";
import {
  ADDRESSES,
  agreeOnScenarios,
  beginSlots,
  DATA,
  finalsOf,
  FIRST,
  FOURTH,
  OTHER_DATA,
  proposalsOf,
  SECOND,
  settle,
  signaturesOf,
  STRANGER,
  THIRD,
} from "../../../support/scenario-keepers.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NEXT_DATA: Hex = "0x0506";

describe("the agreement on scenario sets", () => {
  it("gives everyone the leader's set with a quorum of signatures, rising by signer", async () => {
    const world = await agreeOnScenarios();
    await beginSlots(world);
    expect(finalsOf(world)).to.deep.equal([1, 1, 1, 1]);
    const [final] = world.keepers[2]?.finals ?? [];
    const { configDigest } = keeperSetOf(ADDRESSES);
    expect([final?.setId, final?.data, final?.configDigest]).to.deep.equal([1n, DATA, configDigest]);
    const { signer } = world.keepers[0]!.parts;
    const message = { configDigest, setId: 1n, dataHash: hashOfSet(DATA) };
    const signers = final!.signatures.map((each) => signer.scenarioSetSigner(SCENARIO_DOMAIN, message, each));
    expect(signers).to.have.length(3);
    expect(signers).to.deep.equal([...signers].sort());
    expect(proposalsOf(world).map(({ from }) => from)).to.deep.equal([FIRST]);
  });

  it("makes one set a day, and the next when the day after makes another", async () => {
    const world = await agreeOnScenarios({ publishes: true });
    await beginSlots(world);
    await world.time.run(HOUR_MS);
    for (const address of ADDRESSES) world.histories[address] = OTHER_DATA;
    await beginSlots(world);
    expect(finalsOf(world), "another history on the same day").to.deep.equal([1, 1, 1, 1]);
    await world.time.run(DAY_MS);
    await beginSlots(world);
    expect(finalsOf(world)).to.deep.equal([2, 2, 2, 2]);
    expect(world.keepers[1]?.finals[1]).to.include({ setId: 2n, data: OTHER_DATA });
    await world.time.run(DAY_MS);
    await beginSlots(world);
    expect(finalsOf(world), "the chain has what the history makes").to.deep.equal([2, 2, 2, 2]);
    expect(proposalsOf(world)).to.have.length(2);
  });

  it("does not come about with fewer than a quorum of like histories", async () => {
    const few = await agreeOnScenarios({ present: [FIRST, SECOND] });
    await beginSlots(few);
    expect(finalsOf(few)).to.deep.equal([0, 0]);
    const split = await agreeOnScenarios({ histories: { [SECOND]: OTHER_DATA, [THIRD]: OTHER_DATA } });
    await beginSlots(split);
    expect(finalsOf(split)).to.deep.equal([0, 0, 0, 0]);
    expect(signaturesOf(split).map(({ from }) => from)).to.have.members([FIRST, FOURTH]);
    expect(split.keepers[1]?.reasons()).to.include("differs from the one this keeper's history makes");
  });

  it("comes about with a quorum, though one is away or has another history", async () => {
    const away = await agreeOnScenarios({ present: ADDRESSES.slice(0, 3) });
    await beginSlots(away);
    expect(finalsOf(away)).to.deep.equal([1, 1, 1]);
    const odd = await agreeOnScenarios({ histories: { [SECOND]: OTHER_DATA } });
    await beginSlots(odd);
    expect(finalsOf(odd)).to.deep.equal([1, 1, 1, 1]);
  });

  for (const [side, agreed] of [
    ["the leader's side", OTHER_DATA],
    ["the others' side", DATA],
    ["neither side", NEXT_DATA],
  ] as const)
    it(`comes about on the same day once keepers that were two against two agree on what was ${side}`, async () => {
      const histories = { [FIRST]: OTHER_DATA, [SECOND]: OTHER_DATA } as Record<Hex, Hex>;
      const world = await agreeOnScenarios({ histories, publishes: true });
      await beginSlots(world);
      await world.time.run(HOUR_MS);
      expect(finalsOf(world)).to.deep.equal([0, 0, 0, 0]);
      for (const address of ADDRESSES) histories[address] = agreed;
      await world.time.run(DEFAULT_PARAMETERS.progressMs);
      expect(world.keepers.map(({ finals }) => finals.map(({ data }) => data))).to.deep.equal(
        ADDRESSES.map(() => [agreed]),
      );
      await world.time.run(HOUR_MS);
      expect(world.oracle.state.scenarioSet).to.deep.equal({ setId: 1n, dataHash: hashOfSet(agreed) });
    });

  it("comes about on a later day, whatever stood recorded of the days before", async () => {
    const histories = { [FIRST]: OTHER_DATA, [SECOND]: OTHER_DATA } as Record<Hex, Hex>;
    const world = await agreeOnScenarios({ histories });
    for (let day = 1; day <= 3; day++) {
      world.standing.leader = ADDRESSES[day] ?? FIRST;
      await beginSlots(world);
      await world.time.run(DAY_MS);
    }
    expect(finalsOf(world)).to.deep.equal([0, 0, 0, 0]);
    for (const address of ADDRESSES) histories[address] = NEXT_DATA;
    await beginSlots(world);
    await world.time.run(DEFAULT_PARAMETERS.progressMs);
    expect(world.keepers.map(({ finals }) => finals.map(({ setId }) => setId))).to.deep.equal(
      ADDRESSES.map(() => [1n]),
    );
  });

  it("goes on under the next number when the chain took another set of this one", async () => {
    const world = await agreeOnScenarios({ publishes: true });
    await beginSlots(world);
    world.oracle.state.scenarioSet = { setId: 1n, dataHash: hashOfSet(OTHER_DATA) };
    await beginSlots(world);
    expect(finalsOf(world), "one number a day").to.deep.equal([1, 1, 1, 1]);
    await world.time.run(DAY_MS);
    await beginSlots(world);
    expect(world.keepers[1]?.finals[1]).to.include({ setId: 2n, data: DATA });
  });
});

describe("a leader of scenario sets", () => {
  it("repeats its proposal ever more seldom, and no more once a quorum has signed or another leads", async () => {
    for (const end of ["signed", "replaced"] as const) {
      const histories = { [THIRD]: OTHER_DATA, [FOURTH]: OTHER_DATA } as Record<Hex, Hex>;
      const world = await agreeOnScenarios({ histories });
      await beginSlots(world);
      await beginSlots(world);
      expect(proposalsOf(world)).to.have.length(1);
      await world.time.run(6 * DEFAULT_PARAMETERS.progressMs);
      expect(proposalsOf(world).length).to.be.within(6, 12);
      if (end === "signed") histories[THIRD] = DATA;
      else world.standing.leader = THIRD;
      await world.time.run(DEFAULT_PARAMETERS.progressMs);
      const { length } = proposalsOf(world);
      await world.time.run(HOUR_MS);
      expect(proposalsOf(world), end).to.have.length(length);
      expect(finalsOf(world)).to.deep.equal(ADDRESSES.map(() => (end === "signed" ? 1 : 0)));
    }
  });

  it("proposes nothing again when it restarts in the middle of a day that has its set, on the chain or by its record", async () => {
    const world = await agreeOnScenarios({ publishes: true });
    await beginSlots(world);
    await world.time.run(HOUR_MS);
    expect(world.oracle.state.scenarioSet.setId).to.equal(1n);
    for (const keeper of world.keepers) await keeper.restart();
    for (const leader of ADDRESSES) {
      world.standing.leader = leader;
      await beginSlots(world);
      await world.time.run(HOUR_MS / 4);
    }
    expect(proposalsOf(world)).to.have.length(1);
    for (const address of ADDRESSES) world.histories[address] = OTHER_DATA;
    await beginSlots(world);
    expect(proposalsOf(world), "one number a day").to.have.length(1);
  });

  it("has the set signed again when everyone restarts before anyone published it", async () => {
    const world = await agreeOnScenarios();
    await beginSlots(world);
    for (const keeper of world.keepers) await keeper.restart();
    world.standing.leader = SECOND;
    await beginSlots(world);
    expect(finalsOf(world)).to.deep.equal([2, 2, 2, 2]);
    const [before, after] = world.keepers[3]?.finals ?? [];
    expect(after).to.deep.equal(before);
  });

  it("does not ask its history when the day has its set, nor when another leads", async () => {
    const world = await agreeOnScenarios({ publishes: true });
    world.standing.leader = STRANGER;
    await beginSlots(world);
    expect(world.keepers.map(({ asked }) => asked.times)).to.deep.equal([0, 0, 0, 0]);
    world.standing.leader = FIRST;
    await beginSlots(world);
    await world.time.run(HOUR_MS);
    const before = world.keepers.map(({ asked }) => asked.times);
    for (let slot = 0; slot < 20; slot++) {
      await beginSlots(world);
      await world.time.run(DEFAULT_PARAMETERS.slotSeconds * 1_000);
    }
    expect(world.keepers.map(({ asked }) => asked.times)).to.deep.equal(before);
  });

  it("proposes nothing when another leads by the time its set is built", async () => {
    const late = Promise.withResolvers<Hex>();
    const world = await agreeOnScenarios({ present: [FIRST], histories: { [FIRST]: late.promise } });
    await beginSlots(world);
    world.standing.leader = SECOND;
    late.resolve(DATA);
    await settle(world);
    expect(proposalsOf(world)).to.have.length(0);
  });

  it("is not waited for: the next one proposes while the set of a slow one is being built", async () => {
    const histories = { [FIRST]: new Promise<Hex>(() => undefined) };
    const world = await agreeOnScenarios({ histories });
    await beginSlots(world);
    world.standing.leader = SECOND;
    await beginSlots(world);
    expect(finalsOf(world)).to.deep.equal([1, 1, 1, 1]);
  });
});
