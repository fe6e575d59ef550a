import { combinePrices, type PreviousPrice, type PriceRefusal } from "../core/prices/combine-prices.ts";
import type { Clock } from "../ports/clock.ts";
import type { Market, MarketData, MarketSnapshot } from "../ports/market-data.ts";
import { VenueError, type MarketSource } from "../ports/market-source.ts";
import type { Telemetry } from "../ports/telemetry.ts";

const MILLISECONDS_PER_SECOND = 1_000;

interface SourceRule {
  readonly source: MarketSource;
  /** Older observations of this source do not count. */
  readonly maxAgeSeconds: number;
}

export interface MarketSourcesSettings {
  /** Option quotes come from the first accepted source that has any: put the deepest option venue first. */
  readonly rules: readonly SourceRule[];
  /** Accepted prices that a snapshot needs. */
  readonly quorum: number;
  /** A source that has not answered by then is missing. */
  readonly deadlineSeconds: number;
  /** Forecast volatility of a day, fraction, against which distances and jumps are measured. */
  readonly dailyVol: (market: Market) => number;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Days and hours, which venues' current prices do not give. */
  readonly records: Pick<MarketData, "history" | "hours">;
}

export interface SourceRefusal {
  readonly source: string;
  /** A failure of the venue, or why its price does not count. */
  readonly reason: VenueError["code"] | PriceRefusal | "failed";
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

interface Answer {
  readonly rule: SourceRule;
  readonly snapshot: MarketSnapshot;
}

/** Several sources as one: a quorum of agreeing prices, the dispersion among them, depth and open interest of all that count. */
export function createMarketSources(settings: MarketSourcesSettings): MarketData {
  const { rules, quorum, clock, telemetry } = settings;
  const names = new Set(rules.map(({ source }) => source.name));
  if (names.size !== rules.length) throw new RangeError("two sources have one name");
  if (!(quorum >= 1 && quorum <= rules.length))
    throw new RangeError(`a quorum of ${quorum} among ${rules.length} sources`);
  const before = new Map<Market, { readonly priceUsd: number; readonly atSeconds: number }>();

  const latest = async (market: Market): Promise<MarketSnapshot> => {
    const { answers, failures } = await askAll(settings, market);
    const now = clock.nowSeconds();
    const last = before.get(market);
    const previous: PreviousPrice | null =
      last === undefined ? null : { priceUsd: last.priceUsd, ageSeconds: now - last.atSeconds };
    const combined = combinePrices(
      answers.map(({ rule, snapshot }) => ({
        source: rule.source.name,
        priceUsd: snapshot.spotUsd,
        ageSeconds: now - snapshot.observedAtSeconds,
        maxAgeSeconds: rule.maxAgeSeconds,
      })),
      previous,
      settings.dailyVol(market),
    );
    const refusals = [...failures, ...combined.refused];
    for (const { source, reason } of refusals)
      telemetry.warn("market-source-refused", { market, source, reason });
    if (combined.priceUsd === null || combined.accepted.length < quorum)
      throw new SourceQuorumMissing(market, quorum, combined.accepted, refusals);
    before.set(market, { priceUsd: combined.priceUsd, atSeconds: now });
    const used = answers.filter(({ rule }) => combined.accepted.includes(rule.source.name));
    return merge(
      market,
      combined.priceUsd,
      combined.dispersion,
      used.map(({ snapshot }) => snapshot),
      now,
    );
  };
  return { latest, ...boundRecords(settings.records) };
}

function boundRecords(records: MarketSourcesSettings["records"]): Pick<MarketData, "history" | "hours"> {
  return { history: () => records.history(), hours: (market) => records.hours(market) };
}

async function askAll(
  { rules, deadlineSeconds }: MarketSourcesSettings,
  market: Market,
): Promise<{ readonly answers: readonly Answer[]; readonly failures: readonly SourceRefusal[] }> {
  const settled = await Promise.allSettled(
    rules.map(({ source }) =>
      withDeadline(source.name, deadlineSeconds, async () => {
        const snapshot = await source.latest(market);
        if (snapshot.market !== market)
          throw new VenueError("malformed", source.name, `${snapshot.market} instead of ${market}`);
        return snapshot;
      }),
    ),
  );
  const answers: Answer[] = [];
  const failures: SourceRefusal[] = [];
  settled.forEach((result, index) => {
    const rule = rules[index]!;
    if (result.status === "fulfilled") answers.push({ rule, snapshot: result.value });
    else {
      const reason = result.reason instanceof VenueError ? result.reason.code : "failed";
      failures.push({ source: rule.source.name, reason });
    }
  });
  return { answers, failures };
}

/** The task's result, or a `timeout` of that source once the deadline has passed. */
async function withDeadline<T>(source: string, seconds: number, task: () => Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new VenueError("timeout", source, `no answer within ${seconds} s`));
  }, seconds * MILLISECONDS_PER_SECOND);
  try {
    return await Promise.race([task(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Quotes of the first source that has any; depth and open interest summed over those that state them. */
function merge(
  market: Market,
  spotUsd: number,
  dispersion: number,
  used: readonly MarketSnapshot[],
  now: number,
): MarketSnapshot {
  const expiries = used.find((snapshot) => snapshot.expiries.length > 0)?.expiries ?? [];
  return {
    market,
    observedAtSeconds: now,
    spotUsd,
    spotLowUsd: null,
    dispersion,
    expiries: expiries.filter(({ expirySeconds }) => expirySeconds > now),
    openInterestUsd: sumOrNull(used.map((snapshot) => snapshot.openInterestUsd)),
    depthUsd: sumOrNull(used.map((snapshot) => snapshot.depthUsd)),
  };
}

function sumOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
}
