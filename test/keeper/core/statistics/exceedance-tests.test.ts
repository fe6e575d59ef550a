import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import {
  christoffersenTest,
  independenceTest,
  kupiecTest,
} from "../../../../keeper/core/statistics/exceedance-tests.ts";
import vectors from "../../../vectors/risk-backtests.json" with { type: "json" };

const RELATIVE = 1e-10;
/** Digits that the printed rows have. */
const PRINTED = 5e-6;
const REJECTED = 0.05;

describe("kupiecTest", () => {
  it("gives the reference's statistic and p-value on every row", () => {
    for (const [exceedances, days, probability, statistic, pValue] of vectors.kupiecRows.rows) {
      const test = kupiecTest(exceedances!, days!, probability!);
      expect(test.statistic).to.be.closeTo(statistic!, RELATIVE * Math.max(1, statistic!));
      expect(test.pValue).to.be.closeTo(pValue!, 1e-9 * pValue! + 1e-300);
    }
  });

  it("does not reject inside the reference's regions and rejects just outside", () => {
    for (const [probability, regions] of Object.entries(vectors.kupiecNonRejection)) {
      for (const [days, [least, most]] of Object.entries(regions) as unknown as [
        string,
        [number, number],
      ][]) {
        const rejects = (count: number) =>
          kupiecTest(count, Number(days), Number(probability)).pValue < REJECTED;
        expect([least, most].map(rejects)).to.deep.equal([false, false]);
        expect([least - 1, most + 1].filter((count) => count >= 0).every(rejects)).to.equal(true);
      }
    }
  });

  it("prints the row of a published toolbox", () => {
    const { T, N, p, LR_POF, p_POF } = vectors.mathworks;
    const test = kupiecTest(N, T, p);
    expect(test.statistic).to.be.closeTo(LR_POF, PRINTED);
    expect(test.pValue).to.be.closeTo(p_POF, PRINTED);
  });

  it("holds at both ends and refuses what is no count", () => {
    expect(kupiecTest(10, 10, 0.5).statistic).to.be.closeTo(20 * Math.log(2), 1e-12);
    expect(() => kupiecTest(11, 10, 0.5)).to.throw(CoreError);
    expect(() => kupiecTest(1, 10, 0)).to.throw(CoreError);
  });
});

describe("christoffersenTest", () => {
  it("finds a cluster of exceedances as the reference does", () => {
    const { hits_at, T, LR_ind, p_ind, "LR_cc=POF+ind": joint } = vectors.clustered;
    const hits = Array.from({ length: T }, (_, day) => hits_at.includes(day));
    const test = christoffersenTest(hits, 0.01);
    expect(Object.values(test.transitions)).to.deep.equal(vectors.clustered["n00,n01,n10,n11"]);
    expect(test.independence.statistic).to.be.closeTo(LR_ind, RELATIVE * LR_ind);
    expect(test.independence.pValue).to.be.closeTo(p_ind, RELATIVE);
    expect(test.conditionalCoverage.statistic).to.be.closeTo(joint, RELATIVE * joint);
    expect(test.conditionalCoverage.pValue).to.be.closeTo(Math.exp(-joint / 2), 1e-15);
  });

  it("gives the reference's independence from the transitions alone", () => {
    const { N00, N01, N10, N11, LR_CCI, p_CCI } = vectors.mathworks;
    const test = independenceTest({ from0To0: N00, from0To1: N01, from1To0: N10, from1To1: N11 });
    expect(test.statistic).to.be.closeTo(vectors.independence["LR_ind(932,53,53,4)"], 1e-9);
    expect(test.pValue).to.be.closeTo(vectors.independence.p, 1e-9);
    expect(test.statistic).to.be.closeTo(LR_CCI, PRINTED);
    expect(test.pValue).to.be.closeTo(p_CCI, PRINTED);
  });

  it("prints the conditional coverage of a published toolbox for a sequence with its transitions", () => {
    const { N01, N11, T, LR_CC, p_CC } = vectors.mathworks;
    // The printed transitions hold for many sequences; this one ends a pair of exceedances four times.
    const hits: boolean[] = [];
    for (let run = 0; run < N01; run++) {
      hits.push(false, true);
      if (run < N11) hits.push(true);
    }
    while (hits.length < T) hits.push(false);
    const test = christoffersenTest(hits, 0.05);
    expect(test.transitions.from1To1).to.equal(N11);
    expect(test.conditionalCoverage.statistic).to.be.closeTo(LR_CC, PRINTED);
    expect(test.conditionalCoverage.pValue).to.be.closeTo(p_CC, PRINTED);
  });

  it("finds nothing where nothing was exceeded and needs two days", () => {
    const none = christoffersenTest(new Array<boolean>(100).fill(false), 0.01);
    expect(none.independence).to.deep.equal({ statistic: 0, pValue: 1 });
    expect(() => christoffersenTest([true], 0.01)).to.throw(CoreError);
  });
});
