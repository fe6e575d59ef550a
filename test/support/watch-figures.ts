import type { WatchFigures } from "../../keeper/adapters/telemetry/watch-metrics.ts";
import { hashOfDigits } from "./watched-chain.ts";

/** What a watchtower shows that has read all but three blocks. */
export function watchFigures(changes: Partial<WatchFigures> = {}): WatchFigures {
  return {
    status: {
      read: { number: 97n, hash: hashOfDigits("97") },
      latest: { number: 100n, hash: hashOfDigits("a0") },
      reports: 7,
      supported: 4,
      deviating: 1,
      notCompared: 2,
      recomputed: 5,
      miscomputed: 1,
      notRecomputed: 2,
      unread: 3,
      equivocations: 1,
    },
    problem: null,
    open: 1,
    proven: 2,
    spots: { waiting: 4, wrong: 3, proven: 2, unproven: 1 },
    balanceWei: 10n ** 17n,
    ...changes,
  };
}
