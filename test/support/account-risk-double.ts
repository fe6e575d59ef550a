// A chain that accepts reports in blocks and values accounts as a test says.
import { keccak256, toBeHex } from "ethers";
import { accountRiskLeaf, type AccountRisk } from "../../keeper/core/report/account-risk.ts";
import { merkleTree, type MerkleTree } from "../../keeper/core/report/merkle-tree.ts";
import { NO_ACCOUNT_ROOT } from "../../keeper/core/report/account-root.ts";
import type { AccountMargin, AccountRiskChain } from "../../keeper/ports/account-risk-chain.ts";
import { asHex, type Hex } from "../../keeper/ports/hex.ts";

/** The tree over a table, whatever order its rows come in. */
export const treeOf = (rows: readonly AccountRisk[]): MerkleTree =>
  merkleTree(
    rows.map((row) => accountRiskLeaf(row, keccak)),
    keccak,
  );

export const keccak = (data: Hex): Hex => asHex(keccak256(data));

export interface AccountRiskDouble {
  readonly chain: AccountRiskChain;
  /** What the chain answers: a test may change it. */
  readonly state: {
    epoch: bigint;
    round: number;
    observedAtSeconds: number;
    accountRoot: Hex;
    blockNumber: bigint;
    /** Changes when the block is replaced. */
    fork: number;
    isAccepted: boolean;
    accounts: bigint;
    /** Fails the questions that value accounts. */
    trouble: Error | null;
  };
  /** Numbers of the first account, count and block of each question that valued accounts. */
  readonly asked: (readonly [bigint, bigint, bigint])[];
  /** Is awaited before accounts are valued. */
  beforeMargins: () => Promise<void>;
}

const WORD_BYTES = 32;
const FORKS = 1_000n;

/** Equity depends on the block, so that tables of two reports differ. */
export const marginAt = (account: bigint, blockNumber: bigint): AccountMargin => ({
  account,
  equityE6: account % 2n === 0n ? -account : account * 1_000n + blockNumber,
  initialE6: 2n * account,
  maintenanceE6: account,
});

export function accountRiskDouble(accounts: bigint): AccountRiskDouble {
  const state: AccountRiskDouble["state"] = {
    epoch: 3n,
    round: 7,
    observedAtSeconds: 1_000,
    accountRoot: NO_ACCOUNT_ROOT,
    blockNumber: 50n,
    fork: 0,
    isAccepted: true,
    accounts,
    trouble: null,
  };
  const asked: (readonly [bigint, bigint, bigint])[] = [];
  const hashOf = (number: bigint) => asHex(toBeHex(number * FORKS + BigInt(state.fork), WORD_BYTES));
  const double: AccountRiskDouble = {
    state,
    asked,
    beforeMargins: () => Promise.resolve(),
    chain: {
      lastReport: () => Promise.resolve(state),
      acceptedIn: ({ epoch, round }) => {
        const isLast = epoch === state.epoch && round === state.round && state.isAccepted;
        return Promise.resolve(
          isLast ? { number: state.blockNumber, hash: hashOf(state.blockNumber) } : null,
        );
      },
      blockHash: (number) => Promise.resolve(hashOf(number)),
      accountCount: () => Promise.resolve(state.accounts),
      margins: async (first, count, blockNumber) => {
        asked.push([first, count, blockNumber]);
        await double.beforeMargins();
        if (state.trouble !== null) throw state.trouble;
        const last = first + count - 1n < state.accounts ? first + count - 1n : state.accounts;
        return Array.from({ length: Number(last - first + 1n) }, (_, i) =>
          marginAt(first + BigInt(i), blockNumber),
        );
      },
    },
  };
  return double;
}
