import { accountRiskLeaf, accountRiskProof } from "../core/report/account-risk.ts";
import { NO_ACCOUNT_ROOT } from "../core/report/account-root.ts";
import type { Keccak256 } from "../core/report/merkle-tree.ts";
import { nameOfRound, type RoundId } from "../core/protocol/round-id.ts";
import { forgetOldest } from "../core/remembered.ts";
import type { AccountRiskAnswer } from "../ports/account-risk.ts";
import type { Hex } from "../ports/hex.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";
import { readAccountRiskTable, type AccountRiskTable, type TableParts } from "./account-risk-table.ts";
import { createRareLog } from "./protocol/rare-log.ts";

/** A keeper's tables of account risk. */
export interface AccountRiskTables {
  /** The root that this keeper names in its observations; zero when it has no table. */
  root(): Hex;
  proof(account: bigint): AccountRiskAnswer;
  /** Makes a table of each report that the chain accepts, until the signal aborts. Nothing waits for it. */
  follow(signal: AbortSignal): Promise<void>;
}

export interface AccountRiskParts extends TableParts {
  readonly timer: Timer;
  readonly telemetry: Telemetry;
  /** Time between two looks at the chain, ms. */
  readonly lookMs: number;
}

/** Tables kept: the one that is named, the one under the chain's last report, and those of reports on their way. */
const KEPT_TABLES = 4;
/** Attempts at the table of one report: afterwards the next report's is waited for. */
const MAX_ATTEMPTS = 3;

export function createAccountRisk(parts: AccountRiskParts): AccountRiskTables {
  const { chain, timer, telemetry, keccak256, lookMs } = parts;
  const log = createRareLog(parts);
  const kept = new Map<Hex, AccountRiskTable>();
  /** Of the last report that was tried: an older table is named while the next one is being made, and none when that fails. */
  let newest: AccountRiskTable | null = null;
  let tried: { readonly report: RoundId; attempts: number } | null = null;
  let postedRoot: Hex = NO_ACCOUNT_ROOT;

  /** Makes the table of the chain's last report, anew when its block was replaced. */
  const look = async (signal: AbortSignal): Promise<void> => {
    const { accountRoot, epoch, round, observedAtSeconds } = await chain.lastReport();
    postedRoot = accountRoot;
    if (observedAtSeconds === 0) return;
    if (newest !== null && isSame(newest.report, { epoch, round })) {
      if ((await chain.blockHash(newest.block.number)) === newest.block.hash) return;
      tried = null;
    }
    if (tried === null || !isSame(tried.report, { epoch, round }))
      tried = { report: { epoch, round }, attempts: 0 };
    if (tried.attempts >= MAX_ATTEMPTS) return;
    tried.attempts++;
    const startMs = timer.nowMs();
    try {
      newest = await readAccountRiskTable(parts, tried.report, signal);
    } catch (error) {
      newest = null;
      throw error;
    }
    keep(newest);
    telemetry.info("account-risk-computed", {
      report: nameOfRound(newest.report),
      accounts: newest.rows.length,
      root: rootOf(newest),
      tookMs: Math.round(timer.nowMs() - startMs),
    });
  };
  const keep = (table: AccountRiskTable): void => {
    kept.delete(rootOf(table));
    kept.set(rootOf(table), table);
    forgetOldest(kept, KEPT_TABLES);
  };
  return {
    root: () => (newest === null ? NO_ACCOUNT_ROOT : rootOf(newest)),
    proof: (account) => {
      if (postedRoot === NO_ACCOUNT_ROOT) return { kind: "no-root" };
      const table = kept.get(postedRoot);
      return table === undefined
        ? { kind: "unknown-root", accountRoot: postedRoot }
        : proveAccount(table, account, keccak256);
    },
    follow: async (signal) => {
      while (!signal.aborted) {
        await look(signal).catch((error: unknown) => {
          if (!signal.aborted) log.warn("account-risk-not-computed", "chain", { reason: String(error) });
        });
        await timer.sleep(lookMs, signal).catch(() => undefined);
      }
    },
  };
}

/** The row of an account in a table, and what the verifier needs to believe it. */
export function proveAccount(
  { rows, tree }: AccountRiskTable,
  account: bigint,
  keccak256: Keccak256,
): AccountRiskAnswer {
  const row = rows.find((each) => each.account === account);
  if (row === undefined || tree === null) return { kind: "no-account", accounts: rows.length };
  return {
    kind: "proven",
    accountRoot: tree.root,
    row,
    leaf: accountRiskLeaf(row, keccak256),
    proof: accountRiskProof(tree, row, keccak256),
  };
}

const rootOf = ({ tree }: AccountRiskTable): Hex => tree?.root ?? NO_ACCOUNT_ROOT;

const isSame = (a: RoundId, b: RoundId): boolean => a.epoch === b.epoch && a.round === b.round;
