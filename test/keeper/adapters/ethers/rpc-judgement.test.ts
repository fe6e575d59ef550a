import { expect } from "chai";
import {
  agreedHeight,
  carried,
  judgeHashes,
  judgeViews,
  lowerMedian,
  upperMedian,
  votesNeeded,
} from "../../../../keeper/adapters/ethers/rpc-judgement.ts";
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

  it("wants more than half of the nodes named, and of two both that answer", () => {
    const needed = (named: number) => [0, 1, 2, 3, 4, 5].map((answering) => votesNeeded(named, answering));
    expect(needed(1)[1]).to.equal(1);
    expect(needed(2).slice(0, 3)).to.deep.equal([1, 1, 2]);
    expect(new Set(needed(3))).to.deep.equal(new Set([2]));
    expect(new Set(needed(4))).to.deep.equal(new Set([3]));
    expect(new Set(needed(5))).to.deep.equal(new Set([3]));
  });

  it("takes what enough say, with all who say it", () => {
    const group = (needed: number, ...votes: readonly string[]) =>
      carried(votes, (vote) => vote.slice(0, 1), needed);
    expect(group(1)).to.equal(null);
    expect(group(2, "a1", "b1")).to.equal(null);
    expect(group(2, "a1", "b1", "a2")).to.deep.equal(["a1", "a2"]);
    expect(group(3, "a1", "b1", "a2")).to.equal(null);
  });

  it("finds the highest block that enough nodes have, and knows when no answer can change it", () => {
    const height = (named: number, missing: number, ...heads: readonly bigint[]) => {
      const found = agreedHeight(heads, named, missing);
      return found === null ? null : `${found.number.toString()}${found.isCertain ? "" : "?"}`;
    };
    expect(height(1, 0, 7n)).to.equal("7");
    expect(height(1, 1)).to.equal(null);
    expect(height(2, 1, 7n)).to.equal(null);
    expect(height(2, 0, 7n)).to.equal("7");
    expect(height(2, 0, 8n, 7n)).to.equal("7");
    expect(height(3, 2, 8n)).to.equal(null);
    expect(height(3, 0, 8n)).to.equal(null);
    expect(height(3, 1, 8n, 8n)).to.equal("8");
    expect(height(3, 1, 9n, 8n)).to.equal("8?");
    expect(height(3, 0, 9n, 8n, 7n)).to.equal("8");
    expect(height(3, 0, 1_000_000n, 8n, 7n)).to.equal("8");
    expect(height(3, 0, 0n, 8n, 8n)).to.equal("8");
    expect(height(5, 2, 9n, 9n, 9n)).to.equal("9");
    expect(height(5, 1, 9n, 9n, 9n, 8n)).to.equal("9");
    expect(height(5, 2, 9n, 9n, 8n)).to.equal("8?");
  });

  it("finds the middle, and of two the one that is asked for", () => {
    expect([lowerMedian([]), upperMedian([])]).to.deep.equal([null, null]);
    expect([lowerMedian([5n]), upperMedian([5n])]).to.deep.equal([5n, 5n]);
    expect([lowerMedian([9n, 10n]), upperMedian([9n, 10n])]).to.deep.equal([9n, 10n]);
    expect([lowerMedian([100n, 9n, 10n]), upperMedian([100n, 9n, 10n])]).to.deep.equal([10n, 10n]);
    expect([lowerMedian([4n, 1n, 3n, 2n]), upperMedian([4n, 1n, 3n, 2n])]).to.deep.equal([2n, 3n]);
  });
});
