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
  const heads = candidates.map(({ headNumber }) => headNumber).sort((a, b) => (a < b ? -1 : 1));
  const reference = heads[Math.floor(heads.length / 2)];
  if (reference === undefined) return verdicts;
  for (const { name, headNumber } of candidates) {
    if (headNumber + maxLagBlocks < reference) verdicts.set(name, "lagging");
    if (headNumber > reference + maxLagBlocks) verdicts.set(name, "ahead-of-the-others");
  }
  return verdicts;
}

/** The value that more than half of the answers give, null when none has that many; values of one key are the same. */
export function majority<T>(values: readonly T[], keyOf: (value: T) => string): T | null {
  const votes = new Map<string, number>();
  for (const value of values) {
    const key = keyOf(value);
    const count = (votes.get(key) ?? 0) + 1;
    if (2 * count > values.length) return value;
    votes.set(key, count);
  }
  return null;
}

/** What nodes hold for one block; null where a node does not know it. */
export type BlockHashes = ReadonlyMap<string, Hex | null>;

export interface HashJudgement {
  /** The hash that more than half of the nodes that know the block hold; null when no hash has that many. */
  readonly agreed: Hex | null;
  /** Nodes that hold another one than the agreed. */
  readonly dissenters: readonly string[];
}

export function judgeHashes(hashes: BlockHashes): HashJudgement {
  const agreed = majority(
    [...hashes.values()].filter((hash) => hash !== null),
    (hash) => hash,
  );
  const dissenters =
    agreed === null
      ? []
      : [...hashes].filter(([, hash]) => hash !== null && hash !== agreed).map(([name]) => name);
  return { agreed, dissenters };
}
