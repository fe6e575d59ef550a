import type { Bar, JointBar } from "./crash-bars.ts";
import { HEARTBEAT_SECONDS } from "./parameters.ts";

/** Both markets at one moment. */
export interface PathPoint {
  readonly seconds: number;
  /** By market id. */
  readonly spots: readonly [btc: number, eth: number];
  readonly indexVols: readonly [btc: number | null, eth: number | null];
}

/** Bars no longer than this count by their close alone. */
const CLOSE_ONLY_SECONDS = 300;
/** The oracle reports when a spot has moved by this share since the report before, or after the heartbeat. */
const DEVIATION = 0.005;

/**
 * The moments of a path: short bars by their close; longer ones are walked as open, the extreme nearer to the open, the other extreme and close, a
 * quarter of the bar apart. The vol index is the one known at the bar's start until it ends.
 */
export function pathOf(bars: readonly JointBar[]): readonly PathPoint[] {
  return bars.flatMap((bar, index): readonly PathPoint[] => {
    const [btc, eth] = bar.bars;
    const point = (part: number, spots: readonly [number, number]): PathPoint => ({
      seconds: bar.endSeconds - Math.round(bar.seconds * (1 - part)),
      spots,
      indexVols: part === 1 ? bar.indexVols : (bars[index - 1] ?? bar).indexVols,
    });
    if (bar.seconds <= CLOSE_ONLY_SECONDS) return [point(1, [btc.close, eth.close])];
    const [btcWalk, ethWalk] = [walk(btc), walk(eth)];
    const QUARTERS = [0.25, 0.5, 0.75, 1] as const;
    return QUARTERS.map((part, step) => point(part, [btcWalk[step]!, ethWalk[step]!]));
  });
}

function walk({ open, high, low, close }: Bar): readonly number[] {
  return high - open < open - low ? [open, high, low, close] : [open, low, high, close];
}

/** The points at which the oracle reports: margin moves at these alone. */
export function reportPoints(path: readonly PathPoint[]): readonly PathPoint[] {
  const reports: PathPoint[] = [];
  for (const point of path) {
    const last = reports.at(-1);
    const moved = (market: 0 | 1) =>
      last !== undefined && Math.abs(point.spots[market] / last.spots[market] - 1) >= DEVIATION;
    const due = last === undefined || point.seconds - last.seconds >= HEARTBEAT_SECONDS;
    if (due || moved(0) || moved(1)) reports.push(point);
  }
  return reports;
}
