import type { TelemetryFields } from "../../ports/telemetry.ts";
import type { ProtocolParts } from "./parts.ts";

/** Logs what peers cause: the first few of each event and peer at once and later ones rarely, because a peer chooses how often they come. */
export interface RareLog {
  /** @param fields are those of the line; how many were left out before it is added */
  warn(event: string, peer: string, fields: TelemetryFields): void;
}

const INTERVAL_MS = 10_000;
const LINES_PER_INTERVAL = 5;

export function createRareLog({ telemetry, timer }: Pick<ProtocolParts, "telemetry" | "timer">): RareLog {
  const logged = new Map<string, { sinceMs: number; lines: number; leftOut: number }>();
  return {
    warn: (event, peer, fields) => {
      const name = `${event}/${peer}`;
      const now = timer.nowMs();
      const known = logged.get(name) ?? { sinceMs: now, lines: 0, leftOut: 0 };
      logged.set(name, known);
      if (now - known.sinceMs >= INTERVAL_MS) [known.sinceMs, known.lines] = [now, 0];
      if (known.lines >= LINES_PER_INTERVAL) {
        known.leftOut++;
        return;
      }
      telemetry.warn(event, { ...fields, leftOut: known.leftOut });
      known.lines++;
      known.leftOut = 0;
    },
  };
}
