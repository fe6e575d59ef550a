import { expect } from "chai";
import { judgeHashes, judgeViews, majority } from "../../../../keeper/adapters/ethers/rpc-judgement.ts";
import type { Hex } from "../../../../keeper/ports/hex.ts";

const CHAIN = 1n;
const MAX_LAG = 5n;

const judge = (...heads: readonly bigint[]) =>
  Object.fromEntries(
    judgeViews(
      heads.map((headNumber, i) => ({ name: `n${i}`, chainId: CHAIN, headNumber })),
      CHAIN,
      MAX_LAG,
    ),
  );
const hashes = (...held: readonly (Hex | null)[]) =>
  judgeHashes(new Map(held.map((hash, i) => [`n${i}`, hash])));

describe("judgement of nodes", () => {
  it("finds nothing against nodes within the lag, the bound included", () => {
    expect(judge(100n)).to.deep.equal({});
    expect(judge(100n, 95n)).to.deep.equal({});
    expect(judge(100n, 95n, 105n)).to.deep.equal({});
  });

  it("finds who lags, against the higher of two and the median of more", () => {
    expect(judge(94n, 100n)).to.deep.equal({ n0: "lagging" });
    expect(judge(100n, 94n, 101n)).to.deep.equal({ n1: "lagging" });
  });

  it("does not follow one node to invented heights", () => {
    expect(judge(100n, 101n, 1_000_000n)).to.deep.equal({ n2: "ahead-of-the-others" });
    expect(judge(100n, 100n, 101n, 1_000_000n)).to.deep.equal({ n3: "ahead-of-the-others" });
  });

  it("counts a node of another chain neither as high nor as low", () => {
    const views = [
      { name: "a", chainId: 2n, headNumber: 1_000n },
      { name: "b", chainId: CHAIN, headNumber: 10n },
    ];
    expect(Object.fromEntries(judgeViews(views, CHAIN, MAX_LAG))).to.deep.equal({ a: "wrong-chain" });
    expect(judgeViews([], CHAIN, MAX_LAG).size).to.equal(0);
  });

  it("lets most of the nodes that know a block decide it", () => {
    expect(hashes("0xaa", "0xbb", "0xaa")).to.deep.equal({ agreed: "0xaa", dissenters: ["n1"] });
    expect(hashes("0xaa", null, null)).to.deep.equal({ agreed: "0xaa", dissenters: [] });
  });

  it("names no liar when the nodes are divided evenly", () => {
    expect(hashes("0xaa", "0xbb")).to.deep.equal({ agreed: null, dissenters: [] });
    expect(hashes("0xaa", "0xbb", null)).to.deep.equal({ agreed: null, dissenters: [] });
    expect(hashes(null)).to.deep.equal({ agreed: null, dissenters: [] });
  });

  it("takes a value only from more than half, silence counted", () => {
    const value = (...values: readonly (number | null)[]) => majority(values, String);
    expect(value()).to.equal(null);
    expect(value(7)).to.equal(7);
    expect(value(7, 8)).to.equal(null);
    expect(value(8, 7, 7)).to.equal(7);
    expect(value(7, 7, null, null)).to.equal(null);
    expect(value(7, null, null)).to.equal(null);
  });
});
