import type { Market, MarketSnapshot } from "../ports/market-data.ts";
import { VenueError, type MarketSource } from "../ports/market-source.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../ports/timer.ts";

const MILLISECONDS_PER_SECOND = 1_000;
/** Rounds in a row in which a source gives nothing before it is asked less often. */
const PATIENCE_ROUNDS = 3;
const WAIT_FACTOR = 2;
/** A silent source is asked at least this often. */
const MAX_WAIT_SECONDS = 60;
/** A source that asks for fewer requests is left alone for this long. */
const RATE_LIMITED_WAIT_SECONDS = 30;

export interface SourceCacheSettings {
  readonly sources: readonly MarketSource[];
  readonly markets: readonly Market[];
  /** Time between the end of a round of questions to a source and the next round. */
  readonly pollSeconds: number;
  /** A source that has not answered by then has failed. */
  readonly deadlineSeconds: number;
  readonly timer: Timer;
  readonly telemetry: Telemetry;
}

/** Why a source gave nothing. */
export type SourceFailure = VenueError["code"] | "failed";

/** What a source said last; both null until its first answer or failure. */
export interface SourceReading {
  /** Its newest answer, kept when a later question fails: its own time says how old it is. */
  readonly snapshot: MarketSnapshot | null;
  /** Of the last question; null when that was answered. */
  readonly failure: SourceFailure | null;
}

/** The last answers of all sources, renewed in the background. Holds one answer for each source and market. */
export interface SourceCache {
  read(source: MarketSource, market: Market): SourceReading;
  /** Resolves once every source has answered or failed: at most one deadline after the start. Never rejects. */
  firstAnswers(market: Market): Promise<void>;
}

/** Asks every source again and again until the signal aborts, each by itself: a slow or silent one keeps no other waiting. */
export function createSourceCache(settings: SourceCacheSettings, signal: AbortSignal): SourceCache {
  const { sources, markets } = settings;
  const readings = new Map(sources.map((source) => [source, new Map<Market, SourceReading>()]));
  const firsts = new Map(markets.map((market) => [market, sources.map(() => Promise.withResolvers<null>())]));
  for (const [index, source] of sources.entries()) {
    const ask = async (market: Market): Promise<SourceFailure | null> => {
      const { snapshot, failure } = await askOnce(source, market, settings, signal);
      const ofSource = readings.get(source);
      ofSource?.set(market, { snapshot: snapshot ?? ofSource.get(market)?.snapshot ?? null, failure });
      firsts.get(market)?.[index]?.resolve(null);
      return failure;
    };
    void poll(source.name, ask, settings, signal);
  }
  return {
    read: (source, market) => readings.get(source)?.get(market) ?? { snapshot: null, failure: null },
    firstAnswers: async (market) => {
      await Promise.all((firsts.get(market) ?? []).map(({ promise }) => promise));
    },
  };
}

/** Round after round of questions to one source, all markets at once. One that gives nothing is asked less and less often. */
async function poll(
  venue: string,
  ask: (market: Market) => Promise<SourceFailure | null>,
  { markets, pollSeconds, timer, telemetry }: SourceCacheSettings,
  signal: AbortSignal,
): Promise<void> {
  let silentRounds = 0;
  while (!signal.aborted) {
    const failures = await Promise.all(markets.map(ask));
    const isSilent = failures.every((failure) => failure !== null);
    if (!isSilent && silentRounds >= PATIENCE_ROUNDS) telemetry.info("venue-back", { venue });
    silentRounds = isSilent ? silentRounds + 1 : 0;
    if (silentRounds === PATIENCE_ROUNDS)
      telemetry.warn("venue-silent", { venue, rounds: silentRounds, reason: failures.join(", ") });
    const grown = pollSeconds * WAIT_FACTOR ** Math.max(0, silentRounds - PATIENCE_ROUNDS + 1);
    const least = failures.includes("rate-limited") ? RATE_LIMITED_WAIT_SECONDS : pollSeconds;
    const waitSeconds = Math.max(least, Math.min(MAX_WAIT_SECONDS, grown));
    await timer.sleep(waitSeconds * MILLISECONDS_PER_SECOND, signal).catch(() => undefined);
  }
}

async function askOnce(
  source: MarketSource,
  market: Market,
  { deadlineSeconds, timer }: SourceCacheSettings,
  signal: AbortSignal,
): Promise<SourceReading> {
  const done = new AbortController();
  const late = timer
    .sleep(deadlineSeconds * MILLISECONDS_PER_SECOND, AbortSignal.any([signal, done.signal]))
    .then(() => {
      throw new VenueError("timeout", source.name, `no answer within ${deadlineSeconds} s`);
    });
  try {
    const snapshot = await Promise.race([source.latest(market), late]);
    if (snapshot.market !== market)
      throw new VenueError("malformed", source.name, `${snapshot.market} instead of ${market}`);
    return { snapshot, failure: null };
  } catch (error) {
    return { snapshot: null, failure: error instanceof VenueError ? error.code : "failed" };
  } finally {
    done.abort();
  }
}
