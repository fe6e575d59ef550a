import type { Telemetry } from "../../ports/telemetry.ts";

/** What a venue's adapter says in the log. */
export interface Notices {
  readonly venue: string;
  /** Says that something is so when it begins or changes, not each time that it is seen; null when it is so no longer. */
  readonly say: (event: string, about: string, detail: string | null) => void;
}

export function createNotices(venue: string, telemetry: Telemetry): Notices {
  const said = new Map<string, string | null>();
  return {
    venue,
    say: (event, about, detail) => {
      const key = `${event} ${about}`;
      if ((said.get(key) ?? null) === detail) return;
      said.set(key, detail);
      if (detail !== null) telemetry.warn(event, { venue, about, detail });
    },
  };
}
