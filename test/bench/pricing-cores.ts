// Options priced in columns on several cores at once.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SpeedEntry } from "./speed.ts";

const CORES = 2;
const REPETITIONS = 100;
const ROUNDS = 7;
const NANOSECONDS_PER_MILLISECOND = 1e6;
/** Nanoseconds that numpy 1.24 took for a price with one process on each of two cores. */
const NUMPY_NANOSECONDS = 32;

/** Median wall-clock time of a price while each core prices its own columns. */
export async function measurePricingOnCores(): Promise<SpeedEntry> {
  const workers = Array.from(
    { length: CORES },
    () => new Worker(new URL("./pricing-worker.ts", import.meta.url)),
  );
  const round = async (): Promise<number> => {
    const startMs = performance.now();
    const priced = await Promise.all(
      workers.map(async (worker) => {
        const answer = once(worker, "message") as Promise<[number]>;
        worker.postMessage(REPETITIONS);
        const [options] = await answer;
        return options;
      }),
    );
    const options = priced.reduce((sum, count) => sum + count, 0);
    return ((performance.now() - startMs) * NANOSECONDS_PER_MILLISECOND) / options;
  };
  // The first round starts the workers and compiles; it is not counted.
  await round();
  const times: number[] = [];
  for (let index = 0; index < ROUNDS; index++) times.push(await round());
  await Promise.all(workers.map((worker) => worker.terminate()));
  const value = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)];
  if (value === undefined) throw new Error("no round was measured");
  return {
    name: `option price, columns, ${CORES} cores`,
    unit: "ns",
    value,
    peer: "numpy, two processes, as published",
    peerValue: NUMPY_NANOSECONDS,
    ratio: value / NUMPY_NANOSECONDS,
  };
}
