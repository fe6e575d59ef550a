import { accountRiskLeaf, type AccountRisk } from "../core/report/account-risk.ts";
import { merkleTree, type Keccak256, type MerkleTree } from "../core/report/merkle-tree.ts";
import { nameOfRound, type RoundId } from "../core/protocol/round-id.ts";
import type { AccountRiskChain } from "../ports/account-risk-chain.ts";
import type { Hex } from "../ports/hex.ts";
import type { ChainBlock } from "../ports/oracle-chain.ts";
import type { Timer } from "../ports/timer.ts";

/** Accounts of a table: more have none. The nodes value so many in seconds, and the keeper hashes the tree in some 50 ms, during which it answers nobody. */
export const MAX_TABLE_ACCOUNTS = 2_048n;
/** Accounts valued in one question: at 3 million gas for a large account below the 50 million that nodes spend on one. */
const ACCOUNTS_AT_ONCE = 16n;
/** Time a table may take; by then another report has usually been accepted. */
const MAX_TABLE_MS = 60_000;

/** The risk of every account right after a report was accepted. */
export interface AccountRiskTable {
  /** The report at whose prices the accounts were valued. */
  readonly report: RoundId;
  /** The block that accepted it. */
  readonly block: Pick<ChainBlock, "number" | "hash">;
  /** Rising by account, from 1. */
  readonly rows: readonly AccountRisk[];
  /** Null when there are no accounts. */
  readonly tree: MerkleTree | null;
}

/** There is no table of a report. */
class NoAccountRiskTable extends Error {
  override readonly name = "NoAccountRiskTable";
  readonly code = "no-account-risk-table";

  constructor(report: RoundId, reason: string) {
    super(`no account-risk table of report ${nameOfRound(report)}: ${reason}`);
  }
}

export interface TableParts {
  readonly chain: AccountRiskChain;
  readonly timer: Pick<Timer, "nowMs">;
  readonly keccak256: Keccak256;
}

/**
 * Values every account in the state of the block that accepted a report, a few accounts at a time and one question after the other: the nodes have
 * other things to answer.
 * @throws NoAccountRiskTable when the report is not found, when there are too many accounts, when it takes too long, and when the block was replaced
 * meanwhile; what the chain throws; the signal's reason
 */
export async function readAccountRiskTable(
  { chain, timer, keccak256 }: TableParts,
  { epoch, round }: RoundId,
  signal: AbortSignal,
): Promise<AccountRiskTable> {
  const report = { epoch, round };
  const startMs = timer.nowMs();
  const block = await chain.acceptedIn(report);
  if (block === null) throw new NoAccountRiskTable(report, "the newest blocks do not show its acceptance");
  const count = await chain.accountCount(block.number);
  if (count > MAX_TABLE_ACCOUNTS)
    throw new NoAccountRiskTable(
      report,
      `there are ${count.toString()} accounts, at most ${MAX_TABLE_ACCOUNTS.toString()} have one`,
    );
  const rows: AccountRisk[] = [];
  const leaves: Hex[] = [];
  for (let first = 1n; first <= count; first += ACCOUNTS_AT_ONCE) {
    signal.throwIfAborted();
    if (timer.nowMs() - startMs > MAX_TABLE_MS)
      throw new NoAccountRiskTable(
        report,
        `after ${MAX_TABLE_MS.toString()} ms only ${rows.length.toString()} of ${count.toString()} accounts are valued`,
      );
    for (const margin of await chain.margins(first, ACCOUNTS_AT_ONCE, block.number)) {
      const { account, equityE6, initialE6, maintenanceE6 } = margin;
      const row = { ...report, account, equityE6, initialE6, maintenanceE6 };
      rows.push(row);
      // Between two questions: hashing all at once would hold up the rounds.
      leaves.push(accountRiskLeaf(row, keccak256));
    }
  }
  if ((await chain.blockHash(block.number)) !== block.hash)
    throw new NoAccountRiskTable(report, `block ${block.number.toString()} was replaced meanwhile`);
  return { report, block, rows, tree: leaves.length === 0 ? null : merkleTree(leaves, keccak256) };
}
