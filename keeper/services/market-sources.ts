import { combinePrices, MIN_PRICE_QUORUM, type PriceRefusal } from "../core/prices/combine-prices.ts";
import type { Clock } from "../ports/clock.ts";
import type { SourceStatus } from "../ports/keeper-status.ts";
import { MARKETS, type Market, type MarketData, type MarketSnapshot } from "../ports/market-data.ts";
import type { MarketSource } from "../ports/market-source.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { createSettlementCoin } from "./settlement-coin.ts";
import {
  createSourceCache,
  type SourceCacheSettings,
  type SourceFailure,
  type SourceReading,
} from "./source-cache.ts";

interface SourceRule {
  readonly source: MarketSource;
  /** Older observations of this source do not count. */
  readonly maxAgeSeconds: number;
}

export interface MarketSourcesSettings extends Omit<SourceCacheSettings, "sources" | "markets"> {
  /** Option quotes come from the first accepted source that has any: put the deepest option venue first. */
  readonly rules: readonly SourceRule[];
  /** Accepted prices that a snapshot needs. */
  readonly quorum: number;
  /** Forecast volatility of a day, fraction, against which distances and jumps are measured. */
  readonly dailyVol: (market: Market) => number;
  readonly clock: Clock;
  /** Days and hours, which venues' current prices do not give. */
  readonly records: Pick<MarketData, "lastDaySeconds" | "history" | "hours">;
}

export interface SourceRefusal {
  readonly source: string;
  /** A failure of the venue, or why its price does not count. */
  readonly reason: SourceFailure | PriceRefusal | "not-asked-yet";
}

/** Too few sources agree on a price; `refusals` names each that is missing, stale or outlying. */
export class SourceQuorumMissing extends Error {
  override readonly name = "SourceQuorumMissing";
  readonly code = "source-quorum-missing";
  readonly market: Market;
  readonly accepted: readonly string[];
  readonly refusals: readonly SourceRefusal[];

  constructor(
    market: Market,
    quorum: number,
    accepted: readonly string[],
    refusals: readonly SourceRefusal[],
  ) {
    const named = refusals.map(({ source, reason }) => `${source} ${reason}`).join(", ");
    super(
      `${market}: ${accepted.length} of ${quorum} needed sources agree (${accepted.join(", ")}); refused: ${named}`,
    );
    this.market = market;
    this.accepted = accepted;
    this.refusals = refusals;
  }
}

/** A source and what it said last. */
interface Heard {
  readonly rule: SourceRule;
  readonly reading: SourceReading;
}

interface Accepted {
  readonly priceUsd: number;
  readonly atSeconds: number;
}

/** Market data of several sources. */
export interface MarketSources extends MarketData {
  /** How each source counts now in each market; asks nobody. */
  sources(): readonly SourceStatus[];
}

/** What the sources make together; null where too few agree. */
interface Judgement {
  readonly snapshot: MarketSnapshot | null;
  readonly accepted: readonly string[];
  readonly refusals: readonly SourceRefusal[];
}

/**
 * Several sources as one: a quorum of agreeing prices, the dispersion among them, depth and open interest of all that count. The sources are
 * asked in the background until the signal aborts, and every answer is given from what they said last, each price with its own time.
 */
export function createMarketSources(settings: MarketSourcesSettings, signal: AbortSignal): MarketSources {
  const { rules, quorum, clock, records } = settings;
  const coin = createSettlementCoin(settings, signal);
  const sources = rules.map(({ source }) => source);
  if (new Set(sources.map(({ name }) => name)).size !== rules.length)
    throw new RangeError("two sources have one name");
  if (!(quorum >= MIN_PRICE_QUORUM && quorum <= rules.length))
    throw new RangeError(
      `a quorum of ${quorum} among ${rules.length} sources: it is at least ${MIN_PRICE_QUORUM}, and at most all of them`,
    );
  const cache = createSourceCache({ ...settings, sources, markets: MARKETS }, signal);
  const before = new Map<Market, Accepted>();
  const sayRefusals = createRefusalLog(settings.telemetry);
  const judge = (market: Market): Judgement => {
    const heard = rules.map((rule) => ({ rule, reading: cache.read(rule.source, market) }));
    return judgeHeard(settings, market, heard, before.get(market) ?? null);
  };
  const shown = (market: Market, { snapshot, accepted, refusals }: Judgement): MarketSnapshot => {
    if (snapshot === null) throw new SourceQuorumMissing(market, quorum, accepted, refusals);
    return snapshot;
  };
  return {
    latest: async (market) => {
      await cache.firstAnswers(market);
      const judgement = judge(market);
      sayRefusals(market, judgement.refusals);
      const snapshot = shown(market, judgement);
      before.set(market, { priceUsd: snapshot.spotUsd, atSeconds: clock.nowSeconds() });
      return snapshot;
    },
    lastKnown: (market) => shown(market, judge(market)),
    lastDaySeconds: () => records.lastDaySeconds(),
    settlementCoinUsd: () => coin.priceUsd(),
    sources: () =>
      MARKETS.flatMap((market) => {
        const { refusals } = judge(market);
        const reasons = new Map(refusals.map(({ source, reason }) => [source, reason]));
        return rules.map(({ source }): SourceStatus => {
          const seconds = cache.read(source, market).snapshot?.observedAtSeconds ?? null;
          return {
            market,
            source: source.name,
            refusal: reasons.get(source.name) ?? null,
            ageSeconds: seconds === null ? null : clock.nowSeconds() - seconds,
          };
        });
      }),
    history: () => records.history(),
    hours: (market) => records.hours(market),
  };
}

function judgeHeard(
  { quorum, clock, dailyVol }: MarketSourcesSettings,
  market: Market,
  heard: readonly Heard[],
  last: Accepted | null,
): Judgement {
  const now = clock.nowSeconds();
  const answers = heard.flatMap(({ rule, reading: { snapshot } }) =>
    snapshot === null ? [] : [{ rule, snapshot }],
  );
  const { priceUsd, dispersion, accepted, refused } = combinePrices(
    answers.map(({ rule, snapshot }) => ({
      source: rule.source.name,
      priceUsd: snapshot.spotUsd,
      ageSeconds: now - snapshot.observedAtSeconds,
      maxAgeSeconds: rule.maxAgeSeconds,
    })),
    last === null ? null : { priceUsd: last.priceUsd, ageSeconds: now - last.atSeconds },
    { dailyVol: dailyVol(market), quorum },
  );
  const reasons = new Map(refused.map(({ source, reason }) => [source, reason]));
  const refusals = heard
    .filter(({ rule }) => !accepted.includes(rule.source.name))
    .map(({ rule: { source }, reading: { failure } }): SourceRefusal => {
      const reason = reasons.get(source.name);
      // The last answer of a source that fell silent is stale: the failure says why.
      const isSilent = reason === undefined || reason === "stale";
      return { source: source.name, reason: (isSilent ? failure : null) ?? reason ?? "not-asked-yet" };
    });
  if (priceUsd === null) return { snapshot: null, accepted, refusals };
  const used = answers.filter(({ rule }) => accepted.includes(rule.source.name));
  const merged = merge(
    used.map(({ snapshot }) => snapshot),
    now,
  );
  return { snapshot: { market, spotUsd: priceUsd, dispersion, ...merged }, accepted, refusals };
}

/**
 * Quotes of the first source that has any; depth and open interest summed over those that state them. As old as the median of the prices, or
 * as the quotes where these are older.
 */
function merge(
  used: readonly MarketSnapshot[],
  now: number,
): Omit<MarketSnapshot, "market" | "spotUsd" | "dispersion"> {
  const quoting = used.find((snapshot) => snapshot.expiries.length > 0);
  const times = used.map(({ observedAtSeconds }) => observedAtSeconds).sort((a, b) => a - b);
  const priceSeconds = times[(times.length - 1) >> 1] ?? now;
  return {
    observedAtSeconds: Math.min(priceSeconds, quoting?.observedAtSeconds ?? priceSeconds),
    spotLowUsd: null,
    expiries: quoting?.expiries.filter(({ expirySeconds }) => expirySeconds > now) ?? [],
    openInterestUsd: sumOrNull(used.map((snapshot) => snapshot.openInterestUsd)),
    depthUsd: sumOrNull(used.map((snapshot) => snapshot.depthUsd)),
  };
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}

/** Says when a source begins to be refused, or for another reason, and when it counts again: not every time. */
function createRefusalLog(
  telemetry: Telemetry,
): (market: Market, refusals: readonly SourceRefusal[]) => void {
  const said = new Map<Market, ReadonlyMap<string, SourceRefusal["reason"]>>();
  return (market, refusals) => {
    const before = said.get(market) ?? new Map<string, SourceRefusal["reason"]>();
    const now = new Map(refusals.map(({ source, reason }) => [source, reason]));
    for (const [source, reason] of now)
      if (before.get(source) !== reason) telemetry.warn("market-source-refused", { market, source, reason });
    for (const source of before.keys())
      if (!now.has(source)) telemetry.info("market-source-accepted", { market, source });
    said.set(market, now);
  };
}
