import { requireInteger } from "./integers.ts";
import { merkleProof, type Keccak256, type MerkleTree } from "./merkle-tree.ts";

/** 0x-prefixed hexadecimal. */
type Hex = `0x${string}`;

/** A row of the account-risk table; the contract's AccountRisk. Money in USD * 1e6, as the margin engine computed it. */
export interface AccountRisk {
  /** The report at whose prices the account was valued, right after the chain accepted it. */
  readonly epoch: bigint;
  readonly round: number;
  readonly account: bigint;
  readonly equityE6: bigint;
  readonly initialE6: bigint;
  readonly maintenanceE6: bigint;
}

const WORD_BITS = 256;
const WORD_DIGITS = 64;
const HEX = 16;
const EPOCH_BITS = 64;
const ROUND_BITS = 32;

/**
 * Leaf of a row: keccak256(keccak256(abi.encode(row))). Hashed twice, so that no inner node can pass for a row.
 * @throws CoreError `argument-out-of-domain` naming a field that its type cannot hold
 */
export function accountRiskLeaf(row: AccountRisk, keccak256: Keccak256): Hex {
  return keccak256(keccak256(encodeRow(row)));
}

/**
 * What AccountRiskVerifier needs to believe a row of the tree.
 * @throws CoreError `argument-out-of-domain` for a row that is not in it
 */
export function accountRiskProof(tree: MerkleTree, row: AccountRisk, keccak256: Keccak256): readonly Hex[] {
  return merkleProof(tree, accountRiskLeaf(row, keccak256));
}

function encodeRow({ epoch, round, account, equityE6, initialE6, maintenanceE6 }: AccountRisk): Hex {
  const words = [
    unsignedWord("epoch", epoch, EPOCH_BITS),
    unsignedWord("round", BigInt(round), ROUND_BITS),
    unsignedWord("account", account, WORD_BITS),
    signedWord("equityE6", equityE6),
    unsignedWord("initialE6", initialE6, WORD_BITS),
    unsignedWord("maintenanceE6", maintenanceE6, WORD_BITS),
  ];
  return `0x${words.map((word) => word.toString(HEX).padStart(WORD_DIGITS, "0")).join("")}`;
}

function unsignedWord(name: string, value: bigint, bits: number): bigint {
  requireInteger(name, value, 0n, (1n << BigInt(bits)) - 1n);
  return value;
}

function signedWord(name: string, value: bigint): bigint {
  const limit = 1n << BigInt(WORD_BITS - 1);
  requireInteger(name, value, -limit, limit - 1n);
  return BigInt.asUintN(WORD_BITS, value);
}
