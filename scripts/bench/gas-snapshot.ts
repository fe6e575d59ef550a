import { gasKey, type GasEntry } from "./gas-entry.ts";

/** A figure may grow by this much before the check fails: addresses and hashes differ in their zero bytes from run to run. */
const MAX_GROWTH = 0.02;
const PERCENT = 100;

/** Every figure that is new, gone or more than `MAX_GROWTH` above the snapshot, in words. */
export function gasProblems(measured: readonly GasEntry[], snapshot: readonly GasEntry[]): readonly string[] {
  const before = new Map(snapshot.map((entry) => [gasKey(entry), entry]));
  const now = new Set(measured.map(gasKey));
  const grown = measured.flatMap((entry) => {
    const key = gasKey(entry);
    const earlier = before.get(key);
    if (earlier === undefined) return [`${key}: not in the snapshot`];
    const growth = entry.gas / earlier.gas - 1;
    return entry.gas > earlier.gas * (1 + MAX_GROWTH)
      ? [`${key}: ${entry.gas} gas, ${(growth * PERCENT).toFixed(1)} % above the snapshot's ${earlier.gas}`]
      : [];
  });
  const gone = snapshot
    .filter((entry) => !now.has(gasKey(entry)))
    .map((entry) => `${gasKey(entry)}: no longer measured`);
  return [...grown, ...gone];
}

/** A figure and the most it may be. */
export interface GasBar {
  readonly name: string;
  readonly options: number;
  readonly maxGas: number;
}

/** Every bar that a figure misses, or that nothing measures. */
export function missedBars(measured: readonly GasEntry[], bars: readonly GasBar[]): readonly string[] {
  return bars.flatMap((bar) => {
    const entry = measured.find((candidate) => gasKey(candidate) === gasKey(bar));
    if (entry === undefined) return [`${gasKey(bar)}: not measured, its bar is ${bar.maxGas} gas`];
    return entry.gas > bar.maxGas ? [`${gasKey(bar)}: ${entry.gas} gas, its bar is ${bar.maxGas}`] : [];
  });
}
