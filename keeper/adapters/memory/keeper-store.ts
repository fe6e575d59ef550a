import { isAfter, nameOfRound } from "../../core/protocol/round-id.ts";
import type { SignedReport } from "../../core/report/typed-data.ts";
import type { Hex } from "../../ports/hex.ts";
import type { ReportPlace } from "../../ports/signing-record.ts";
import { KEPT_FINALS, KEPT_ROUNDS, type KeeperStore, type View } from "../../ports/store.ts";
import { createMemoryEvidence } from "./evidence.ts";
import { createMemoryTransactionLog } from "./transaction-log.ts";

/** A store for the life of one process: for replays, where no round outlives the chain it belongs to. */
export function createMemoryStore(): KeeperStore {
  const recorded = new Map<string, { readonly hash: Hex; readonly place: ReportPlace | undefined }>();
  const finals = new Map<string, SignedReport>();
  let view: View | null = null;
  const rising = () => [...finals.values()].sort((a, b) => (isAfter(a.report, b.report) ? 1 : -1));
  return {
    ...createMemoryTransactionLog(),
    ...createMemoryEvidence(),
    record: (slot, hash, place) => {
      const earlier = recorded.get(slot)?.hash;
      if (earlier === undefined) recorded.set(slot, { hash, place });
      return Promise.resolve(earlier === undefined || earlier === hash);
    },
    recorded: (slot) => Promise.resolve(recorded.get(slot)?.hash ?? null),
    saveView: (next) => {
      const { epoch, wish } = view ?? next;
      view = {
        epoch: next.epoch > epoch ? next.epoch : epoch,
        wish: next.wish > wish ? next.wish : wish,
      };
      return Promise.resolve();
    },
    loadView: () => Promise.resolve(view),
    saveFinal: (final) => {
      const name = nameOfRound(final.report);
      if (!finals.has(name)) finals.set(name, final);
      const [oldest] = finals.size > KEPT_FINALS ? rising() : [];
      if (oldest !== undefined) finals.delete(nameOfRound(oldest.report));
      for (const [slot, { place }] of recorded)
        if (place !== undefined && isLongBefore(place, final.report)) recorded.delete(slot);
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

function isLongBefore(place: ReportPlace, { configDigest, round }: ReportPlace): boolean {
  return place.configDigest === configDigest && place.round < round - KEPT_ROUNDS;
}
