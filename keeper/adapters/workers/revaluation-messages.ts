import type { AccountRange, AccountTails, TailConfidences } from "../../core/revaluation/account-tails.ts";
import type { RevaluationPlan } from "../../core/revaluation/plan.ts";

/** What a worker is asked to do. */
export interface WorkerTask {
  readonly task: number;
  readonly plan: RevaluationPlan;
  readonly range: AccountRange;
  /** Accounts whose candidates are held at a time. */
  readonly accountsPerBlock: number;
  readonly confidences: TailConfidences;
  /** Shared; anything but zero in it means stop. */
  readonly stop: Int32Array;
}

/** What a worker answers. */
export type WorkerReply =
  /** Account-scenario pairs done since the last report. */
  | { readonly task: number; readonly code: "progress"; readonly cells: number }
  | { readonly task: number; readonly code: "done"; readonly from: number; readonly tails: AccountTails }
  | { readonly task: number; readonly code: "stopped" }
  | { readonly task: number; readonly code: "failed"; readonly message: string };
