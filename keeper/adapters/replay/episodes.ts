import { join } from "node:path";

import type { MarketSnapshot } from "../../ports/market-data.ts";
import { readOptionEpisode } from "./option-episode.ts";
import { readSpotEpisode } from "./spot-episode.ts";

/** `option-chain`: recorded quotes. `spot-only`: recorded prices, no quotes. */
export type EpisodeKind = "option-chain" | "spot-only";

/** The recorded episodes of the data folder. */
export const EPISODES = [
  { id: "2026-02", kind: "option-chain", file: join("episodes", "2026-02.ndjson") },
  { id: "2020-03", kind: "spot-only", file: join("episodes", "2020-03.ndjson") },
] as const satisfies readonly { readonly id: string; readonly kind: EpisodeKind; readonly file: string }[];

export type EpisodeId = (typeof EPISODES)[number]["id"];

export interface Episode {
  readonly id: EpisodeId;
  readonly kind: EpisodeKind;
  readonly title: string;
  /** Of all markets, in rising order of time within each market. */
  readonly snapshots: readonly MarketSnapshot[];
}

const READERS = { "option-chain": readOptionEpisode, "spot-only": readSpotEpisode } as const;

export function isEpisodeId(text: string): text is EpisodeId {
  return EPISODES.some(({ id }) => id === text);
}

/** Reads an episode of a data folder. Throws `ReplayFileError`. */
export function loadEpisode(dataFolder: string, id: EpisodeId): Episode {
  const listing = EPISODES.find((episode) => episode.id === id);
  if (listing === undefined) throw new RangeError(`no episode ${id}`);
  return { id, kind: listing.kind, ...READERS[listing.kind](join(dataFolder, listing.file)) };
}
