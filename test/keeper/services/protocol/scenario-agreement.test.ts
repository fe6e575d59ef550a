import { expect } from "chai";
import { createGossipRoom, type GossipRoom } from "../../../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../../../keeper/adapters/memory/keeper-store.ts";
import { transmissionTurn } from "../../../../keeper/core/protocol/leaders.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { GossipMessage, SignedScenarioSet } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import {
  joinScenarioAgreement,
  publishScenarioSet,
  type ScenarioAgreement,
  type ScenarioParts,
} from "../../../../keeper/services/protocol/scenario-agreement.ts";
import {
  keeperSetOf,
  oracleDouble,
  ORACLE_DOMAIN,
  recordingTelemetry,
  SCENARIO_DOMAIN,
} from "../../../support/keeper-doubles.ts";
import { hashSigner, START_SECONDS } from "../../../support/simulated-keepers.ts";
import { virtualTime, type VirtualTime } from "../../../support/virtual-time.ts";

const DAY_SECONDS = 86_400;
const ADDRESSES = ["a1", "b2", "c3", "d4"].map((digits) => asHex(`0x${digits.repeat(20)}`));
const [LEADER = "0x", SECOND = "0x", THIRD = "0x"] = ADDRESSES;
const STRANGER = asHex(`0x${"e5".repeat(20)}`);
const DATA: Hex = "0x0102";
const OTHER_DATA: Hex = "0x0304";

interface Member {
  readonly parts: ScenarioParts;
  readonly agreement: ScenarioAgreement;
  readonly finals: SignedScenarioSet[];
  reasons(): string;
}

interface World {
  readonly members: readonly Member[];
  readonly room: GossipRoom;
  readonly heard: { readonly from: Hex; readonly message: GossipMessage }[];
  readonly oracle: ReturnType<typeof oracleDouble>;
  readonly time: VirtualTime;
  readonly stop: AbortController;
}

interface Options {
  readonly present?: readonly Hex[];
  readonly histories?: Readonly<Record<Hex, Hex>>;
  readonly keepers?: readonly Hex[];
}

async function agreeing({
  present = ADDRESSES,
  histories = {},
  keepers = ADDRESSES,
}: Options = {}): Promise<World> {
  const oracle = oracleDouble(keepers, []);
  const room = createGossipRoom();
  const time = virtualTime(START_SECONDS);
  const stop = new AbortController();
  const heard: { readonly from: Hex; readonly message: GossipMessage }[] = [];
  room.join(STRANGER).subscribe((from, message) => heard.push({ from, message }));
  const members = await Promise.all(
    present.map(async (address): Promise<Member> => {
      const telemetry = recordingTelemetry();
      const finals: SignedScenarioSet[] = [];
      const parts: ScenarioParts = {
        chain: oracle.chain,
        gossip: room.join(address),
        signer: hashSigner(address, [...ADDRESSES, STRANGER]),
        store: createMemoryStore(),
        clock: time.clockAhead(0),
        timer: time.timer,
        telemetry,
        parameters: DEFAULT_PARAMETERS,
        agreement: {
          committee: { keeperSet: oracle.state.keeperSet, domain: ORACLE_DOMAIN, markets: [] },
          epoch: 1n,
          isLeader: () => address === LEADER,
          leader: () => LEADER,
        },
        buildScenarioSet: () => Promise.resolve(histories[address] ?? DATA),
      };
      const accepted = (final: SignedScenarioSet) => {
        finals.push(final);
      };
      const agreement = await joinScenarioAgreement(parts, accepted, stop.signal);
      const reasons = () => telemetry.lines.map(({ fields }) => String(fields["reason"])).join("\n");
      return { parts, agreement, finals, reasons };
    }),
  );
  return { members, room, heard, oracle, time, stop };
}

const settled = async ({ time }: World) => {
  for (let turn = 0; turn < 3; turn++) await time.run(10);
};
const signaturesOf = ({ heard }: World) =>
  heard.flatMap(({ from, message }) => (message.kind === "scenario-signature" ? [{ from, ...message }] : []));
const finalsOf = ({ members }: World) => members.map(({ finals }) => finals.length);
const proposeAll = async (world: World) => {
  for (const { agreement } of world.members) await agreement.propose();
  await settled(world);
};

describe("the agreement on scenario sets", () => {
  it("gives everyone the leader's set with a quorum of signatures, rising by signer", async () => {
    const world = await agreeing();
    await proposeAll(world);
    expect(finalsOf(world)).to.deep.equal([1, 1, 1, 1]);
    const [final] = world.members[2]?.finals ?? [];
    expect([final?.setId, final?.data, final?.configDigest]).to.deep.equal([
      1n,
      DATA,
      keeperSetOf(ADDRESSES).configDigest,
    ]);
    const { signer } = world.members[0]!.parts;
    const message = { configDigest: final!.configDigest, setId: 1n, dataHash: signer.hashData(DATA) };
    const signers = final!.signatures.map((each) => signer.scenarioSetSigner(SCENARIO_DOMAIN, message, each));
    expect(signers).to.have.length(3);
    expect(signers).to.deep.equal([...signers].sort());
    const proposals = world.heard.filter(({ message: { kind } }) => kind === "scenario-proposal");
    expect(proposals.map(({ from }) => from)).to.deep.equal([LEADER]);
  });

  it("makes one set a day, and the next on the next day", async () => {
    const world = await agreeing();
    await proposeAll(world);
    world.oracle.state.scenarioSetId = 1n;
    await proposeAll(world);
    expect(finalsOf(world)).to.deep.equal([1, 1, 1, 1]);
    await world.time.run(DAY_SECONDS * 1_000);
    await proposeAll(world);
    expect(finalsOf(world)).to.deep.equal([2, 2, 2, 2]);
    expect(world.members[1]?.finals[1]?.setId).to.equal(2n);
  });

  it("does not come about with fewer than a quorum of like histories", async () => {
    const few = await agreeing({ present: [LEADER, SECOND] });
    await proposeAll(few);
    expect(finalsOf(few)).to.deep.equal([0, 0]);
    const split = await agreeing({ histories: { [SECOND]: OTHER_DATA, [THIRD]: OTHER_DATA } });
    await proposeAll(split);
    expect(finalsOf(split)).to.deep.equal([0, 0, 0, 0]);
    expect(signaturesOf(split).map(({ from }) => from)).not.to.include(SECOND);
    expect(split.members[1]?.reasons()).to.include("differs from the one this keeper's history makes");
  });

  it("comes about with a quorum, though one is away or has another history", async () => {
    const away = await agreeing({ present: ADDRESSES.slice(0, 3) });
    await proposeAll(away);
    expect(finalsOf(away)).to.deep.equal([1, 1, 1]);
    const odd = await agreeing({ histories: { [SECOND]: OTHER_DATA } });
    await proposeAll(odd);
    expect(finalsOf(odd)).to.deep.equal([1, 1, 1, 1]);
  });
});

describe("a follower of scenario sets", () => {
  const says = async (world: World, from: Hex, message: GossipMessage) => {
    world.room.join(from).publish(message);
    await settled(world);
  };

  it("signs for the leader alone, and only the set after the chain's", async () => {
    const world = await agreeing({ present: [SECOND] });
    await says(world, THIRD, { kind: "scenario-proposal", setId: 1n, data: DATA });
    await says(world, LEADER, { kind: "scenario-proposal", setId: 2n, data: DATA });
    await says(world, STRANGER, { kind: "scenario-proposal", setId: 1n, data: DATA });
    expect(signaturesOf(world)).to.have.length(0);
    expect(world.members[0]?.reasons())
      .to.include(`${THIRD} does not lead`)
      .and.include("set 2 does not follow the chain's 0")
      .and.not.include(STRANGER);
    await says(world, LEADER, { kind: "scenario-proposal", setId: 1n, data: DATA });
    expect(signaturesOf(world).map(({ from }) => from)).to.deep.equal([SECOND]);
  });

  it("signs no second set on one day, nor another one of the same number", async () => {
    const histories: Record<Hex, Hex> = {};
    const world = await agreeing({ present: [SECOND], histories });
    await says(world, LEADER, { kind: "scenario-proposal", setId: 1n, data: DATA });
    histories[SECOND] = OTHER_DATA;
    await says(world, LEADER, { kind: "scenario-proposal", setId: 1n, data: OTHER_DATA });
    world.oracle.state.scenarioSetId = 1n;
    await says(world, LEADER, { kind: "scenario-proposal", setId: 2n, data: OTHER_DATA });
    expect(signaturesOf(world).map(({ dataHash }) => dataHash)).to.deep.equal([
      world.members[0]?.parts.signer.hashData(DATA),
    ]);
    expect(world.members[0]?.reasons())
      .to.match(/another set stands recorded for scenarios\/0x\w+\/1/)
      .and.match(/another set stands recorded for scenario-day/);
  });

  it("signs nothing when its key is not in the set", async () => {
    const keepers = [LEADER, THIRD, ADDRESSES[3] ?? "0x", STRANGER];
    const world = await agreeing({ present: [SECOND], keepers });
    await says(world, LEADER, { kind: "scenario-proposal", setId: 1n, data: DATA });
    expect(signaturesOf(world)).to.have.length(0);
    expect(world.members[0]?.reasons()).to.include(`${SECOND} is not among the keepers`);
  });

  it("counts signatures over its own set, number and configuration, each by its author", async () => {
    const world = await agreeing({ present: [LEADER] });
    const dataHash = world.members[0]!.parts.signer.hashData(DATA);
    const otherHash = world.members[0]!.parts.signer.hashData(OTHER_DATA);
    const { configDigest } = world.oracle.state.keeperSet;
    const signatureOf = (author: Hex, setId: bigint, hash: Hex, digest = configDigest) =>
      hashSigner(author, ADDRESSES).signScenarioSet(SCENARIO_DOMAIN, {
        configDigest: digest,
        setId,
        dataHash: hash,
      });
    await proposeAll(world);
    const signed = async (from: Hex, author: Hex, setId = 1n, hash = dataHash, digest = configDigest) => {
      const signature = await signatureOf(author, setId, hash, digest);
      await says(world, from, { kind: "scenario-signature", setId, dataHash: hash, signature });
    };
    await signed(SECOND, SECOND);
    await signed(THIRD, THIRD, 1n, otherHash);
    await signed(THIRD, THIRD, 2n);
    await signed(THIRD, THIRD, 1n, dataHash, otherHash);
    await signed(THIRD, SECOND);
    await signed(STRANGER, STRANGER);
    expect(finalsOf(world)).to.deep.equal([0]);
    await signed(THIRD, THIRD);
    expect(finalsOf(world)).to.deep.equal([1]);
    await signed(ADDRESSES[3] ?? "0x", ADDRESSES[3] ?? "0x");
    expect(finalsOf(world)).to.deep.equal([1]);
  });

  it("completes a set whose signatures came before its own was made", async () => {
    const late = Promise.withResolvers<Hex>();
    const world = await agreeing();
    const early: bigint[] = [];
    await joinScenarioAgreement(
      {
        ...world.members[3]!.parts,
        gossip: world.room.join(ADDRESSES[3] ?? "0x"),
        store: createMemoryStore(),
        buildScenarioSet: () => late.promise,
      },
      (final) => early.push(final.setId),
      world.stop.signal,
    );
    await proposeAll(world);
    late.resolve(DATA);
    await settled(world);
    expect(early).to.deep.equal([1n]);
  });

  it("takes a final once, and none without exactly a quorum of keepers' signatures under the configuration", async () => {
    const made = await agreeing();
    await proposeAll(made);
    const [final] = made.members[0]!.finals;
    if (final === undefined) throw new Error("no set was agreed");
    const [a = "0x", b = "0x", c = "0x"] = final.signatures;
    const { signer } = made.members[0]!.parts;
    const strange = await hashSigner(STRANGER, []).signScenarioSet(SCENARIO_DOMAIN, {
      configDigest: final.configDigest,
      setId: 1n,
      dataHash: signer.hashData(DATA),
    });
    const world = await agreeing({ present: [SECOND] });
    for (const forged of [
      { ...final, data: OTHER_DATA },
      { ...final, setId: 2n },
      { ...final, configDigest: asHex(`0x${"ee".repeat(32)}`) },
      { ...final, signatures: [a, b] },
      { ...final, signatures: [a, b, c, a] },
      { ...final, signatures: [a, b, b] },
      { ...final, signatures: [a, b, strange] },
      { ...final, signatures: [a, b, "0x00" as const] },
    ])
      await says(world, LEADER, { kind: "scenario-final", ...forged });
    expect(finalsOf(world)).to.deep.equal([0]);
    for (let turn = 0; turn < 3; turn++) await says(world, LEADER, { kind: "scenario-final", ...final });
    expect(finalsOf(world)).to.deep.equal([1]);
    const echoes = world.heard.filter(
      ({ from, message }) => from === SECOND && message.kind === "scenario-final",
    );
    expect(echoes).to.have.length(1);
  });

  it("stays silent after it was stopped", async () => {
    const world = await agreeing({ present: [SECOND] });
    world.stop.abort();
    await says(world, LEADER, { kind: "scenario-proposal", setId: 1n, data: DATA });
    expect(signaturesOf(world)).to.have.length(0);
  });
});

describe("the publication of a scenario set", () => {
  const stage = async () => {
    const world = await agreeing();
    const final: SignedScenarioSet = {
      setId: 1n,
      data: DATA,
      configDigest: world.oracle.state.keeperSet.configDigest,
      signatures: [],
    };
    const published: Hex[] = [];
    const turnOf = (address: Hex) =>
      transmissionTurn(
        address,
        { epoch: 1n, round: 0 },
        world.oracle.state.keeperSet.keepers,
        final.configDigest,
      );
    const publish = ({ parts }: Member) =>
      publishScenarioSet(
        {
          ...parts,
          chain: {
            ...parts.chain,
            publishScenarioSet: (...given) => {
              published.push(parts.signer.address);
              return parts.chain.publishScenarioSet(...given);
            },
          },
        },
        final,
        world.stop.signal,
      );
    return { world, published, turnOf, publish };
  };

  it("is the first keeper's in turn; the others look at the chain and stay silent", async () => {
    const { world, published, turnOf, publish } = await stage();
    const all = world.members.map(publish);
    await world.time.run(0);
    expect(published.map(turnOf)).to.deep.equal([0]);
    await world.time.run(ADDRESSES.length * DEFAULT_PARAMETERS.stageMs);
    await Promise.all(all);
    expect(published).to.have.length(1);
  });

  it("falls to the next in turn, no earlier than a stage later, and ends with the process", async () => {
    const { world, published, turnOf, publish } = await stage();
    const all = world.members.filter(({ parts }) => turnOf(parts.signer.address) > 0).map(publish);
    await world.time.run(DEFAULT_PARAMETERS.stageMs - 1);
    expect(published).to.have.length(0);
    await world.time.run(1);
    expect(published.map(turnOf)).to.deep.equal([1]);
    world.stop.abort(new Error("stopped"));
    await Promise.allSettled(all);
    expect(published).to.have.length(1);
  });
});
