import { ChainRefusal, type AccountHealth, type ClearingChain } from "../ports/clearing-chain.ts";
import type { Telemetry } from "../ports/telemetry.ts";

/** Accounts read in one call. */
const PAGE = 32n;
/** Health of 1 in bps: below it an account may be called. */
const CALL_HEALTH_BPS = 10_000n;

/** The contract lets no vote start the insolvent phase of an account at or above this health. */
const MAX_INSOLVENT_HEALTH_BPS = 2_500n;

export interface MarginWatchResult {
  readonly flagged: readonly bigint[];
  readonly released: readonly bigint[];
}

/** Health of every account, a page at a time, in rising order of account. */
export async function readAllHealth(chain: ClearingChain): Promise<readonly AccountHealth[]> {
  const count = await chain.accountCount();
  const accounts: AccountHealth[] = [];
  for (let first = 1n; first <= count; first += PAGE) accounts.push(...(await chain.health(first, PAGE)));
  return accounts;
}

/**
 * One round of the margin watch: flags every account below maintenance, worst first, and releases every called account that has
 * recovered. A called account that has become insolvent is brought up to date: nobody bids before the fund's subsidy has begun to grow. A refusal (someone else was faster, the health moved) is logged and the round goes on.
 */
export async function watchMargin(chain: ClearingChain, telemetry: Telemetry): Promise<MarginWatchResult> {
  const [accounts, calledAccounts, targetBps] = await Promise.all([
    readAllHealth(chain),
    chain.calledAccounts(),
    chain.targetHealthBps(),
  ]);
  const called = new Set(calledAccounts);
  const below = accounts
    .filter(({ account, healthBps }) => healthBps < CALL_HEALTH_BPS && !called.has(account))
    .sort((a, b) => (a.healthBps < b.healthBps ? -1 : 1));
  const recovered = accounts.filter(
    ({ account, healthBps }) => healthBps >= targetBps && called.has(account),
  );

  const deep = accounts.filter(
    ({ account, healthBps }) => healthBps < MAX_INSOLVENT_HEALTH_BPS && called.has(account),
  );
  const insolvent: AccountHealth[] = [];
  for (const health of deep) {
    if ((await chain.quote(health.account)).phase === "insolvent") insolvent.push(health);
  }

  const flagged = await attemptEach(below, telemetry, (account) => chain.flag(account));
  await attemptEach(insolvent, telemetry, (account) => chain.update(account));
  const released = await attemptEach(recovered, telemetry, (account) => chain.release(account));
  for (const account of flagged) telemetry.warn("margin-called", { account });
  for (const account of released) telemetry.info("margin-call-ended", { account });
  return { flagged, released };
}

async function attemptEach(
  accounts: readonly AccountHealth[],
  telemetry: Telemetry,
  action: (account: bigint) => Promise<void>,
): Promise<readonly bigint[]> {
  const done: bigint[] = [];
  for (const { account } of accounts) {
    try {
      await action(account);
      done.push(account);
    } catch (error) {
      if (!(error instanceof ChainRefusal)) throw error;
      telemetry.warn("action-refused", { account, reason: error.message });
    }
  }
  return done;
}
