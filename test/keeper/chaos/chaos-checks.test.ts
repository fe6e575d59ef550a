import { expect } from "chai";
import { NO_ACCOUNT_ROOT } from "../../../keeper/core/report/account-root.ts";
import { aggregateObservations, type Observation } from "../../../keeper/core/report/aggregate.ts";
import type { RiskReport } from "../../../keeper/core/report/typed-data.ts";
import type { SmileFields } from "../../../keeper/core/report/words.ts";
import { asHex, type Hex } from "../../../keeper/ports/hex.ts";
import type { SignedHead } from "../../../keeper/ports/watch-chain.ts";
import {
  findForeignRoots,
  findOutsideHonest,
  findRepeatedEffects,
  findSilentSince,
  findSlowHealing,
  findTwoReports,
  findUnpostable,
  findWrongProsecutions,
  findWrongSlashings,
} from "../../support/chaos-checks.ts";
import { HONEST_ROOT, honestObservation } from "../../support/keeper-round.ts";

const hash = (digits: string): Hex => asHex(`0x${digits.repeat(32)}`);
const key = (digits: string): Hex => asHex(`0x${digits.repeat(20)}`);
const ROUND = { epoch: 2n, round: 7 };

/** The report that one view makes. */
const reportOn = (view: Observation): RiskReport => ({
  ...ROUND,
  ...aggregateObservations([view]),
  configDigest: hash("cd"),
  observedAt: 1_770_000_000,
  blockNumber: 1n,
  blockHash: hash("bb"),
  accountRoot: hash("00"),
});
const reportOf = (factor: number): RiskReport => reportOn(honestObservation(factor));
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

  it("a report with its quorum whose signatures the contracts refuse", () => {
    const signatureOf = (s: string, v: string): Hex => asHex(`0x${"a5".repeat(32)}${s.repeat(32)}${v}`);
    const report = reportOf(1);
    const good = [signatureOf("7f", "1b"), signatureOf("00", "1c")];
    expect(findUnpostable([{ report, signatures: good }])).to.deep.equal([]);
    const compact = signatureOf("7f", "");
    for (const odd of [signatureOf("80", "1b"), signatureOf("7f", "00"), signatureOf("7f", "25"), compact])
      expect(findUnpostable([{ report, signatures: [...good, odd] }]), odd).to.have.length(1);
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

  it("each value by itself: peg, stress, forecast, forward, and the surface once it strays by more than the honest spread", () => {
    const seen = [0.999, 1.001].map((factor) => ({ ...ROUND, observation: honestObservation(factor) }));
    const view = honestObservation(1);
    const found = (change: (view: Observation) => Observation) =>
      findOutsideHonest([{ hash: hash("a1"), report: reportOn(change(view)) }], seen).map(
        (line) => line.split(": ")[1]?.split(" ")[0],
      );
    const [first, ...rest] = view.markets;
    if (first === undefined) throw new RangeError("a view has markets");
    const market = (changes: Partial<(typeof first)["market"]>) => ({
      ...view,
      markets: [{ ...first, market: { ...first.market, ...changes } }, ...rest],
    });
    const surface = (changes: (smile: SmileFields) => Partial<SmileFields>) => ({
      ...view,
      markets: [
        { ...first, smiles: first.smiles.map((smile) => ({ ...smile, ...changes(smile) })) },
        ...rest,
      ],
    });
    expect(found(() => ({ ...view, pegBps: 9_999 }))).to.deep.equal(["peg"]);
    expect(found(() => market({ psiE9: first.market.psiE9 + 1n }))).to.deep.equal(["stress"]);
    expect(found(() => market({ sigmaE9: first.market.sigmaE9 - 1n }))).to.deep.equal(["forecast"]);
    const moved = found(() => surface(({ forwardRatioE8 }) => ({ forwardRatioE8: forwardRatioE8 + 1n })));
    expect(new Set(moved)).to.deep.equal(new Set(["forward"]));
    expect(found(() => surface(({ aE10 }) => ({ aE10: (aE10 * 1_003n) / 1_000n })))).not.to.include("vol");
    expect(found(() => surface(({ aE10 }) => ({ aE10: aE10 * 3n })))).to.include("vol");
  });

  it("an account-risk root that no honest keeper named, beside none and one that some did", () => {
    const seen = [{ ...ROUND, observation: honestObservation(1) }];
    const rooted = (accountRoot: Hex) => {
      const { report, ...rest } = completed(1, "a1");
      return [{ ...rest, report: { ...report, accountRoot } }];
    };
    expect(findForeignRoots(rooted(HONEST_ROOT), seen)).to.deep.equal([]);
    expect(findForeignRoots(rooted(NO_ACCOUNT_ROOT), seen)).to.deep.equal([]);
    expect(findForeignRoots(rooted(hash("11")), seen)).to.have.length(1);
    expect(findForeignRoots(rooted(HONEST_ROOT), [])).to.have.length(1);
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
