import { expect } from "chai";
import { AbiCoder, concat, keccak256, toBeHex } from "ethers";
import fc from "fast-check";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { merkleProof, merkleTree } from "../../../../keeper/core/report/merkle-tree.ts";
import { asHex, type Hex } from "../../../../keeper/ports/hex.ts";

const hash = (data: Hex): Hex => asHex(keccak256(data));

/** Walks a proof the way OpenZeppelin's MerkleProof does, with numbers instead of text. */
const walked = (leaf: Hex, proof: readonly Hex[]): string =>
  proof.reduce<string>(
    (node, sibling) => keccak256(concat(BigInt(node) < BigInt(sibling) ? [node, sibling] : [sibling, node])),
    leaf,
  );

const leafSets = fc.uniqueArray(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => asHex(toBeHex(value, 32))),
  { minLength: 1, maxLength: 40 },
);

describe("Merkle tree", () => {
  // Source: README of OpenZeppelin's merkle-tree package, the tree of two values of type (address, uint256).
  it("has the root and the nodes that OpenZeppelin's package documents", () => {
    const leaves = [
      ["0x1111111111111111111111111111111111111111", "5000000000000000000"],
      ["0x2222222222222222222222222222222222222222", "2500000000000000000"],
    ].map((row) => hash(hash(asHex(AbiCoder.defaultAbiCoder().encode(["address", "uint256"], row)))));
    const tree = merkleTree(leaves, hash);
    expect(tree.nodes).to.deep.equal([
      "0xd4dee0beab2d53f2cc83e567171bd2820e49898130a22622b10ead383e90bd77",
      "0xeb02c421cfa48976e66dfb29120745909ea3a0f843456c263cf8f1253483e283",
      "0xb92c48e9d7abe27fd8dfd6b5dfdbfb1c9a463f80c712b66f3a5180a090cccafc",
    ]);
    expect(tree.root).to.equal(tree.nodes[0]);
  });

  it("pairs the two lowest of three leaves, then their hash with the highest", () => {
    const low: Hex = `0x${"01".repeat(32)}`;
    const middle: Hex = `0x${"02".repeat(32)}`;
    const high: Hex = `0x${"03".repeat(32)}`;
    const inner = keccak256(concat([low, middle]));
    const pair = BigInt(inner) < BigInt(high) ? [inner, high] : [high, inner];
    const tree = merkleTree([high, low, middle], hash);
    expect(tree.root).to.equal(keccak256(concat(pair)));
    expect(merkleProof(tree, low)).to.deep.equal([middle, high]);
    expect(merkleProof(tree, high)).to.deep.equal([inner]);
  });

  it("is the single leaf itself, with an empty proof", () => {
    const leaf: Hex = `0x${"5a".repeat(32)}`;
    const tree = merkleTree([leaf], hash);
    expect(tree.root).to.equal(leaf);
    expect(merkleProof(tree, leaf)).to.deep.equal([]);
  });

  it("does not depend on the order or the letter case of the leaves", () => {
    fc.assert(
      fc.property(leafSets, (leaves) => {
        const shouted = leaves.toReversed().map((leaf): Hex => `0x${leaf.slice(2).toUpperCase()}`);
        expect(merkleTree(shouted, hash)).to.deep.equal(merkleTree(leaves, hash));
      }),
    );
  });

  it("proves every leaf, and no leaf with another's proof", () => {
    fc.assert(
      fc.property(leafSets, (leaves) => {
        const tree = merkleTree(leaves, hash);
        for (const leaf of leaves) {
          const proof = merkleProof(tree, leaf);
          expect(walked(leaf, proof)).to.equal(tree.root);
          const other = leaves.find((candidate) => candidate !== leaf);
          if (other !== undefined && !proof.includes(other))
            expect(walked(other, proof)).to.not.equal(tree.root);
        }
      }),
    );
  });

  it("refuses no leaves, and a proof of what is not a leaf, inner nodes included", () => {
    expect(() => merkleTree([], hash)).to.throw(CoreError);
    const tree = merkleTree(
      ["01", "02", "03"].map((byte): Hex => `0x${byte.repeat(32)}`),
      hash,
    );
    expect(() => merkleProof(tree, `0x${"04".repeat(32)}`)).to.throw(CoreError);
    expect(() => merkleProof(tree, tree.root)).to.throw(CoreError);
  });
});
