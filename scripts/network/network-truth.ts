// What is true of a network whatever its keepers log: the reports in their stores, and those on the chain.
import { existsSync } from "node:fs";
import type { Provider } from "ethers";
import { hashHead, reportHead } from "../../keeper/adapters/ethers/wallet-signer.ts";
import { openSqliteStore } from "../../keeper/adapters/sqlite/keeper-store.ts";
import { BEFORE_ALL_ROUNDS } from "../../keeper/core/protocol/round-id.ts";
import type { SignedReport } from "../../keeper/core/report/typed-data.ts";
import type { SigningDomain } from "../../keeper/ports/signer.ts";
import { KEPT_FINALS, type StoreOwner } from "../../keeper/ports/store.ts";
import type { Completed } from "../../test/support/chaos-checks.ts";
import { RiskOracle__factory } from "../../types/ethers-contracts/factories/oracle/RiskOracle__factory.ts";
import type { AcceptedReport } from "./lab-verdict.ts";

/** Every signed report that a stopped keeper's store holds. */
export async function finalsInStore(file: string, owner: StoreOwner): Promise<readonly SignedReport[]> {
  if (!existsSync(file)) return [];
  const store = openSqliteStore(file, owner, "existing");
  try {
    return await store.finalsAfter(BEFORE_ALL_ROUNDS, KEPT_FINALS);
  } finally {
    await store.close();
  }
}

/** The different reports among signed ones. */
export function completedOf(finals: readonly SignedReport[], domain: SigningDomain): readonly Completed[] {
  const found = new Map<string, Completed>();
  for (const { report } of finals) {
    const hash = hashHead(domain, reportHead(report));
    found.set(hash, { hash, report });
  }
  return [...found.values()];
}

/** The reports that stand on the chain, in its order. */
export async function acceptedOnChain(
  oracleAddress: string,
  provider: Provider,
): Promise<readonly AcceptedReport[]> {
  const oracle = RiskOracle__factory.connect(oracleAddress, provider);
  const events = await oracle.queryFilter(oracle.filters.ReportAccepted(), 0);
  const accepted: AcceptedReport[] = [];
  for (const { args, blockNumber } of events) {
    const block = await provider.getBlock(blockNumber);
    accepted.push({
      epoch: args.epoch,
      round: Number(args.round),
      observedAtSeconds: Number(args.observedAt),
      blockSeconds: block?.timestamp ?? 0,
    });
  }
  return accepted;
}
