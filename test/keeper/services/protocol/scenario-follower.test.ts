import { expect } from "chai";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { SignedScenarioSet } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
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
  says,
  type ScenarioWorld,
  SECOND,
  settle,
  signaturesOf,
  STRANGER,
  THIRD,
} from "../../../support/scenario-keepers.ts";
import { hashSigner } from "../../../support/simulated-keepers.ts";

const DAY_MS = 86_400_000;
const FLOOD = 1_000;
const { configDigest: DIGEST } = keeperSetOf(ADDRESSES);
const OTHER_DIGEST = asHex(`0x${"ee".repeat(32)}`);

const propose = (world: ScenarioWorld, setId: bigint, data: Hex, from = FIRST) =>
  says(world, from, { kind: "scenario-proposal", setId, data });
const signatureOf = (author: Hex, setId: bigint, data: Hex, configDigest = DIGEST) =>
  hashSigner(author, [...ADDRESSES, STRANGER]).signScenarioSet(SCENARIO_DOMAIN, {
    configDigest,
    setId,
    dataHash: hashOfSet(data),
  });
const signedBy = async (authors: readonly Hex[], setId: bigint, data: Hex): Promise<SignedScenarioSet> => ({
  setId,
  data,
  configDigest: DIGEST,
  signatures: await Promise.all(authors.map((author) => signatureOf(author, setId, data))),
});
const hashesOf = (world: ScenarioWorld) => signaturesOf(world).map(({ dataHash }) => dataHash);

describe("a follower of scenario sets", () => {
  it("signs for the leader alone, and only the set after the chain's", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    await propose(world, 1n, DATA, THIRD);
    await propose(world, 2n, DATA);
    await propose(world, 1n, DATA, STRANGER);
    expect(signaturesOf(world)).to.have.length(0);
    expect(world.keepers[0]?.reasons())
      .to.include(`${THIRD} does not lead`)
      .and.include("set 2 does not follow the chain's 0")
      .and.not.include(STRANGER);
    await propose(world, 1n, DATA);
    expect(signaturesOf(world).map(({ from }) => from)).to.deep.equal([SECOND]);
  });

  it("signs one number a day, also with other bytes and after a restart", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    const [keeper] = world.keepers;
    await propose(world, 1n, DATA);
    world.histories[SECOND] = OTHER_DATA;
    await propose(world, 1n, OTHER_DATA);
    expect(hashesOf(world)).to.deep.equal([DATA, OTHER_DATA].map(hashOfSet));
    world.oracle.state.scenarioSet = { setId: 1n, dataHash: hashOfSet(DATA) };
    await propose(world, 2n, OTHER_DATA);
    await keeper?.restart();
    const asked = keeper?.asked.times;
    await propose(world, 2n, OTHER_DATA);
    expect(hashesOf(world)).to.have.length(2);
    expect(keeper?.asked.times, "the record is read first").to.equal(asked);
    expect(keeper?.reasons()).to.match(/another number stands recorded for scenario-number\/0x\w+\/20486/);
    await world.time.run(DAY_MS);
    await propose(world, 2n, OTHER_DATA);
    expect(signaturesOf(world).map(({ setId }) => setId)).to.deep.equal([1n, 1n, 2n]);
  });

  it("signs no second set of the bytes in force", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    world.oracle.state.scenarioSet = { setId: 1n, dataHash: hashOfSet(DATA) };
    await propose(world, 2n, DATA);
    expect(signaturesOf(world)).to.have.length(0);
    expect(world.keepers[0]?.reasons()).to.include("the set in force holds the same bytes");
    expect(world.keepers[0]?.asked.times).to.equal(0);
  });

  it("repeats its signature when the leader asks again, and takes no other", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    const signer = world.keepers[0]!.parts.signer;
    let signed = 0;
    Object.assign(signer, {
      signScenarioSet: (...given: Parameters<typeof signer.signScenarioSet>) => {
        signed++;
        return hashSigner(SECOND, ADDRESSES).signScenarioSet(...given);
      },
    });
    for (let turn = 0; turn < 3; turn++) await propose(world, 1n, DATA);
    expect(hashesOf(world)).to.deep.equal([1, 2, 3].map(() => hashOfSet(DATA)));
    expect(signed).to.equal(1);
  });

  it("signs nothing when its key is not in the set", async () => {
    const keepers = [FIRST, THIRD, FOURTH, STRANGER];
    const world = await agreeOnScenarios({ present: [SECOND], keepers });
    await propose(world, 1n, DATA);
    expect(signaturesOf(world)).to.have.length(0);
    expect(world.keepers[0]?.reasons()).to.include(`${SECOND} is not among the keepers`);
  });

  it("signs nothing when its record cannot be written, and tries again when it is asked again", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    const { store } = world.keepers[0]!;
    const record = store.record.bind(store);
    Object.assign(store, { record: () => Promise.reject(new Error("disk full")) });
    await propose(world, 1n, DATA);
    expect(signaturesOf(world)).to.have.length(0);
    Object.assign(store, { record });
    await propose(world, 1n, DATA);
    expect(signaturesOf(world)).to.have.length(1);
  });

  it("looks at one proposal at a time, and at what it builds meanwhile once", async () => {
    const late = Promise.withResolvers<Hex>();
    const world = await agreeOnScenarios({ present: [SECOND], histories: { [SECOND]: late.promise } });
    for (let turn = 0; turn < 10; turn++) await propose(world, 1n, DATA);
    expect(world.keepers[0]?.asked.times).to.equal(1);
    expect(signaturesOf(world)).to.have.length(0);
    world.standing.leader = THIRD;
    late.resolve(DATA);
    await settle(world);
    expect(signaturesOf(world), "whoever leads by then").to.have.length(1);
  });

  it("counts signatures over its own set, number and configuration, each by its author", async () => {
    const world = await agreeOnScenarios({ present: [FIRST] });
    await beginSlots(world);
    const signed = async (from: Hex, author: Hex, setId = 1n, data = DATA, digest = DIGEST) => {
      const signature = await signatureOf(author, setId, data, digest);
      await says(world, from, { kind: "scenario-signature", setId, dataHash: hashOfSet(data), signature });
    };
    await signed(SECOND, SECOND);
    await signed(THIRD, THIRD, 1n, OTHER_DATA);
    await signed(THIRD, THIRD, 2n);
    await signed(THIRD, THIRD, 1n, DATA, OTHER_DIGEST);
    await signed(THIRD, SECOND);
    await signed(STRANGER, STRANGER);
    expect(finalsOf(world)).to.deep.equal([0]);
    await signed(THIRD, THIRD);
    expect(finalsOf(world)).to.deep.equal([1]);
    await signed(FOURTH, FOURTH);
    expect(finalsOf(world)).to.deep.equal([1]);
  });

  it("completes a set whose signatures came before its own was made", async () => {
    const late = Promise.withResolvers<Hex>();
    const world = await agreeOnScenarios({ present: [SECOND], histories: { [SECOND]: late.promise } });
    await propose(world, 1n, DATA);
    const dataHash = hashOfSet(DATA);
    for (const from of [THIRD, FOURTH]) {
      const signature = await signatureOf(from, 1n, DATA);
      await says(world, from, { kind: "scenario-signature", setId: 1n, dataHash, signature });
    }
    expect(finalsOf(world)).to.deep.equal([0]);
    late.resolve(DATA);
    await settle(world);
    expect(finalsOf(world)).to.deep.equal([1]);
  });

  it("takes a final once, and none without exactly a quorum of keepers' signatures, rising, under the configuration", async () => {
    const final = await signedBy([FIRST, SECOND, THIRD], 1n, DATA);
    const [a = "0x", b = "0x", c = "0x"] = final.signatures;
    const strange = await signatureOf(STRANGER, 1n, DATA);
    const world = await agreeOnScenarios({ present: [SECOND] });
    for (const forged of [
      { ...final, data: OTHER_DATA },
      { ...final, setId: 2n },
      { ...final, configDigest: OTHER_DIGEST },
      { ...final, signatures: [a, b] },
      { ...final, signatures: [a, b, c, a] },
      { ...final, signatures: [a, b, b] },
      { ...final, signatures: [a, b, strange] },
      { ...final, signatures: [a, b, "0x00" as const] },
      { ...final, signatures: [c, b, a] },
      { ...final, signatures: [b, a, c] },
    ])
      await says(world, FIRST, { kind: "scenario-final", ...forged });
    expect(finalsOf(world)).to.deep.equal([0]);
    for (let turn = 0; turn < 3; turn++) await says(world, FIRST, { kind: "scenario-final", ...final });
    expect(finalsOf(world)).to.deep.equal([1]);
    const echoes = world.heard.filter(
      ({ from, message }) => from === SECOND && message.kind === "scenario-final",
    );
    expect(echoes).to.have.length(1);
  });

  it("takes no final of a set that the chain has, nor one before the last", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    world.oracle.state.scenarioSet = { setId: 4n, dataHash: hashOfSet(DATA) };
    const finals = await Promise.all(
      [4n, 6n, 5n].map((setId) => signedBy([FIRST, SECOND, THIRD], setId, DATA)),
    );
    for (const final of finals) await says(world, FIRST, { kind: "scenario-final", ...final });
    expect(world.keepers[0]?.finals.map(({ setId }) => setId)).to.deep.equal([6n]);
  });

  it("holds, of two complete sets of one number, the one that it signed last", async () => {
    const world = await agreeOnScenarios({ present: [SECOND] });
    const [older, newer] = await Promise.all(
      [DATA, OTHER_DATA].map((data) => signedBy([FIRST, THIRD, FOURTH], 1n, data)),
    );
    for (let turn = 0; turn < 2; turn++) {
      await says(world, FIRST, { kind: "scenario-final", ...older! });
      await says(world, FIRST, { kind: "scenario-final", ...newer! });
    }
    expect(world.keepers[0]?.finals, "none of them its own: the first").to.deep.equal([older]);
    world.histories[SECOND] = OTHER_DATA;
    await propose(world, 1n, OTHER_DATA);
    for (let turn = 0; turn < 2; turn++) {
      await says(world, FIRST, { kind: "scenario-final", ...newer! });
      await says(world, FIRST, { kind: "scenario-final", ...older! });
    }
    expect(world.keepers[0]?.finals).to.deep.equal([older, newer]);
  });

  it("stays silent after it was stopped, also with a set that it was building", async () => {
    const late = Promise.withResolvers<Hex>();
    const histories = { [SECOND]: late.promise };
    const world = await agreeOnScenarios({ present: [SECOND, THIRD], histories });
    world.keepers[1]?.stop();
    await propose(world, 1n, DATA);
    world.keepers[0]?.stop();
    late.resolve(DATA);
    await settle(world);
    expect(signaturesOf(world)).to.have.length(0);
  });
});

describe("a follower that a liar floods with scenario messages", () => {
  /** What a thousand messages of a kind at once cost, and a hundred more over ten resend times. */
  const flooded = async (kind: "proposal" | "signature" | "final") => {
    const cost = { chain: 0, recovered: 0 };
    const world = await agreeOnScenarios({
      present: [SECOND],
      chainOf: (_address, chain) => ({
        ...chain,
        scenarioSet: () => {
          cost.chain++;
          return chain.scenarioSet();
        },
      }),
    });
    const [keeper] = world.keepers;
    const { signer } = keeper!.parts;
    const recover = signer.scenarioSetSigner.bind(signer);
    Object.assign(signer, {
      scenarioSetSigner: (...given: Parameters<typeof recover>) => {
        cost.recovered++;
        return recover(...given);
      },
    });
    await propose(world, 1n, DATA);
    Object.assign(cost, { chain: 0, recovered: 0 });
    keeper!.asked.times = 0;
    const lie = async (index: number) => {
      const data: Hex = `0x${index.toString(16).padStart(8, "0")}`;
      const signature = await signatureOf(FIRST, 1n, data);
      const forged = { setId: 1n, dataHash: hashOfSet(DATA), signature } as const;
      const liar = world.room.join(FIRST);
      if (kind === "proposal") liar.publish({ kind: "scenario-proposal", setId: 1n, data });
      if (kind === "signature") liar.publish({ kind: "scenario-signature", ...forged });
      if (kind === "final")
        liar.publish({
          kind: "scenario-final",
          ...(await signedBy([FIRST, FIRST, FIRST], 9n, data)),
        });
    };
    for (let index = 0; index < FLOOD; index++) await lie(index);
    for (let index = 0; index < 100; index++) {
      await lie(FLOOD + index);
      await world.time.run(DEFAULT_PARAMETERS.resendMs / 10);
    }
    return { ...cost, asked: keeper?.asked.times, refusals: keeper?.lines.length };
  };

  it("reads the chain and its history once in a resend time for proposals", async () => {
    const { chain, asked, refusals } = await flooded("proposal");
    expect(chain).to.be.within(1, 11);
    expect(asked).to.be.within(1, 11);
    expect(refusals).to.be.within(1, 11);
  });

  it("recovers a signature once in a resend time", async () => {
    expect((await flooded("signature")).recovered).to.be.within(1, 11);
  });

  it("checks a final once in a resend time", async () => {
    const { chain, recovered } = await flooded("final");
    expect(chain).to.be.within(1, 11);
    expect(recovered).to.be.within(1, 22);
  });
});
