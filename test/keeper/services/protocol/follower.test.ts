import { expect } from "chai";
import { createMemoryStore } from "../../../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import { aggregateObservations } from "../../../../keeper/core/report/aggregate.ts";
import type { GossipMessage, ObserveMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import type { OracleChain } from "../../../../keeper/ports/oracle-chain.ts";
import type { KeeperStore } from "../../../../keeper/ports/store.ts";
import { createEvidence } from "../../../../keeper/services/protocol/evidence.ts";
import { openFinals } from "../../../../keeper/services/protocol/finals.ts";
import { createFollower } from "../../../../keeper/services/protocol/follower.ts";
import { createRareLog } from "../../../../keeper/services/protocol/rare-log.ts";
import { createRounds } from "../../../../keeper/services/protocol/rounds.ts";
import { commandedStore } from "../../../support/commanded-store.ts";
import { oracleDouble, recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { ADDRESSES, COMMITTEE, NETWORKS, proposalBy, ROUND } from "../../../support/lone-keeper.ts";
import { hashSigner, spotObservation, START_SECONDS } from "../../../support/simulated-keepers.ts";
import { virtualTime } from "../../../support/virtual-time.ts";

const [LEADER = "0x", SELF = "0x", THIRD = "0x"] = ADDRESSES;
const SPOT_E8 = 5_000_000_000_001n;

/** Keeper 1 of four, following keeper 0. */
async function following(store: KeeperStore = createMemoryStore()) {
  const [, network] = NETWORKS;
  if (network === undefined) throw new RangeError("four keepers");
  const said: { readonly to: Hex | "all"; readonly message: GossipMessage }[] = [];
  const counts = { verified: 0, observed: 0, signed: 0, read: 0 };
  const decided: number[] = [];
  const state = { nowSeconds: START_SECONDS, epoch: ROUND.epoch };
  const telemetry = recordingTelemetry();
  const { timer } = virtualTime(START_SECONDS);
  const oracle = oracleDouble(ADDRESSES, [1]);
  const signer = hashSigner(SELF, ADDRESSES);
  const chain = Object.fromEntries(
    Object.entries(oracle.chain).map(([name, read]) => [
      name,
      (...given: readonly never[]) => {
        counts.read++;
        return (read as (...args: readonly never[]) => unknown)(...given);
      },
    ]),
  ) as unknown as OracleChain;
  const parts = {
    chain,
    gossip: {
      self: SELF,
      publish: (message: GossipMessage) => said.push({ to: "all", message }),
      send: (to: Hex, message: GossipMessage) => said.push({ to, message }),
      subscribe: () => () => undefined,
    },
    signer: {
      ...signer,
      signReport: (...given: Parameters<typeof signer.signReport>) => {
        counts.signed++;
        return signer.signReport(...given);
      },
    },
    network: {
      ...network,
      verify: (...given: Parameters<typeof network.verify>) => {
        counts.verified++;
        return network.verify(...given);
      },
    },
    store,
    clock: { nowSeconds: () => state.nowSeconds },
    timer,
    telemetry,
    parameters: DEFAULT_PARAMETERS,
    participation: { signed: () => undefined, observed: () => undefined, completed: () => undefined },
    observe: () => {
      counts.observed++;
      return Promise.resolve(spotObservation(SPOT_E8));
    },
  };
  const evidence = createEvidence(parts);
  const rounds = createRounds();
  const committee = () => COMMITTEE;
  const finals = await openFinals({
    ...parts,
    evidence,
    log: createRareLog(parts),
    committee,
    accepted: () => undefined,
  });
  const follower = createFollower({
    ...parts,
    rounds,
    finals,
    evidence,
    committee,
    firstSlotToSign: 0,
    epoch: () => state.epoch,
    leader: () => LEADER,
    decided: ({ round }) => decided.push(round),
  });
  const signatures = () => said.filter(({ message }) => message.kind === "signature");
  return { follower, finals, rounds, oracle, said, counts, decided, state, signatures };
}

const ask = (observedAtSeconds = START_SECONDS): ObserveMessage => ({
  kind: "observe",
  ...ROUND,
  observedAtSeconds,
});

describe("a follower that is asked what it sees", () => {
  it("looks once for one moment, however often it is asked, and says the same each time", async () => {
    const { follower, said, counts } = await following();
    for (let turn = 0; turn < 3; turn++) await follower.observe(LEADER, ask());
    expect(counts.observed).to.equal(1);
    expect(said.map(({ to }) => to)).to.deep.equal([LEADER, LEADER, LEADER]);
    expect(new Set(said.map(({ message }) => message)).size).to.equal(1);
  });

  it("answers once what it is asked several times while it looks", async () => {
    const { follower, said } = await following();
    await Promise.all([1, 2, 3].map(() => follower.observe(LEADER, ask())));
    expect(said).to.have.length(1);
    await follower.observe(LEADER, ask());
    expect(said, "what got lost is asked for again").to.have.length(2);
  });

  it("answers a leader that restarted within the slot for its new moment, a few times", async () => {
    const { follower, said } = await following();
    for (const later of [0, 2, 4]) await follower.observe(LEADER, ask(START_SECONDS + later));
    const moments = said.map(({ message }) => message.kind === "observation" && message.observedAtSeconds);
    expect(moments).to.deep.equal([START_SECONDS, START_SECONDS + 2, START_SECONDS + 4]);
    const refused = follower.observe(LEADER, ask(START_SECONDS + 5));
    expect(await refused.catch(String)).to.include("too many moments");
    await follower.observe(LEADER, ask(START_SECONDS + 2));
    expect(said).to.have.length(4);
  });

  it("answers nobody but the leader of its epoch", async () => {
    const { follower, said, state } = await following();
    expect(await follower.observe(THIRD, ask()).catch(String)).to.include("does not lead");
    state.epoch = ROUND.epoch + 1n;
    expect(await follower.observe(LEADER, ask()).catch(String)).to.include("is not the present");
    expect(said).to.have.length(0);
  });
});

describe("a follower that is shown a proposal", () => {
  it("signs only once what it signs is on record", async () => {
    const { store, waiting, finish } = commandedStore();
    const { follower, counts, signatures } = await following(store);
    const answered = follower.proposal(LEADER, proposalBy());
    await new Promise(setImmediate);
    expect([waiting(), counts.signed, signatures()]).to.deep.equal([["record"], 0, []]);
    await finish();
    await answered;
    expect([counts.signed, signatures().length]).to.deep.equal([1, 1]);
  });

  it("says again, to the leader alone, what it signed when the leader repeats it, and neither checks, reads nor signs again", async () => {
    const { follower, counts, signatures } = await following();
    await follower.proposal(LEADER, proposalBy());
    const before = { ...counts };
    for (let turn = 0; turn < 5; turn++) await follower.proposal(LEADER, proposalBy());
    expect(counts).to.deep.equal(before);
    expect(signatures().map(({ to }) => to)).to.deep.equal(["all", LEADER, LEADER, LEADER, LEADER, LEADER]);
    expect(new Set(signatures().map(({ message }) => message)).size).to.equal(1);
  });

  it("looks at one at a time", async () => {
    const { store, finish, waiting } = commandedStore();
    const { follower, counts } = await following(store);
    const first = follower.proposal(LEADER, proposalBy());
    await new Promise(setImmediate);
    const before = { ...counts };
    await follower.proposal(LEADER, proposalBy([0, 1, 2]));
    expect(counts).to.deep.equal(before);
    await finish();
    await first;
    expect([counts.signed, waiting().length]).to.deep.equal([1, 0]);
  });

  it("checks a wrong one once, and looks at no more than four", async () => {
    const { follower, counts } = await following();
    const forged = (index: number) => ({
      ...proposalBy(),
      observations: proposalBy().observations.map((signed, place) =>
        place === index ? { ...signed, observation: spotObservation(7n) } : signed,
      ),
    });
    for (let turn = 0; turn < 5; turn++)
      expect(await follower.proposal(LEADER, forged(0)).catch(String)).to.include("did not make");
    expect(counts.verified).to.equal(1);
    for (const indexes of [
      [0, 1],
      [0, 2],
      [0, 3],
    ])
      expect(await follower.proposal(LEADER, proposalBy(indexes)).catch(String)).to.include("3 needed");
    expect(await follower.proposal(LEADER, proposalBy([1, 2, 3])).catch(String)).to.include(
      "too many reports",
    );
  });

  it("signs at the next try when its node failed at first, without checking the observations again", async () => {
    const { follower, counts, signatures, oracle } = await following();
    const { header } = oracle.state;
    oracle.state.header = { ...header, epoch: ROUND.epoch + 5n };
    expect(await follower.proposal(LEADER, proposalBy()).catch(String)).to.include("not after the chain's");
    oracle.state.header = header;
    const { verified } = counts;
    await follower.proposal(LEADER, proposalBy());
    expect(signatures()).to.have.length(1);
    expect(counts.verified).to.equal(verified);
  });

  it("decides the slot when no report is due, and looks no further", async () => {
    const { follower, counts, decided, signatures, oracle } = await following();
    const proposal = proposalBy();
    const stored = { spotE8: SPOT_E8, sigmaE9: 30_000_000n, psiE9: 50_000_000n, smiles: [] };
    oracle.state.stored = new Map([[1, stored]]);
    oracle.state.header = { epoch: 1n, round: 1, observedAtSeconds: START_SECONDS - 20 };
    await follower.proposal(LEADER, proposal);
    const before = { ...counts };
    await follower.proposal(LEADER, proposal);
    expect(counts).to.deep.equal(before);
    expect([decided, signatures().length]).to.deep.equal([[ROUND.round], 0]);
  });

  /** Holds a signed report of the same values, observed so long before. */
  const holding = async (ageSeconds: number) => {
    const world = await following();
    const report = {
      configDigest: COMMITTEE.keeperSet.configDigest,
      epoch: ROUND.epoch - 1n,
      round: ROUND.round - 1,
      observedAt: START_SECONDS - ageSeconds,
      blockNumber: 1n,
      blockHash: asHex(`0x${"b1".repeat(32)}`),
      ...aggregateObservations([spotObservation(SPOT_E8)]),
    };
    const signatures = await Promise.all(
      ADDRESSES.slice(0, 3).map((each) => hashSigner(each, ADDRESSES).signReport(COMMITTEE.domain, report)),
    );
    expect(await world.finals.accept({ report, signatures }, LEADER)).to.equal("held");
    return world;
  };

  it("measures whether one is due against a signed report on its way, before the chain's", async () => {
    const { follower, decided, signatures } = await holding(DEFAULT_PARAMETERS.transmissionSeconds - 1);
    await follower.proposal(LEADER, proposalBy());
    expect([decided, signatures().length]).to.deep.equal([[ROUND.round], 0]);
  });

  it("no longer waits for a signed report that did not come to the chain", async () => {
    const { follower, decided, signatures } = await holding(DEFAULT_PARAMETERS.transmissionSeconds);
    await follower.proposal(LEADER, proposalBy());
    expect([decided, signatures().length]).to.deep.equal([[], 1]);
  });

  it("compares with what it told the leader, and looks anew only when it was not asked", async () => {
    const asked = await following();
    await asked.follower.observe(LEADER, ask());
    await asked.follower.proposal(LEADER, proposalBy());
    expect([asked.counts.observed, asked.signatures().length]).to.deep.equal([1, 1]);
    const unasked = await following();
    await unasked.follower.proposal(LEADER, proposalBy());
    expect([unasked.counts.observed, unasked.signatures().length]).to.deep.equal([1, 1]);
  });
});

describe("a follower that hears signatures", () => {
  const head = async (changes: Partial<{ epoch: bigint; round: number; configDigest: Hex }> = {}) => {
    const signer = hashSigner(THIRD, ADDRESSES);
    const world = await following();
    await world.follower.proposal(LEADER, proposalBy());
    const [own] = world.signatures();
    if (own?.message.kind !== "signature") throw new Error("it signed");
    const given = { ...own.message.head, ...changes };
    const report = { ...given, pegBps: 10_000, accountRoot: given.payloadHash, markets: [], smiles: [] };
    const signature = await signer.signReport(COMMITTEE.domain, report);
    await world.follower.signature(THIRD, { kind: "signature", head: signer.headOf(report), signature });
    return world.rounds.known(given)?.heard.has(THIRD) ?? false;
  };

  it("keeps those of rounds about now, in its epoch and the next, under the configuration in force", async () => {
    for (const slots of [-4, 0, 4]) expect(await head({ round: ROUND.round + slots })).to.equal(true);
    for (const slots of [-5, 5, 1_000]) expect(await head({ round: ROUND.round + slots })).to.equal(false);
    expect(await head({ epoch: ROUND.epoch + 1n })).to.equal(true);
    for (const epochs of [-1n, 2n]) expect(await head({ epoch: ROUND.epoch + epochs })).to.equal(false);
    expect(await head({ configDigest: asHex(`0x${"ee".repeat(32)}`) })).to.equal(false);
  });
});

describe("rounds that a keeper remembers", () => {
  it("are the last sixty-four", () => {
    const rounds = createRounds();
    for (let round = 0; round < 65; round++) rounds.of({ epoch: 1n, round });
    expect(rounds.known({ epoch: 1n, round: 0 })).to.equal(null);
    for (const round of [1, 64]) expect(rounds.known({ epoch: 1n, round })).not.to.equal(null);
    expect(rounds.of({ epoch: 1n, round: 64 })).to.equal(rounds.known({ epoch: 1n, round: 64 }));
  });
});
