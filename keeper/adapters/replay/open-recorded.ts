import { loadDailyHistory } from "./daily-history.ts";
import { type EpisodeId, loadEpisode } from "./episodes.ts";
import { modelEpisode } from "./modelled-episode.ts";
import { openReplay, type Replay } from "./replay.ts";

/** An episode of a data folder, ready to be played back. */
export interface Recorded {
  readonly replay: Replay;
  /** Prices are recorded and option quotes are not: the smiles come from a model. */
  readonly isModelled: boolean;
}

/** Opens an episode of a data folder. Throws `ReplayFileError`. */
export function openRecorded(dataFolder: string, id: EpisodeId): Recorded {
  const recorded = loadEpisode(dataFolder, id);
  const days = loadDailyHistory(dataFolder);
  const isModelled = recorded.kind === "spot-only";
  const { episode, history } = isModelled
    ? modelEpisode(recorded, days)
    : { episode: recorded, history: days };
  return { replay: openReplay(episode, history), isModelled };
}
