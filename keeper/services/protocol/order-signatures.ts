import type { Hex } from "../../ports/hex.ts";

/** Signatures in the order in which the registry wants them: rising by signer, exactly a quorum. */
export function orderSignatures(signatures: ReadonlyMap<Hex, Hex>, quorum: number): readonly Hex[] {
  return [...signatures]
    .sort(([a], [b]) => compareHex(a, b))
    .slice(0, quorum)
    .map(([, signature]) => signature);
}

/** Order of two hexadecimal numbers. */
export function compareHex(a: Hex, b: Hex): number {
  return BigInt(a) < BigInt(b) ? -1 : 1;
}
