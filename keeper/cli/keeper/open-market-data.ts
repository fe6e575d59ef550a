import type { Provider } from "ethers";
import { followDailyHistory } from "../../adapters/replay/daily-history.ts";
import { isEpisodeId } from "../../adapters/replay/episodes.ts";
import { openRecorded } from "../../adapters/replay/open-recorded.ts";
import { followHourlyHistory } from "../../adapters/replay/hourly-history.ts";
import { ReplayFileError } from "../../adapters/replay/replay-file-error.ts";
import { replayBy } from "../../adapters/replay/replay.ts";
import { systemTimer } from "../../adapters/system/timer.ts";
import { DEFAULT_MAX_AGE_SECONDS, openVenues } from "../../adapters/venues/open-venues.ts";
import { ConfigError } from "../../config.ts";
import { DAYS_PER_YEAR } from "../../core/units.ts";
import { knownAfter } from "../../core/volatility/hourly-history.ts";
import type { KeeperConfig } from "../../keeper-config.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SourceStatus } from "../../ports/keeper-status.ts";
import type { DailyHistory, Market, MarketData } from "../../ports/market-data.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { keepHistory } from "../../services/keep-history.ts";
import { createMarketSources } from "../../services/market-sources.ts";
import { updateByConfig } from "./update-history.ts";

type VenuesChoice = Extract<KeeperConfig["marketData"], { kind: "venues" }>;

/** What market data are read with: the clock that dates them, the chain that Chainlink's feeds stand on, and where refused prices are said. */
export interface MarketDataParts {
  readonly clock: Clock;
  readonly provider: Provider;
  readonly telemetry: Telemetry;
}

export interface OpenMarketData {
  readonly marketData: MarketData;
  /** Adds days and hours to the history as they come, until the signal aborts; at once over where that is not this process's work. */
  readonly keepHistory: (signal: AbortSignal) => Promise<void>;
  /** How each source counts now; asks nobody. */
  readonly sources: () => readonly SourceStatus[];
  readonly close: () => void;
}

/** A source that has not answered by twice its own time-out has failed. */
const DEADLINE_TIMEOUTS = 2;
/** A price is at most this old when it is used, and the time that its venue takes: a small part of a slot. */
const POLL_SECONDS = 2;
const MILLISECONDS = 1_000;
const SECONDS_PER_HOUR = 3_600;
const NOTHING_TO_CLOSE = () => undefined;
const NOTHING_TO_KEEP = () => Promise.resolve();
const NO_SOURCES = () => [];

/** @throws ConfigError for an unknown episode, venues that cannot make a quorum, or a file that cannot be read */
export async function openMarketData(
  { marketData }: Pick<KeeperConfig, "marketData">,
  parts: MarketDataParts,
): Promise<OpenMarketData> {
  if (marketData.kind === "venues") return openLive(marketData, parts);
  const { dataFolder, episode } = marketData;
  if (!isEpisodeId(episode)) {
    throw new ConfigError(
      `there is no recorded episode ${episode}`,
      "name one of data/README.md in marketData.episode",
    );
  }
  const { replay } = recorded(() => openRecorded(dataFolder, episode));
  return {
    marketData: replayBy(replay, parts.clock),
    sources: NO_SOURCES,
    keepHistory: NOTHING_TO_KEEP,
    close: NOTHING_TO_CLOSE,
  };
}

/** @throws ConfigError for a file that is missing or cannot be read */
function recorded<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ReplayFileError)) throw error;
    throw new ConfigError(
      `a recorded file cannot be read: ${error.message}`,
      "name the folder of recorded data in marketData.dataFolder; the project's own is data",
      { cause: error },
    );
  }
}

async function openLive(choice: VenuesChoice, parts: MarketDataParts): Promise<OpenMarketData> {
  const { venues, quorum, timeoutMs, origins, feeds, maxAgeSeconds, dataFolder } = choice;
  const { clock, provider, telemetry } = parts;
  if (new Set(venues).size !== venues.length)
    throw new ConfigError("marketData.venues names a venue twice", "name each venue once");
  if (quorum > venues.length)
    throw new ConfigError(
      `marketData.quorum is ${quorum} and there are ${venues.length} venues`,
      "name more venues, or lower the quorum",
    );
  const records = recorded(() => recordsOf(dataFolder, parts));
  const opened = await openVenues({
    venues,
    timeoutMs,
    origins,
    chainlink: { provider, feeds },
    clock,
    telemetry,
  });
  const polling = new AbortController();
  const settings = {
    rules: opened.sources.map((source, index) => {
      const name = venues[index]!;
      return { source, maxAgeSeconds: maxAgeSeconds[name] ?? DEFAULT_MAX_AGE_SECONDS[name] };
    }),
    quorum,
    deadlineSeconds: (DEADLINE_TIMEOUTS * timeoutMs) / MILLISECONDS,
    pollSeconds: POLL_SECONDS,
    dailyVol: (market: Market) => lastDailyVol(records.known(), market),
    clock,
    timer: systemTimer,
    telemetry,
    records,
  };
  const marketData = createMarketSources(settings, polling.signal);
  return {
    marketData,
    sources: () => marketData.sources(),
    keepHistory: choice.keepHistory
      ? (signal) =>
          keepHistory(
            {
              update: () => updateByConfig(choice, { clock, telemetry }),
              clock,
              timer: systemTimer,
              telemetry,
            },
            signal,
          )
      : NOTHING_TO_KEEP,
    close: () => {
      polling.abort();
      opened.close();
    },
  };
}

interface Records extends Pick<MarketData, "lastDaySeconds" | "history" | "hours"> {
  known(): DailyHistory;
}

/** Days and hours on file that ended before now. Venues' current prices give none. */
function recordsOf(dataFolder: string, { clock, telemetry }: MarketDataParts): Records {
  const failed = (error: unknown) => {
    telemetry.error("history-not-read", { reason: String(error) });
  };
  const days = followDailyHistory(dataFolder, failed);
  const hours = followHourlyHistory(dataFolder, failed);
  const known = (): DailyHistory => ({
    days: days().days.filter(({ observedAtSeconds }) => observedAtSeconds <= clock.nowSeconds()),
  });
  return {
    known,
    lastDaySeconds: () => known().days.at(-1)?.observedAtSeconds ?? null,
    history: () => Promise.resolve(known()),
    hours: (market) => {
      const ofMarket = hours()?.[market];
      if (ofMarket === undefined) return Promise.resolve(null);
      const ended = Math.floor(clock.nowSeconds() / SECONDS_PER_HOUR) - ofMarket.firstHour;
      return Promise.resolve(
        ended <= 0 ? null : knownAfter(ofMarket, Math.min(ended, ofMarket.close.length)),
      );
    },
  };
}

/** The newest implied vol of the history, of one day. @throws ConfigError when no day has one */
function lastDailyVol({ days }: DailyHistory, market: Market): number {
  const vol = days.findLast((day) => day.markets[market].impliedVol !== null)?.markets[market].impliedVol
    ?.vol;
  if (vol === undefined)
    throw new ConfigError(
      `the daily history has no implied vol of ${market} yet`,
      "bring the history in marketData.dataFolder up to date",
    );
  return vol / Math.sqrt(DAYS_PER_YEAR);
}
