import { BPS } from "../../../keeper/core/units.ts";

interface Weights {
  readonly weights: readonly number[];
  readonly totalWeight: number;
}

interface Confidences {
  readonly varConfidenceBps: number;
  readonly esConfidenceBps: number;
}

/**
 * The larger of value at risk and expected shortfall, at least 0, by the convention of keeper/core/risk/tail.ts; worst scenarios are drawn from a
 * heap, so that a tail of a few per cent costs no full sort.
 */
export function weightedTail(
  pnl: Float64Array,
  { weights, totalWeight }: Weights,
  confidences: Confidences,
): number {
  const { varConfidenceBps, esConfidenceBps } = confidences;
  const heap = heapOf(pnl);
  const varNeeded = (BPS - varConfidenceBps) * totalWeight;
  const esNeeded = (BPS - esConfidenceBps) * totalWeight;
  let size = heap.length;
  let weight = 0;
  let weighted = 0;
  let valueAtRisk: number | undefined;
  let shortfall: number | undefined;
  while (size > 0 && (valueAtRisk === undefined || shortfall === undefined)) {
    const worst = heap[0]!;
    weight += weights[worst]!;
    weighted += weights[worst]! * pnl[worst]!;
    if (valueAtRisk === undefined && weight * BPS >= varNeeded) valueAtRisk = -pnl[worst]!;
    if (shortfall === undefined && weight * BPS >= esNeeded) shortfall = -weighted / weight;
    size--;
    heap[0] = heap[size]!;
    siftDown(heap, pnl, 0, size);
  }
  return Math.max(0, valueAtRisk ?? 0, shortfall ?? 0);
}

function heapOf(pnl: Float64Array): Int32Array {
  const heap = Int32Array.from(pnl, (_, index) => index);
  for (let node = (heap.length >> 1) - 1; node >= 0; node--) siftDown(heap, pnl, node, heap.length);
  return heap;
}

function siftDown(heap: Int32Array, pnl: Float64Array, from: number, size: number): void {
  let node = from;
  const moved = heap[node]!;
  for (;;) {
    let child = 2 * node + 1;
    if (child >= size) break;
    if (child + 1 < size && isWorse(pnl, heap[child + 1]!, heap[child]!)) child++;
    if (!isWorse(pnl, heap[child]!, moved)) break;
    heap[node] = heap[child]!;
    node = child;
  }
  heap[node] = moved;
}

/** Worse comes first; of equals the earlier, as in the sort of the house's convention. */
function isWorse(pnl: Float64Array, left: number, right: number): boolean {
  return pnl[left]! < pnl[right]! || (pnl[left]! === pnl[right]! && left < right);
}
