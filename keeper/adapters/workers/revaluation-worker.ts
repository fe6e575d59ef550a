// One worker of the pool: revalues the accounts it is sent, chunk by chunk, until it is told to stop.
import { parentPort } from "node:worker_threads";
import { streamAccountTails, type AccountTails } from "../../core/revaluation/account-tails.ts";
import type { WorkerReply, WorkerTask } from "./revaluation-messages.ts";
import { simdKernel } from "./simd-kernel.ts";

/** Scenarios of a chunk: with 500 instruments its matrix is 1 MB and stays in the second-level cache. */
const CHUNK = 256;

const port = parentPort;
if (port === null) throw new Error("this file runs as a worker");

const reply = (message: WorkerReply, transfer: readonly ArrayBuffer[] = []): void => {
  port.postMessage(message, transfer);
};

port.on("message", ({ task, plan, range, accountsPerBlock, confidences, stop }: WorkerTask) => {
  try {
    const tails = revalue();
    if (tails === undefined) reply({ task, code: "stopped" });
    else {
      const { valueAtRisk, expectedShortfall } = tails;
      const buffers = [valueAtRisk.buffer, expectedShortfall.buffer] as ArrayBuffer[];
      reply({ task, code: "done", from: range.from, tails }, buffers);
    }
  } catch (error) {
    reply({ task, code: "failed", message: error instanceof Error ? error.message : String(error) });
  }

  /** Undefined when told to stop. */
  function revalue(): AccountTails | undefined {
    const kernel = simdKernel(plan.instruments.length, CHUNK);
    const valueAtRisk = new Float64Array(range.to - range.from);
    const expectedShortfall = new Float64Array(range.to - range.from);
    for (let from = range.from; from < range.to; from += accountsPerBlock) {
      const block = { from, to: Math.min(range.to, from + accountsPerBlock) };
      const stream = streamAccountTails(plan, block, confidences, kernel);
      let before = 0;
      let step = stream.next();
      for (; step.done !== true; step = stream.next()) {
        if (Atomics.load(stop, 0) !== 0) return undefined;
        reply({ task, code: "progress", cells: (step.value - before) * (block.to - block.from) });
        before = step.value;
      }
      valueAtRisk.set(step.value.valueAtRisk, from - range.from);
      expectedShortfall.set(step.value.expectedShortfall, from - range.from);
    }
    return { valueAtRisk, expectedShortfall };
  }
});
