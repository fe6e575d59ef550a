import type { Hex } from "../../ports/hex.ts";

/** What a node said of itself when it was checked. */
export interface NodeView {
  readonly name: string;
  readonly chainId: bigint;
  readonly headNumber: bigint;
}

/** Why a node is not used. */
export type AsideReason = "no-answer" | "wrong-chain" | "lagging" | "ahead-of-the-others" | "other-blocks";

/** Nodes with reasons against them, by name; a node that is not listed is fit. */
export type Verdicts = ReadonlyMap<string, AsideReason>;

/**
 * Judges nodes by chain and by height. The height is the median (of two: the higher), so that one node that invents blocks does not make all
 * others look late.
 */
export function judgeViews(views: readonly NodeView[], chainId: bigint, maxLagBlocks: bigint): Verdicts {
  const verdicts = new Map<string, AsideReason>();
  for (const { name, chainId: actual } of views) if (actual !== chainId) verdicts.set(name, "wrong-chain");
  const candidates = views.filter(({ name }) => !verdicts.has(name));
  const reference = upperMedian(candidates.map(({ headNumber }) => headNumber));
  if (reference === null) return verdicts;
  for (const { name, headNumber } of candidates) {
    if (headNumber + maxLagBlocks < reference) verdicts.set(name, "lagging");
    if (headNumber > reference + maxLagBlocks) verdicts.set(name, "ahead-of-the-others");
  }
  return verdicts;
}

/**
 * How many nodes must say the same: more than half of those that are named, whether they answer or not. Of two, both; but one that does not
 * answer leaves the word to the other, which would have it alone if it had been named alone.
 * @param answering nodes that answer, or may yet
 */
export function votesNeeded(named: number, answering: number): number {
  return named <= 2 ? Math.max(answering, 1) : Math.floor(named / 2) + 1;
}

/** Votes of one key that are enough; null when there are none. */
export function carried<T>(
  votes: readonly T[],
  keyOf: (vote: T) => string,
  needed: number,
): readonly [T, ...(readonly T[])] | null {
  const groups = new Map<string, [T, ...T[]]>();
  for (const vote of votes) {
    const key = keyOf(vote);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [vote]);
    else group.push(vote);
  }
  return [...groups.values()].find((group) => group.length >= needed) ?? null;
}

/** The highest block that enough nodes have reached. */
export interface AgreedHeight {
  readonly number: bigint;
  /** No further answer can change it. */
  readonly isCertain: boolean;
}

/**
 * @param heads heights of the nodes that have answered
 * @param missing nodes that may yet answer
 * @returns null while, or when, too few have answered
 */
export function agreedHeight(heads: readonly bigint[], named: number, missing: number): AgreedHeight | null {
  const needed = votesNeeded(named, heads.length + missing);
  const falling = heads.toSorted((a, b) => (a > b ? -1 : 1));
  const number = falling[needed - 1];
  if (number === undefined) return null;
  // Should all that are missing be higher, this many of the present ones would make up the number.
  return { number, isCertain: missing === 0 || falling[needed - 1 - missing] === number };
}

/** The middle value; of an even number the higher of the two in the middle. Null of none. */
export function upperMedian(values: readonly bigint[]): bigint | null {
  return sorted(values)[Math.floor(values.length / 2)] ?? null;
}

/** The middle value; of an even number the lower of the two in the middle. Null of none. */
export function lowerMedian(values: readonly bigint[]): bigint | null {
  return sorted(values)[Math.ceil(values.length / 2) - 1] ?? null;
}

const sorted = (values: readonly bigint[]): readonly bigint[] => values.toSorted((a, b) => (a < b ? -1 : 1));

/** What nodes hold for one block; null where a node does not know it. */
export type BlockHashes = ReadonlyMap<string, Hex | null>;

export interface HashJudgement {
  /** The hash that more than half of the nodes that know the block hold; null when no hash has that many. */
  readonly agreed: Hex | null;
  /** Nodes that hold another one than the agreed. */
  readonly dissenters: readonly string[];
}

export function judgeHashes(hashes: BlockHashes): HashJudgement {
  const known = [...hashes.values()].filter((hash) => hash !== null);
  const agreed = carried(known, (hash) => hash, Math.floor(known.length / 2) + 1)?.[0] ?? null;
  const dissenters =
    agreed === null
      ? []
      : [...hashes].filter(([, hash]) => hash !== null && hash !== agreed).map(([name]) => name);
  return { agreed, dissenters };
}
