import type { RoundId } from "../core/protocol/round-id.ts";
import type { SignedReport } from "../core/report/typed-data.ts";
import type { EvidenceStore } from "./evidence-store.ts";
import type { SigningRecord } from "./signing-record.ts";
import type { TransactionLog } from "./transaction-log.ts";

/** Where a keeper stands in the order of leaders. */
export interface View {
  /** The epoch it takes part in. */
  readonly epoch: bigint;
  /** The highest epoch it has asked for. */
  readonly wish: bigint;
}

/** A keeper's view, so that a restart never takes it back to an epoch it left. */
export interface ViewStore {
  /** Resolves once the view is durable: only then may it be acted upon. Neither number ever falls, in whatever order writes arrive. */
  saveView(view: View): Promise<void>;
  /** Null before the first. */
  loadView(): Promise<View | null>;
}

/** The newest signed reports, for peers that were away. */
export interface FinalStore {
  /**
   * Keeps a signed report; one that is kept already stays as it is. The oldest go when there are too many, and so do records of what was
   * signed in its configuration KEPT_ROUNDS earlier.
   */
  saveFinal(final: SignedReport): Promise<void>;
  /** Signed reports after a round in rising order, at most `limit`. */
  finalsAfter(round: RoundId, limit: number): Promise<readonly SignedReport[]>;
  /** The newest; null before the first. */
  newestFinal(): Promise<SignedReport | null>;
}

/** All that a keeper must not forget. Every write is durable when its promise resolves. */
export interface KeeperStore extends SigningRecord, ViewStore, FinalStore, EvidenceStore, TransactionLog {
  close(): Promise<void>;
}

/** Whose store it is: another key, chain or registry must not share it, since a slot's name would mean two things. */
export interface StoreOwner {
  readonly chainId: bigint;
  readonly registry: string;
  readonly reportKey: string;
}

/** Whether a store is to be there, or to be made: a mistyped name must not become an empty store, which knows nothing of what was signed. */
export type StoreOpening = "existing" | "new";

/** The store is missing, in use, another keeper's, or of another version. */
export class StoreRefused extends Error {
  readonly code = "store-refused";
  readonly advice: string;

  constructor(reason: string, advice: string) {
    super(`the store cannot be used: ${reason}`);
    this.name = "StoreRefused";
    this.advice = advice;
  }
}

/** Signed reports that a store keeps: a day of them at one in ninety seconds. */
export const KEPT_FINALS = 1_000;

/**
 * Rounds for which a store remembers what was signed: more than eight days of slots of 15 s. A keeper signs nothing that is more than a slot
 * away from its clock or behind the chain's last report.
 */
export const KEPT_ROUNDS = 50_000;
