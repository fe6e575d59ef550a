import { expect } from "chai";
import { createEquivocationFinder } from "../../../keeper/services/equivocations.ts";
import { ALICE, BOB, hashOfDigits, signedHeadOf } from "../../support/watched-chain.ts";

describe("two signatures", () => {
  it("prove an equivocation once when one key signed two reports for one round", () => {
    const finder = createEquivocationFinder();
    expect(finder.note(signedHeadOf(ALICE, "01"))).to.equal(null);
    expect(finder.note(signedHeadOf(ALICE, "01"))).to.equal(null);
    const found = finder.note(signedHeadOf(ALICE, "02"));
    expect([found?.signer, found?.first.hash, found?.second.hash]).to.deep.equal([
      ALICE,
      hashOfDigits("01"),
      hashOfDigits("02"),
    ]);
    expect(finder.note(signedHeadOf(ALICE, "03"))).to.equal(null);
  });

  it("of two keys, two rounds or two configurations prove nothing", () => {
    const finder = createEquivocationFinder();
    finder.note(signedHeadOf(ALICE, "01"));
    expect(finder.note(signedHeadOf(BOB, "02"))).to.equal(null);
    expect(finder.note(signedHeadOf(ALICE, "02", 2n))).to.equal(null);
    expect(finder.note(signedHeadOf(ALICE, "02", 1n, "ee"))).to.equal(null);
  });

  it("are forgotten when too many came after", () => {
    const finder = createEquivocationFinder(1);
    finder.note(signedHeadOf(ALICE, "01"));
    finder.note(signedHeadOf(BOB, "01"));
    expect(finder.note(signedHeadOf(ALICE, "02"))).to.equal(null);
    expect(finder.note(signedHeadOf(ALICE, "03"))?.first.hash).to.equal(hashOfDigits("02"));
  });
});
