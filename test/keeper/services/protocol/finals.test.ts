import { expect } from "chai";
import { createGossipRoom } from "../../../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { RiskReport, SignedReport } from "../../../../keeper/core/report/typed-data.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import type { SignedHead } from "../../../../keeper/ports/watch-chain.ts";
import { createRareLog } from "../../../../keeper/services/protocol/rare-log.ts";
import { openFinals } from "../../../../keeper/services/protocol/finals.ts";
import { keeperSetOf, limitsOf, ORACLE_DOMAIN, recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { virtualTime } from "../../../support/virtual-time.ts";
import { KEPT_FINALS, type FinalStore, type ViewStore } from "../../../../keeper/ports/store.ts";
import type { SigningRecord } from "../../../../keeper/ports/signing-record.ts";
import { signedReport } from "../../../support/signed-reports.ts";
import { hashSigner } from "../../../support/simulated-keepers.ts";

const ADDRESSES = ["a1", "b2", "c3", "d4"].map((digits) => asHex(`0x${digits.repeat(20)}`));
const STRANGER = asHex(`0x${"e5".repeat(20)}`);
const ALL = [...ADDRESSES, STRANGER];
const [SELF = "0x", SECOND = "0x", THIRD = "0x"] = ADDRESSES;
const NOW = 1_770_000_000;

const signed = async (report: RiskReport, authors: readonly Hex[]): Promise<SignedReport> => ({
  report,
  signatures: await Promise.all(
    authors.map((each) => hashSigner(each, ALL).signReport(ORACLE_DOMAIN, report)),
  ),
});

async function opened(store: FinalStore & SigningRecord & ViewStore = createMemoryStore()) {
  const room = createGossipRoom();
  const echoes: string[] = [];
  const accepted: number[] = [];
  const completed: (readonly Hex[])[] = [];
  const evidence: SignedHead[] = [];
  const telemetry = recordingTelemetry();
  const signer = hashSigner(SELF, ALL);
  const checks = { count: 0 };
  room.join(STRANGER).subscribe((_from, { kind }) => echoes.push(kind));
  const finals = await openFinals({
    signer: {
      ...signer,
      headSigner: (...given) => {
        checks.count++;
        return signer.headSigner(...given);
      },
    },
    store,
    gossip: room.join(SELF),
    log: createRareLog({ telemetry, timer: virtualTime(NOW).timer }),
    clock: { nowSeconds: () => NOW },
    parameters: DEFAULT_PARAMETERS,
    participation: {
      signed: () => undefined,
      observed: () => undefined,
      completed: (_report, signers) => completed.push(signers),
    },
    evidence: { note: (each) => evidence.push(each) },
    committee: () => ({ keeperSet: keeperSetOf(ADDRESSES), domain: ORACLE_DOMAIN, limits: limitsOf([]) }),
    accepted: ({ report }) => accepted.push(report.round),
  });
  const accept = (final: SignedReport) => finals.accept(final, SECOND);
  return { finals, accept, store, echoes, accepted, completed, evidence, checks, lines: telemetry.lines };
}

const QUORUM = [SELF, SECOND, THIRD] as const;
const reportAt = (round: number, observedAt = NOW) => signedReport(3n, round, observedAt).report;

describe("signed reports that a keeper holds", () => {
  it("are told to a peer that was away in the order of rounds, as many as its answer may hold", async () => {
    const { finals, accept } = await opened();
    const rounds = Array.from({ length: 40 }, (_, index) => index + 1);
    for (const round of rounds) await accept(await signed(reportAt(round), QUORUM));
    const told = (await finals.after({ epoch: 3n, round: 2 })).map(({ report }) => report.round);
    expect(told).to.deep.equal(rounds.slice(2, 2 + 32));
  });

  it("carry exactly a quorum of keepers' signatures, rising", async () => {
    const good = reportAt(7);
    const bad = await Promise.all([
      signed(good, [SELF, SECOND]),
      signed(good, ADDRESSES),
      signed(good, [SELF, SECOND, SECOND]),
      signed(good, [SECOND, SELF, THIRD]),
      signed(good, [SELF, SECOND, STRANGER]),
    ]);
    const { signatures } = await signed(good, QUORUM);
    const other = { ...good, observedAt: good.observedAt + 1 };
    const world = await opened();
    for (const final of [
      ...bad,
      { report: other, signatures },
      { report: good, signatures: [...signatures.slice(0, 2), "0x00" as const] },
    ])
      expect(await world.accept(final)).to.equal("refused");
    expect(new Set(world.lines.map(({ event }) => event))).to.deep.equal(new Set(["final-refused"]));
    expect(await world.store.newestFinal()).to.equal(null);
    expect(world.evidence).to.deep.equal([]);
    expect(await world.accept(await signed(good, QUORUM))).to.equal("held");
    expect(world.completed).to.deep.equal([QUORUM]);
    expect((await world.store.newestFinal())?.report).to.deep.equal(good);
    expect(world.evidence.map(({ signer }) => signer)).to.deep.equal(QUORUM);
    expect(new Set(world.evidence.map(({ head }) => head.observedAt))).to.deep.equal(
      new Set([good.observedAt]),
    );
  });

  it("are of the configuration in force: others are passed over without a look", async () => {
    const world = await opened();
    const configDigest = asHex(`0x${"ee".repeat(32)}`);
    const foreign = await signed({ ...reportAt(7), configDigest }, QUORUM);
    expect(await world.accept(foreign)).to.equal("passed-over");
    expect(world.checks.count).to.equal(0);
    expect(world.lines).to.deep.equal([]);
    expect(await world.store.newestFinal()).to.equal(null);
  });

  it("are echoed and acted upon once, and an older one is kept without either", async () => {
    const world = await opened();
    const final = await signed(reportAt(7), QUORUM);
    for (let turn = 0; turn < 3; turn++) expect(await world.accept(final)).to.equal("held");
    expect(await world.accept(await signed(reportAt(6), QUORUM))).to.equal("held");
    await new Promise(setImmediate);
    expect([world.accepted, world.echoes]).to.deep.equal([[7], ["final"]]);
    expect(world.completed).to.have.length(1);
    expect(world.checks.count).to.equal(2 * QUORUM.length);
    expect(world.finals.newest).to.deep.equal({ epoch: 3n, round: 7 });
    const kept = await world.finals.after({ epoch: 0n, round: 0 });
    expect(kept.map(({ report }) => report.round)).to.deep.equal([6, 7]);
  });

  it("are not echoed when they are long past", async () => {
    const world = await opened();
    const { transmissionSeconds } = DEFAULT_PARAMETERS;
    await world.accept(await signed(reportAt(1, NOW - transmissionSeconds - 1), QUORUM));
    await new Promise(setImmediate);
    expect(world.echoes).to.deep.equal([]);
    await world.accept(await signed(reportAt(2, NOW - transmissionSeconds), QUORUM));
    await new Promise(setImmediate);
    expect(world.echoes).to.deep.equal(["final"]);
  });

  it("are known again after a restart, by epoch and round alone", async () => {
    const first = await opened();
    await first.accept(await signed(reportAt(6), QUORUM));
    await first.accept(await signed(reportAt(7), QUORUM));
    const again = await opened(first.store);
    expect(again.finals.newest).to.deep.equal({ epoch: 3n, round: 7 });
    expect(again.finals.newestReport?.round).to.equal(7);
    for (const round of [6, 7])
      expect(await again.accept(await signed(reportAt(round), QUORUM))).to.equal("held");
    expect([again.accepted, again.checks.count]).to.deep.equal([[], 0]);
  });

  it("are acted upon only once they are durable", async () => {
    const memory = createMemoryStore();
    const written = Promise.withResolvers<undefined>();
    const world = await opened({
      ...memory,
      saveFinal: async (final) => {
        await written.promise;
        await memory.saveFinal(final);
      },
    });
    const final = await signed(reportAt(7), QUORUM);
    const outcomes = [world.accept(final), world.accept(final)];
    await new Promise(setImmediate);
    expect([world.accepted, world.echoes, world.completed]).to.deep.equal([[], [], []]);
    expect(world.finals.newest.round).to.equal(0);
    written.resolve(undefined);
    expect(await Promise.all(outcomes)).to.deep.equal(["held", "held"]);
    await new Promise(setImmediate);
    expect([world.accepted, world.echoes]).to.deep.equal([[7], ["final"]]);
    expect(world.checks.count).to.equal(QUORUM.length);
  });

  it("are taken when they come again after the store could not keep them", async () => {
    const memory = createMemoryStore();
    const disk = { isFull: true };
    const world = await opened({
      ...memory,
      saveFinal: (final) => (disk.isFull ? Promise.reject(new Error("disk full")) : memory.saveFinal(final)),
    });
    const final = await signed(reportAt(7), QUORUM);
    expect(await world.accept(final).catch(String)).to.include("disk full");
    expect(world.accepted).to.deep.equal([]);
    disk.isFull = false;
    expect(await world.accept(final)).to.equal("held");
    expect(world.accepted).to.deep.equal([7]);
    expect((await memory.newestFinal())?.report.round).to.equal(7);
  });

  it("are not checked again once they are older than all that are kept", async () => {
    const memory = createMemoryStore();
    for (let round = 11; round <= 10 + KEPT_FINALS; round++) await memory.saveFinal(signedReport(3n, round));
    const world = await opened(memory);
    const old = await signed(reportAt(10), QUORUM);
    for (let turn = 0; turn < 5; turn++) expect(await world.accept(old)).to.equal("passed-over");
    expect(world.checks.count).to.equal(0);
    expect(await world.accept(await signed(reportAt(2_000), QUORUM))).to.equal("held");
    expect(await world.accept(await signed(reportAt(11), QUORUM))).to.equal("passed-over");
    expect(world.checks.count).to.equal(QUORUM.length);
  });
});
