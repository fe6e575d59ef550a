import { ChainRefusal, type ClearingChain, type HeldExpiry } from "../ports/clearing-chain.ts";
import type { Clock } from "../ports/clock.ts";
import type { Telemetry } from "../ports/telemetry.ts";

export interface SettlementResult {
  readonly fixed: readonly HeldExpiry[];
  /** Accounts with at least one position settled. */
  readonly settledAccounts: number;
}

/**
 * One round of the settler bot. Inside an expiry's fixing window it samples the report in force; after the expiry it writes the
 * fixing and settles every account that held the expiry. Steps that are not due, or already done by someone else, are refused by
 * the contract and tried again next round.
 */
export async function settleExpiries(
  chain: ClearingChain,
  clock: Clock,
  telemetry: Telemetry,
): Promise<SettlementResult> {
  const windowSeconds = await chain.fixingWindowSeconds();
  const now = clock.nowSeconds();
  const fixed: HeldExpiry[] = [];
  let settledAccounts = 0;
  for (const held of await chain.heldExpiries()) {
    if (now < held.expirySeconds - windowSeconds) break;
    await tolerant("fixing-not-sampled", telemetry, () => chain.sampleFixing(held));
    if (now < held.expirySeconds) continue;
    if (!(await chain.isFixed(held)))
      await tolerant("fixing-not-due", telemetry, () => chain.setFixing(held));
    if (!(await chain.isFixed(held))) continue;
    fixed.push(held);
    for (const account of held.accounts) {
      if (await tolerant("settlement-refused", telemetry, () => chain.settleAccount(account)))
        settledAccounts++;
    }
  }
  return { fixed, settledAccounts };
}

async function tolerant(event: string, telemetry: Telemetry, action: () => Promise<void>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    if (!(error instanceof ChainRefusal)) throw error;
    telemetry.info(event, { reason: error.message });
    return false;
  }
}
