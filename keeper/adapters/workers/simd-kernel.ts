import type { SumKernel } from "../../core/revaluation/kernel.ts";
import { instantiateAddRows, STEP_BYTES } from "./simd-module.ts";

const BYTES = Float64Array.BYTES_PER_ELEMENT;

/**
 * The kernel of core/revaluation/kernel.ts with vector instructions: the same sums in the same order, about four times as fast.
 * @param chunk scenarios, a multiple of 4
 */
export function simdKernel(instruments: number, chunk: number): SumKernel {
  const bytes = chunk * BYTES;
  if (bytes % STEP_BYTES !== 0)
    throw new RangeError(`chunk ${chunk} is no multiple of ${STEP_BYTES / BYTES}`);
  const { add, buffer } = instantiateAddRows((instruments + 1) * bytes);
  const sums = new Float64Array(buffer, 0, chunk);
  const rows = new Float64Array(buffer, bytes, instruments * chunk);
  return {
    chunk,
    rows,
    sums,
    sum: ({ instruments: held, sizes }, from, to) => {
      sums.fill(0);
      const address = (entry: number): number => (1 + (entry < to ? held[entry]! : 0)) * bytes;
      const size = (entry: number): number => (entry < to ? sizes[entry]! : 0);
      for (let i = from; i < to; i += 4) {
        add(
          0,
          bytes,
          address(i),
          address(i + 1),
          address(i + 2),
          address(i + 3),
          size(i),
          size(i + 1),
          size(i + 2),
          size(i + 3),
        );
      }
    },
  };
}
