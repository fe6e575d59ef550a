import { isEpisodeId } from "../../adapters/replay/episodes.ts";
import { openRecorded } from "../../adapters/replay/open-recorded.ts";
import { replayBy } from "../../adapters/replay/replay.ts";
import { ConfigError } from "../../config.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MarketData } from "../../ports/market-data.ts";

/** @throws ConfigError for an unknown episode; ReplayFileError when its file cannot be read */
export function openMarketData({ marketData }: KeeperConfig, clock: Clock): MarketData {
  const { dataFolder, episode } = marketData;
  if (!isEpisodeId(episode)) {
    throw new ConfigError(
      `there is no recorded episode ${episode}`,
      "name one of data/README.md in marketData.episode",
    );
  }
  return replayBy(openRecorded(dataFolder, episode).replay, clock);
}
