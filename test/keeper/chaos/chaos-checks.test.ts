import { expect } from "chai";
import { aggregateObservations } from "../../../keeper/core/report/aggregate.ts";
import type { RiskReport } from "../../../keeper/core/report/typed-data.ts";
import { asHex, type Hex } from "../../../keeper/ports/hex.ts";
import type { SignedHead } from "../../../keeper/ports/watch-chain.ts";
import {
  findOutsideHonest,
  findRepeatedEffects,
  findSilentSince,
  findSlowHealing,
  findTwoReports,
  findWrongProsecutions,
  findWrongSlashings,
} from "../../support/chaos-checks.ts";
import { honestObservation } from "../../support/keeper-round.ts";

const hash = (digits: string): Hex => asHex(`0x${digits.repeat(32)}`);
const key = (digits: string): Hex => asHex(`0x${digits.repeat(20)}`);
const ROUND = { epoch: 2n, round: 7 };

/** The report that one view makes. */
const reportOf = (factor: number): RiskReport => ({
  ...ROUND,
  ...aggregateObservations([honestObservation(factor)]),
  configDigest: hash("cd"),
  observedAt: 1_770_000_000,
  blockNumber: 1n,
  blockHash: hash("bb"),
  accountRoot: hash("00"),
});
const completed = (factor: number, digits: string) => ({ hash: hash(digits), report: reportOf(factor) });
const signed = (signer: Hex, digits: string): SignedHead => ({
  head: {
    ...ROUND,
    configDigest: hash("cd"),
    observedAt: 1,
    blockNumber: 1n,
    blockHash: hash("bb"),
    payloadHash: hash(digits),
  },
  hash: hash(digits),
  signature: hash("55"),
  signer,
});

describe("promises under chaos can be seen to break", () => {
  it("two reports for one round", () => {
    expect(findTwoReports([completed(1, "a1"), completed(1, "a1")])).to.deep.equal([]);
    expect(findTwoReports([completed(1, "a1"), completed(1, "a2")])).to.have.length(1);
  });

  it("an honest key that can be slashed, and a liar that cannot", () => {
    const [honest, liar] = [key("01"), key("02")];
    const both = [signed(liar, "a1"), signed(liar, "a2"), signed(honest, "a1")];
    expect(findWrongSlashings(both, [honest], [liar])).to.deep.equal([]);
    expect(findWrongSlashings([...both, signed(honest, "a2")], [honest], [liar])).to.have.length(1);
    expect(findWrongSlashings([signed(liar, "a1")], [honest], [liar])).to.have.length(1);
  });

  it("a prosecution for nothing, and a liar whom nobody prosecutes", () => {
    const [honest, liar] = [key("01"), key("02")];
    expect(findWrongProsecutions(new Set([liar]), [liar])).to.deep.equal([]);
    expect(findWrongProsecutions(new Set([liar, honest]), [liar])).to.have.length(1);
    expect(findWrongProsecutions(new Set(), [liar])).to.have.length(1);
  });

  it("a value outside what honest keepers saw", () => {
    const seen = [0.999, 1.001].map((factor) => ({ ...ROUND, observation: honestObservation(factor) }));
    expect(findOutsideHonest([completed(1, "a1")], seen)).to.deep.equal([]);
    expect(findOutsideHonest([completed(1.002, "a1")], seen)).not.to.deep.equal([]);
    expect(findOutsideHonest([completed(0.998, "a1")], seen)).not.to.deep.equal([]);
    expect(findOutsideHonest([completed(1, "a1")], [])).not.to.deep.equal([]);
  });

  it("no report after the healing", () => {
    const held = (observedAt: number) => new Map([[key("01"), observedAt]]);
    expect(findSlowHealing(held(100), 100)).to.deep.equal([]);
    expect(findSlowHealing(held(99), 100)).to.have.length(1);
  });

  it("a keeper that signs nothing after the healing, whatever others sign", () => {
    const by = (signer: string, observedAt: number) => {
      const each = signed(key(signer), "a1");
      return { ...each, head: { ...each.head, observedAt } };
    };
    const well = [key("01")];
    expect(findSilentSince(well, [by("01", 100)], 100)).to.deep.equal([]);
    expect(findSilentSince(well, [by("01", 99), by("02", 100)], 100)).to.have.length(1);
  });

  it("an effect that happened twice", () => {
    expect(findRepeatedEffects(["1/1", "1/2"])).to.deep.equal([]);
    expect(findRepeatedEffects(["1/1", "1/2", "1/1"])).to.have.length(1);
  });
});
