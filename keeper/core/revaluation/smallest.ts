/**
 * Rearranges values[from, to) so that the `count` smallest stand first, the greatest of them last (quickselect, Hoare 1961, with
 * the median of three as pivot). Linear time on average.
 * @param count 1 to `to` - `from`
 */
export function selectSmallest(values: Float64Array, from: number, to: number, count: number): void {
  const target = from + count - 1;
  let low = from;
  let high = to - 1;
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
    let left = low;
    let right = high;
    while (left <= right) {
      while (values[left]! < pivot) left++;
      while (values[right]! > pivot) right--;
      if (left > right) break;
      const swapped = values[left]!;
      values[left] = values[right]!;
      values[right] = swapped;
      left++;
      right--;
    }
    if (target <= right) high = right;
    else if (target >= left) low = left;
    else return;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
