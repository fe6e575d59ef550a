import { expect } from "chai";
import fc from "fast-check";
import { majorityRoot, NO_ACCOUNT_ROOT } from "../../../../keeper/core/report/account-root.ts";

const [a, b, c] = (["a1", "b2", "c3"] as const).map((digits) => `0x${digits.repeat(32)}` as const);
if (a === undefined || b === undefined || c === undefined) throw new Error("three roots");

describe("the account-risk root of a report", () => {
  it("is the one that more than half of the keepers name, and none when half of them do", () => {
    expect(majorityRoot([a, b, a])).to.equal(a);
    expect(majorityRoot([b, a, a, a])).to.equal(a);
    expect(majorityRoot([a, a, b, b])).to.equal(NO_ACCOUNT_ROOT);
    expect(majorityRoot([a, a, b, c])).to.equal(NO_ACCOUNT_ROOT);
    expect(majorityRoot([a, b, c])).to.equal(NO_ACCOUNT_ROOT);
    expect(majorityRoot([])).to.equal(NO_ACCOUNT_ROOT);
  });

  it("is none when most have no table, whatever the others name", () => {
    expect(majorityRoot([NO_ACCOUNT_ROOT, a, NO_ACCOUNT_ROOT])).to.equal(NO_ACCOUNT_ROOT);
  });

  it("is never one that no honest keeper names, and theirs when they agree and are more than half", () => {
    const root = fc.constantFrom(a, b, c, NO_ACCOUNT_ROOT);
    const votes = fc.integer({ min: 0, max: 5 }).chain((faults) =>
      fc.record({
        honest: fc.array(root, { minLength: faults + 1, maxLength: 3 * faults + 1 }),
        lies: fc.array(root, { minLength: faults, maxLength: faults }),
      }),
    );
    fc.assert(
      fc.property(votes, fc.boolean(), ({ honest, lies }, isLiarFirst) => {
        const all = isLiarFirst ? [...lies, ...honest] : [...honest, ...lies];
        const named = majorityRoot(all);
        expect([NO_ACCOUNT_ROOT, ...honest]).to.include(named);
        if (new Set(honest).size === 1) expect(named).to.equal(honest[0]);
      }),
    );
  });
});
