import { Worker } from "node:worker_threads";
import {
  candidateBytes,
  type AccountRange,
  type AccountTails,
  type TailConfidences,
} from "../../core/revaluation/account-tails.ts";
import type { RevaluationPlan } from "../../core/revaluation/plan.ts";
import type { WorkerReply, WorkerTask } from "./revaluation-messages.ts";

interface RevaluationOptions {
  /** Aborting rejects with the signal's reason once the chunks at hand are done; the pool stays usable. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 to 1, some times per chunk of scenarios. */
  readonly onProgress?: (share: number) => void;
  /** Most bytes of tail candidates per worker; accounts beyond it wait for a further pass over the scenarios. */
  readonly candidateBytesPerWorker?: number;
}

/** Workers that stay alive between revaluations, so that their code stays compiled. */
export interface RevaluationPool {
  /**
   * VaR and expected shortfall of every account by full revaluation. Memory of each worker: instruments x 256 x 8 bytes for the
   * matrix, `candidateBytesPerWorker` at most for the tails, and a copy of the plan.
   */
  revalue(
    plan: RevaluationPlan,
    confidences: TailConfidences,
    options?: RevaluationOptions,
  ): Promise<AccountTails>;
  close(): Promise<void>;
}

const DEFAULT_CANDIDATE_BYTES = 256 * 1024 * 1024;

/** @param size workers; one per core is most */
export function openRevaluationPool(size: number): RevaluationPool {
  const workers = Array.from(
    { length: size },
    () => new Worker(new URL("./revaluation-worker.ts", import.meta.url)),
  );
  let tasks = 0;
  return {
    revalue: async (plan, confidences, options = {}) => {
      options.signal?.throwIfAborted();
      tasks++;
      const stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
      const bytes = options.candidateBytesPerWorker ?? DEFAULT_CANDIDATE_BYTES;
      const accountsPerBlock = Math.max(1, Math.floor(bytes / candidateBytes(plan.scenarios, confidences)));
      const halt = (): void => {
        Atomics.store(stop, 0, 1);
      };
      options.signal?.addEventListener("abort", halt, { once: true });
      const report = progress(plan, options.onProgress);
      try {
        const parts = await Promise.all(
          split(plan.accounts.offsets.length - 1, size).map((range, index) =>
            run(
              workers[index]!,
              { task: tasks, plan, range, accountsPerBlock, confidences, stop },
              report,
            ).catch((error: unknown) => {
              halt();
              throw error;
            }),
          ),
        );
        options.signal?.throwIfAborted();
        return join(plan.accounts.offsets.length - 1, parts);
      } finally {
        options.signal?.removeEventListener("abort", halt);
      }
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

interface Part {
  readonly from: number;
  readonly tails: AccountTails;
}

/** One worker's part; nothing when it was stopped. */
function run(worker: Worker, task: WorkerTask, report: (cells: number) => void): Promise<Part | undefined> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      worker.off("message", hear);
      worker.off("error", fail);
      settle();
    };
    const fail = (error: Error): void => {
      finish(() => {
        reject(error);
      });
    };
    const hear = (message: WorkerReply): void => {
      if (message.task !== task.task) return;
      switch (message.code) {
        case "progress":
          report(message.cells);
          return;
        case "failed":
          fail(new Error(`revaluation failed: ${message.message}`));
          return;
        case "stopped":
          finish(() => {
            resolve(undefined);
          });
          return;
        case "done":
          finish(() => {
            resolve(message);
          });
      }
    };
    worker.on("message", hear);
    worker.on("error", fail);
    worker.postMessage(task);
  });
}

function split(accounts: number, parts: number): readonly AccountRange[] {
  const bound = (part: number): number => Math.floor((accounts * part) / parts);
  return Array.from({ length: parts }, (_, part) => ({ from: bound(part), to: bound(part + 1) }));
}

function progress(
  { accounts, scenarios }: RevaluationPlan,
  onProgress: RevaluationOptions["onProgress"],
): (cells: number) => void {
  const all = (accounts.offsets.length - 1) * scenarios;
  let done = 0;
  return (cells) => {
    done += cells;
    onProgress?.(done / all);
  };
}

function join(accounts: number, parts: readonly (Part | undefined)[]): AccountTails {
  const valueAtRisk = new Float64Array(accounts);
  const expectedShortfall = new Float64Array(accounts);
  for (const part of parts) {
    if (part === undefined) continue;
    valueAtRisk.set(part.tails.valueAtRisk, part.from);
    expectedShortfall.set(part.tails.expectedShortfall, part.from);
  }
  return { valueAtRisk, expectedShortfall };
}
