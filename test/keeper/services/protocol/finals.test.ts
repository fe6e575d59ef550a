import { expect } from "chai";
import { createGossipRoom } from "../../../../keeper/adapters/memory/gossip.ts";
import { createMemoryStore } from "../../../../keeper/adapters/memory/keeper-store.ts";
import { DEFAULT_PARAMETERS } from "../../../../keeper/core/protocol/parameters.ts";
import type { RiskReport, SignedReport } from "../../../../keeper/core/report/typed-data.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import type { SignedHead } from "../../../../keeper/ports/watch-chain.ts";
import { openFinals } from "../../../../keeper/services/protocol/finals.ts";
import { keeperSetOf, limitsOf, ORACLE_DOMAIN, recordingTelemetry } from "../../../support/keeper-doubles.ts";
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

async function opened(store = createMemoryStore()) {
  const room = createGossipRoom();
  const echoes: string[] = [];
  const accepted: number[] = [];
  const completed: (readonly Hex[])[] = [];
  const evidence: SignedHead[] = [];
  const telemetry = recordingTelemetry();
  room.join(STRANGER).subscribe((_from, { kind }) => echoes.push(kind));
  const finals = await openFinals({
    signer: hashSigner(SELF, ALL),
    store,
    gossip: room.join(SELF),
    telemetry,
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
  return { finals, store, echoes, accepted, completed, evidence, lines: telemetry.lines };
}

const QUORUM = [SELF, SECOND, THIRD] as const;
const reportAt = (round: number, observedAt = NOW) => signedReport(3n, round, observedAt).report;

describe("signed reports that a keeper holds", () => {
  it("carry exactly a quorum of keepers' signatures, rising, under the configuration in force", async () => {
    const good = reportAt(7);
    const digest = asHex(`0x${"ee".repeat(32)}`);
    const bad = await Promise.all([
      signed(good, [SELF, SECOND]),
      signed(good, ADDRESSES),
      signed(good, [SELF, SECOND, SECOND]),
      signed(good, [SECOND, SELF, THIRD]),
      signed(good, [SELF, SECOND, STRANGER]),
      signed({ ...good, configDigest: digest }, QUORUM),
    ]);
    const { signatures } = await signed(good, QUORUM);
    const other = { ...good, observedAt: good.observedAt + 1 };
    const world = await opened();
    for (const final of [
      ...bad,
      { report: other, signatures },
      { report: good, signatures: [...signatures.slice(0, 2), "0x00" as const] },
    ])
      expect(await world.finals.accept(final)).to.equal(false);
    expect(world.lines.map(({ event }) => event)).to.deep.equal(
      Array.from({ length: 8 }, () => "final-refused"),
    );
    expect(await world.store.newestFinal()).to.equal(null);
    expect(await world.finals.accept(await signed(good, QUORUM))).to.equal(true);
    expect(world.completed).to.deep.equal([QUORUM]);
    expect((await world.store.newestFinal())?.report).to.deep.equal(good);
    expect(world.evidence.map(({ signer }) => signer)).to.deep.equal(QUORUM);
    expect(new Set(world.evidence.map(({ head }) => head.observedAt))).to.deep.equal(
      new Set([good.observedAt]),
    );
  });

  it("are echoed and acted upon once, and an older one is kept without either", async () => {
    const world = await opened();
    const final = await signed(reportAt(7), QUORUM);
    for (let turn = 0; turn < 3; turn++) expect(await world.finals.accept(final)).to.equal(true);
    expect(await world.finals.accept(await signed(reportAt(6), QUORUM))).to.equal(true);
    await new Promise(setImmediate);
    expect([world.accepted, world.echoes]).to.deep.equal([[7], ["final"]]);
    expect(world.completed).to.have.length(1);
    expect(world.finals.newest).to.deep.equal({ epoch: 3n, round: 7 });
    const kept = await world.finals.after({ epoch: 0n, round: 0 });
    expect(kept.map(({ report }) => report.round)).to.deep.equal([6, 7]);
  });

  it("are not echoed when they are long past", async () => {
    const world = await opened();
    const { transmissionSeconds } = DEFAULT_PARAMETERS;
    await world.finals.accept(await signed(reportAt(1, NOW - transmissionSeconds - 1), QUORUM));
    await new Promise(setImmediate);
    expect(world.echoes).to.deep.equal([]);
    await world.finals.accept(await signed(reportAt(2, NOW - transmissionSeconds), QUORUM));
    await new Promise(setImmediate);
    expect(world.echoes).to.deep.equal(["final"]);
  });

  it("are known again after a restart, by epoch and round alone", async () => {
    const first = await opened();
    await first.finals.accept(await signed(reportAt(7), QUORUM));
    const again = await opened(first.store);
    expect(again.finals.newest).to.deep.equal({ epoch: 3n, round: 7 });
    expect(again.finals.newestReport?.round).to.equal(7);
    expect(await again.finals.accept(await signed(reportAt(7), QUORUM))).to.equal(true);
    expect(again.accepted).to.deep.equal([]);
  });
});
