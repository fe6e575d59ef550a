import { expect } from "chai";
import type { ReportHead } from "../../../../keeper/core/report/typed-data.ts";
import type { Gossip, SignatureMessage } from "../../../../keeper/ports/gossip.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";
import type { Equivocation } from "../../../../keeper/ports/prosecutor.ts";
import type { SignedHead } from "../../../../keeper/ports/watch-chain.ts";
import { createEvidence } from "../../../../keeper/services/protocol/evidence.ts";
import {
  completeRound,
  createRounds,
  hearSignature,
  noteOwn,
} from "../../../../keeper/services/protocol/rounds.ts";
import { keeperSetOf, limitsOf, ORACLE_DOMAIN, recordingTelemetry } from "../../../support/keeper-doubles.ts";
import { signedReport } from "../../../support/signed-reports.ts";
import { hashSigner, simulate } from "../../../support/simulated-keepers.ts";

const ADDRESSES = ["a1", "b2", "c3", "d4"].map((digits) => asHex(`0x${digits.repeat(20)}`));
const [SELF = "0x", LIAR = "0x", THIRD = "0x"] = ADDRESSES;
const COMMITTEE = { keeperSet: keeperSetOf(ADDRESSES), domain: ORACLE_DOMAIN, limits: limitsOf([]) };
const { report } = signedReport(3n, 7);
const settled = () => new Promise(setImmediate);

/** A head of the round of these tests; each time of observation makes another. */
const headAt = (observedAt: number): ReportHead =>
  hashSigner(SELF, ADDRESSES).headOf({ ...report, observedAt });
const hashOf = (head: ReportHead) => hashSigner(SELF, ADDRESSES).hashHead(ORACLE_DOMAIN, head);
async function signatureBy(author: Hex, observedAt: number): Promise<SignatureMessage> {
  const signature = await hashSigner(author, ADDRESSES).signReport(ORACLE_DOMAIN, { ...report, observedAt });
  return { kind: "signature", head: headAt(observedAt), signature };
}
async function signedBy(author: Hex, observedAt: number): Promise<SignedHead> {
  const { head, signature } = await signatureBy(author, observedAt);
  return { head, hash: hashOf(head), signature, signer: author };
}

describe("a keeper that signs two reports for one round in front of its peers", () => {
  it("is prosecuted by each of them with both signed heads", async () => {
    const proofs: Equivocation[][] = [[], [], [], []];
    const liar = 2;
    const twoFaced = (gossip: Gossip): Gossip => ({
      ...gossip,
      publish: (message) => {
        gossip.publish(message);
        if (message.kind !== "signature") return;
        const signer = hashSigner(gossip.self, []);
        const other = { ...report, ...message.head, observedAt: message.head.observedAt + 1 };
        void signer.signReport(ORACLE_DOMAIN, other).then((signature) => {
          gossip.publish({ kind: "signature", head: signer.headOf(other), signature });
        });
      },
    });
    const world = simulate({
      count: 4,
      seed: 17,
      voices: { [liar]: twoFaced },
      prosecute: (index) => (found) => {
        proofs[index]?.push(found);
        return Promise.resolve();
      },
    });
    await world.startAll();
    await world.runSlots(3);
    const liarKeeper = world.keepers[liar];
    if (liarKeeper === undefined) throw new RangeError("four keepers");
    const { address, parts } = liarKeeper;
    for (const index of [0, 1, 3]) {
      const found = proofs[index] ?? [];
      expect(found.length).to.be.greaterThan(0);
      for (const { signer, first, second } of found) {
        expect([signer, first.signer, second.signer]).to.deep.equal([address, address, address]);
        expect([first.head.epoch, first.head.round]).to.deep.equal([second.head.epoch, second.head.round]);
        expect(first.head.configDigest).to.equal(second.head.configDigest);
        expect(first.hash).not.to.equal(second.hash);
        for (const { head, hash, signature } of [first, second]) {
          expect(parts.signer.hashHead(ORACLE_DOMAIN, head)).to.equal(hash);
          expect(parts.signer.headSigner(ORACLE_DOMAIN, head, signature)).to.equal(address);
        }
      }
      const seen = world.keepers[index]?.lines.filter(({ event }) => event === "equivocation-seen") ?? [];
      expect(seen.map(({ fields }) => fields["signer"])).to.include(address);
    }
  });
});

describe("evidence", () => {
  it("is handed over again until it is durable, the newest against each keeper", async () => {
    const given: Equivocation[] = [];
    const trouble = { isDown: true };
    const telemetry = recordingTelemetry();
    const evidence = createEvidence({
      telemetry,
      prosecute: (found) => {
        given.push(found);
        return trouble.isDown ? Promise.reject(new Error("disk full")) : Promise.resolve();
      },
    });
    evidence.note(await signedBy(LIAR, 1));
    expect(given).to.have.length(0);
    evidence.note(await signedBy(LIAR, 2));
    await settled();
    expect(given).to.have.length(1);
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal([
      "equivocation-seen",
      "equivocation-not-recorded",
    ]);
    trouble.isDown = false;
    evidence.note(await signedBy(THIRD, 1));
    await settled();
    evidence.note(await signedBy(THIRD, 1));
    await settled();
    expect(given.map(({ signer }) => signer)).to.deep.equal([LIAR, LIAR]);
    expect([given[1]?.first.head.observedAt, given[1]?.second.head.observedAt]).to.deep.equal([1, 2]);
  });

  it("is logged where nobody prosecutes", async () => {
    const telemetry = recordingTelemetry();
    const evidence = createEvidence({ telemetry });
    evidence.note(await signedBy(LIAR, 1));
    evidence.note(await signedBy(LIAR, 2));
    expect(telemetry.lines.map(({ event }) => event)).to.deep.equal(["equivocation-seen"]);
  });
});

describe("signatures heard in a round", () => {
  const counting = () => {
    const signer = hashSigner(SELF, ADDRESSES);
    const checks = { count: 0 };
    const headSigner: typeof signer.headSigner = (...given) => {
      checks.count++;
      return signer.headSigner(...given);
    };
    return { signer: { ...signer, headSigner }, checks };
  };
  const round = () => createRounds().of(report);

  it("are checked once each, and no more than two hashes of one keeper", async () => {
    const { signer, checks } = counting();
    const now = round();
    const hear = async (observedAt: number) =>
      hearSignature(now, LIAR, await signatureBy(LIAR, observedAt), COMMITTEE, signer);
    expect((await hear(1))?.head.observedAt).to.equal(1);
    expect(await hear(1)).to.equal(null);
    expect((await hear(2))?.head.observedAt).to.equal(2);
    for (const observedAt of [3, 4, 5]) expect(await hear(observedAt)).to.equal(null);
    expect(checks.count).to.equal(2);
  });

  it("of others in its own name are no evidence, and soon cost nothing", async () => {
    const { signer, checks } = counting();
    const now = round();
    for (const observedAt of [1, 2, 3, 4, 5])
      expect(hearSignature(now, LIAR, await signatureBy(THIRD, observedAt), COMMITTEE, signer)).to.equal(
        null,
      );
    expect(checks.count).to.equal(2);
    expect(hearSignature(now, THIRD, await signatureBy(THIRD, 1), COMMITTEE, signer)).not.to.equal(null);
  });

  it("of a keeper that signed two reports count for the one this keeper signed too", async () => {
    const { signer } = counting();
    const now = round();
    for (const observedAt of [1, 2])
      hearSignature(now, LIAR, await signatureBy(LIAR, observedAt), COMMITTEE, signer);
    hearSignature(now, THIRD, await signatureBy(THIRD, 2), COMMITTEE, signer);
    const message = await signatureBy(SELF, 2);
    const own = { ...report, observedAt: 2 };
    noteOwn(now, SELF, { report: own, hash: hashOf(message.head), message });
    const counted: Hex[] = [];
    const final = completeRound(now, COMMITTEE, (author) => counted.push(author));
    expect(counted).to.have.members([SELF, LIAR, THIRD]);
    expect(final?.report).to.deep.equal(own);
    expect(final?.signatures).to.deep.equal([
      message.signature,
      (await signatureBy(LIAR, 2)).signature,
      (await signatureBy(THIRD, 2)).signature,
    ]);
  });
});
