import type { Hex } from "../../ports/hex.ts";
import type { KeeperSet } from "../../ports/oracle-chain.ts";

/** Signatures in the order in which the registry wants them: rising by signer, exactly a quorum. */
export function orderSignatures(signatures: ReadonlyMap<Hex, Hex>, quorum: number): readonly Hex[] {
  return [...signatures]
    .sort(([a], [b]) => compareHex(a, b))
    .slice(0, quorum)
    .map(([, signature]) => signature);
}

/** The signers when they are exactly a quorum of the set, each once and rising, as the registry wants them; null otherwise. */
export function quorumOf(
  signatures: readonly Hex[],
  { keepers, quorum }: Pick<KeeperSet, "keepers" | "quorum">,
  authorOf: (signature: Hex) => Hex | null,
): readonly Hex[] | null {
  if (signatures.length !== quorum) return null;
  const signers: Hex[] = [];
  for (const signature of signatures) {
    const author = authorOf(signature);
    const before = signers.at(-1);
    if (author === null || !keepers.includes(author)) return null;
    if (before !== undefined && BigInt(before) >= BigInt(author)) return null;
    signers.push(author);
  }
  return signers;
}

/** Order of two hexadecimal numbers. */
export function compareHex(a: Hex, b: Hex): number {
  return BigInt(a) < BigInt(b) ? -1 : 1;
}
