import { isAfter, nameOfRound } from "../../core/protocol/round-id.ts";
import type { SignedReport } from "../../core/report/typed-data.ts";
import type { Hex } from "../../ports/hex.ts";
import { KEPT_FINALS, type KeeperStore, type View } from "../../ports/store.ts";
import { createMemoryTransactionLog } from "./transaction-log.ts";

/** A store for the life of one process: for replays, where no round outlives the chain it belongs to. */
export function createMemoryStore(): KeeperStore {
  const recorded = new Map<string, Hex>();
  const finals = new Map<string, SignedReport>();
  let view: View | null = null;
  const rising = () => [...finals.values()].sort((a, b) => (isAfter(a.report, b.report) ? 1 : -1));
  return {
    ...createMemoryTransactionLog(),
    record: (slot, hash) => {
      const earlier = recorded.get(slot);
      if (earlier === undefined) recorded.set(slot, hash);
      return Promise.resolve(earlier === undefined || earlier === hash);
    },
    recorded: (slot) => Promise.resolve(recorded.get(slot) ?? null),
    saveView: (next) => {
      view = next;
      return Promise.resolve();
    },
    loadView: () => Promise.resolve(view),
    saveFinal: (final) => {
      const name = nameOfRound(final.report);
      if (!finals.has(name)) finals.set(name, final);
      const [oldest] = finals.size > KEPT_FINALS ? rising() : [];
      if (oldest !== undefined) finals.delete(nameOfRound(oldest.report));
      return Promise.resolve();
    },
    finalsAfter: (round, limit) =>
      Promise.resolve(
        rising()
          .filter(({ report }) => isAfter(report, round))
          .slice(0, limit),
      ),
    newestFinal: () => Promise.resolve(rising().at(-1) ?? null),
    close: () => Promise.resolve(),
  };
}
