import { CoreError } from "../errors.ts";

/** 0x-prefixed hexadecimal. */
type Hex = `0x${string}`;

/** keccak256 of bytes in hexadecimal. */
export type Keccak256 = (data: Hex) => Hex;

/** A binary tree as a heap: the root first, the children of node i at 2 i + 1 and 2 i + 2, the leaves from the last node backwards. */
export interface MerkleTree {
  readonly root: Hex;
  readonly nodes: readonly Hex[];
  readonly leafCount: number;
}

/**
 * The tree over leaves in rising order, whatever order they come in: the one that OpenZeppelin's merkle-tree package builds and its MerkleProof
 * checks. A pair is hashed in rising order.
 * @param leaves 32 bytes each, at least one
 * @throws CoreError `argument-out-of-domain` without leaves
 */
export function merkleTree(leaves: readonly Hex[], keccak256: Keccak256): MerkleTree {
  const sorted = leaves.map((leaf): Hex => `0x${leaf.slice(2).toLowerCase()}`).sort(compare);
  if (sorted.length === 0)
    throw new CoreError("argument-out-of-domain", { name: "leaves", value: 0, min: 1 });
  const nodes = [...new Array<Hex>(sorted.length - 1).fill("0x"), ...sorted.reverse()];
  for (let parent = sorted.length - 2; parent >= 0; parent--)
    nodes[parent] = pairHash(nodeAt(nodes, 2 * parent + 1), nodeAt(nodes, 2 * parent + 2), keccak256);
  return { root: nodeAt(nodes, 0), nodes, leafCount: sorted.length };
}

/**
 * The siblings of a leaf from the bottom up.
 * @throws CoreError `argument-out-of-domain` for a leaf that is not in the tree
 */
export function merkleProof({ nodes, leafCount }: MerkleTree, leaf: Hex): readonly Hex[] {
  let index = nodes.indexOf(`0x${leaf.slice(2).toLowerCase()}`, leafCount - 1);
  if (index < 0) throw new CoreError("argument-out-of-domain", { name: "leaf", value: leaf });
  const proof: Hex[] = [];
  for (; index > 0; index = (index - 1) >> 1)
    proof.push(nodeAt(nodes, index % 2 === 1 ? index + 1 : index - 1));
  return proof;
}

/** A heap of 2 n - 1 nodes has every sibling and child that is asked for. */
function nodeAt(nodes: readonly Hex[], index: number): Hex {
  return nodes[index] ?? "0x";
}

function pairHash(a: Hex, b: Hex, keccak256: Keccak256): Hex {
  const [low, high] = a < b ? [a, b] : [b, a];
  return keccak256(`${low}${high.slice(2)}` as Hex);
}

/** Lower-case hexadecimal of one length compares like the numbers it writes. */
const compare = (a: Hex, b: Hex): number => (a < b ? -1 : a > b ? 1 : 0);
