import { expect } from "chai";
import fc from "fast-check";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { equalWeights, tailRisk } from "../../../../keeper/core/risk/tail.ts";

const HUNDRED = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) - 50);

describe("tailRisk", () => {
  it("takes the k-th smallest P&L with k = ceil((1 - confidence) N) for equal weights", () => {
    // Sorted P&L is -50, -49, ...: k = 1 at 99 %, 3 at 97.5 % (2.5 rounded up), 5 at 95 %.
    expect(tailRisk(HUNDRED, equalWeights(100), 9900)).to.deep.equal({
      valueAtRisk: 50,
      expectedShortfall: 50,
      scenarios: 1,
    });
    expect(tailRisk(HUNDRED, equalWeights(100), 9750)).to.deep.equal({
      valueAtRisk: 48,
      expectedShortfall: 49,
      scenarios: 3,
    });
    expect(tailRisk(HUNDRED, equalWeights(100), 9500)).to.deep.equal({
      valueAtRisk: 46,
      expectedShortfall: 48,
      scenarios: 5,
    });
  });

  it("is exact where (1 - confidence) N is whole but not in binary fractions", () => {
    const pnl = Array.from({ length: 2000 }, (_, index) => index);
    expect(tailRisk(pnl, equalWeights(2000), 9900).scenarios).to.equal(20);
  });

  it("cumulates weight from the worst end and counts the last element in full", () => {
    // Total 10, tail of 75 %: needs 2.5; the prefix holds -9 (weight 1) and -4 (weight 3).
    const tail = tailRisk([5, -4, 1, -9], [4, 3, 2, 1], 7500);
    expect(tail).to.deep.equal({ valueAtRisk: 4, expectedShortfall: (9 + 12) / 4, scenarios: 2 });
  });

  it("equals the expansion of each weight into so many equal scenarios when the cut falls between them", () => {
    const scenario = fc.record({
      pnl: fc.integer({ min: -1000, max: 1000 }),
      weight: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(scenario, { minLength: 1, maxLength: 30 }),
        fc.integer({ min: 0, max: 9999 }),
        (set, bps) => {
          const expanded = set.flatMap(({ pnl, weight }) => Array.from({ length: weight }, () => pnl));
          const weighted = tailRisk(
            set.map(({ pnl }) => pnl),
            set.map(({ weight }) => weight),
            bps,
          );
          const plain = tailRisk(expanded, equalWeights(expanded.length), bps);
          expect(weighted.valueAtRisk).to.equal(plain.valueAtRisk);
          expect(weighted.expectedShortfall).to.be.at.most(plain.expectedShortfall + 1e-9);
        },
      ),
    );
  });

  it("refuses weights that are zero, fractional, negative or of another number than the scenarios", () => {
    for (const weights of [[0, 1], [0.5, 1], [-1, 2], [1], []]) {
      expect(() => tailRisk([1, 2], weights, 9900))
        .to.throw(CoreError)
        .with.property("code", "weights-invalid");
    }
    expect(() => tailRisk([], [], 9900))
      .to.throw(CoreError)
      .with.property("code", "weights-invalid");
  });

  it("refuses a confidence of one and P&L that is not finite", () => {
    for (const call of [() => tailRisk([1], [1], 10_000), () => tailRisk([NaN], [1], 9900)]) {
      expect(call).to.throw(CoreError).with.property("code", "argument-out-of-domain");
    }
  });
});
