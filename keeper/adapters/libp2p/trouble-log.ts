import type { Telemetry } from "../../ports/telemetry.ts";

/** What goes wrong with a peer; each is an event of the log. */
export type Trouble =
  /** The outgoing queue was full and lost its oldest. */
  | "peer-queue-full"
  /** Messages beyond the rate were dropped unread. */
  | "peer-rate-limited"
  /** Bytes that are no message. */
  | "peer-message-refused"
  /** A frame that no message fits in; the stream was closed. */
  | "peer-frame-refused"
  /** It could not be dialled, or its stream broke. */
  | "peer-unreachable"
  /** Somebody connected who is no keeper, or a keeper that is connected too often. */
  | "peer-refused"
  /** Its entry in the registry cannot be used. */
  | "peer-entry-refused";

/** Counts every trouble; logs the first with a peer at once and later ones rarely, because a peer chooses how often they come. */
export interface TroubleLog {
  count(trouble: Trouble, peer: string, detail: string, times?: number): void;
  /** Number of times since the start, of all peers. */
  total(trouble: Trouble): number;
}

const LOG_INTERVAL_MS = 10_000;
/** Strangers could otherwise fill the memory with their names. */
const MAX_REMEMBERED = 1_024;

export function createTroubleLog(telemetry: Telemetry, nowMs: () => number): TroubleLog {
  const totals = new Map<Trouble, number>();
  const logged = new Map<string, { readonly atMs: number; readonly unlogged: number }>();
  return {
    count: (trouble, peer, detail, times = 1) => {
      totals.set(trouble, (totals.get(trouble) ?? 0) + times);
      const name = `${trouble}/${peer}`;
      const last = logged.get(name);
      const since = (last?.unlogged ?? 0) + times;
      if (last !== undefined && nowMs() - last.atMs < LOG_INTERVAL_MS) {
        logged.set(name, { ...last, unlogged: since });
        return;
      }
      if (logged.size >= MAX_REMEMBERED) logged.clear();
      logged.set(name, { atMs: nowMs(), unlogged: 0 });
      telemetry.warn(trouble, { peer, detail, times: since });
    },
    total: (trouble) => totals.get(trouble) ?? 0,
  };
}
