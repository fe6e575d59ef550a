import type { MarketsView } from "../core/report/aggregate.ts";
import type { MarketState, Smile } from "../core/report/market-state.ts";
import { quantiseMarket } from "../core/report/quantise.ts";
import { fitSurface } from "../core/surface/fit-surface.ts";
import type { DailyHistory, Market, MarketData, MarketSnapshot } from "../ports/market-data.ts";
import type { ForecastLimits, OracleChain, StoredMarket } from "../ports/oracle-chain.ts";
import { forecastMarket, withinLimits, type PostedForecast } from "./forecast.ts";
import { historyAgeDays, MAX_HISTORY_AGE_DAYS, StaleHistory } from "./history-freshness.ts";
import type { HourlyForecaster } from "./hourly-forecast.ts";

/** Most expiries a report holds of one market. */
const MAX_SMILES = 16;
const PAR_BPS = 10_000;

/** A surface for a market whose venue shows spot prices only. */
type SmileModel = (snapshot: MarketSnapshot, dailyVol: number, nowSeconds: number) => readonly Smile[];

/** Which market of the contracts is which market of the data. */
export interface MarketListing {
  readonly market: number;
  readonly symbol: Market;
}

export interface ObserverSettings {
  /** Rising by market number. */
  readonly listings: readonly MarketListing[];
  readonly marketData: MarketData;
  /** A snapshot that is older at the time of the observation is refused. */
  readonly maxDataAgeSeconds: number;
  readonly chain: OracleChain;
  /** Forecasts from hours where the market data keep them. */
  readonly hourlyForecaster: HourlyForecaster;
  /** Used for snapshots without option quotes; without one such a snapshot is refused. */
  readonly smileModel?: SmileModel;
}

/** A snapshot without quotes came and no smile model was given. */
export class NoSmile extends Error {
  readonly code = "no-smile";

  constructor(symbol: Market, nowSeconds: number) {
    super(
      `no usable option quotes of ${symbol} at ${nowSeconds.toString()} and no earlier smile to carry on`,
    );
    this.name = "NoSmile";
  }
}

/** The newest snapshot is too old to sign. */
export class StaleSnapshot extends Error {
  override readonly name = "StaleSnapshot";
  readonly code = "stale-snapshot";
  readonly symbol: Market;
  readonly ageSeconds: number;
  readonly maxAgeSeconds: number;

  constructor(symbol: Market, ageSeconds: number, maxAgeSeconds: number) {
    super(
      `${symbol} was last seen ${ageSeconds} s ago, at most ${maxAgeSeconds} s allowed: look at the venues (keeper doctor) and this machine's clock`,
    );
    this.symbol = symbol;
    this.ageSeconds = ageSeconds;
    this.maxAgeSeconds = maxAgeSeconds;
  }
}

/**
 * A keeper's own view of all markets at a time: fitted surfaces, forecasts and spots as the integers of a report.
 * @param blockNumber goes on from the oracle's last report as of this block; of the latest one without it
 * @throws StaleHistory, StaleSnapshot, NoSmile, SettlementCoinUnknown, and what the market data and the chain throw
 */
export async function observe(
  settings: ObserverSettings,
  observedAtSeconds: number,
  blockNumber?: bigint,
): Promise<MarketsView> {
  const { chain, listings, marketData, maxDataAgeSeconds } = settings;
  const [coinUsd, history, { markets: limits, minPegBps }, posted] = await Promise.all([
    marketData.settlementCoinUsd(),
    marketData.history(),
    chain.reportLimits(),
    chain.lastReport(
      listings.map(({ market }) => market),
      blockNumber,
    ),
  ]);
  const historyAge = historyAgeDays(history.days.at(-1)?.observedAtSeconds ?? null, observedAtSeconds);
  if (historyAge > MAX_HISTORY_AGE_DAYS) throw new StaleHistory(historyAge);
  const stateOf = async ({ market, symbol }: MarketListing): Promise<MarketState> => {
    const [snapshot, hours] = await Promise.all([marketData.latest(symbol), marketData.hours(symbol)]);
    const stored = posted.markets.get(market) ?? null;
    const ageSeconds = observedAtSeconds - snapshot.observedAtSeconds;
    if (ageSeconds > maxDataAgeSeconds) throw new StaleSnapshot(symbol, ageSeconds, maxDataAgeSeconds);
    const hourlyVol = settings.hourlyForecaster.dailyVol(symbol, hours, snapshot.spotUsd, observedAtSeconds);
    const marketLimits = limits.find((entry) => entry.market === market);
    if (marketLimits === undefined)
      throw new RangeError(`governance has set no oracle bounds for market ${market.toString()}`);
    const postedAtSeconds = posted.header.observedAtSeconds;
    const inputs = { market, snapshot, stored, history, hourlyVol, observedAtSeconds, postedAtSeconds };
    return marketState({ ...inputs, limits: marketLimits }, settings);
  };
  const states = await Promise.all(listings.map(stateOf));
  return { pegBps: pegOf(coinUsd, Number(minPegBps)), markets: states.map(quantiseMarket) };
}

/** Rounded down, at par at most: a dearer coin changes no margin. At least what the oracle takes, so that a lost peg stops no report. */
function pegOf(coinUsd: number, minPegBps: number): number {
  return Math.max(minPegBps, Math.min(PAR_BPS, Math.floor(coinUsd * PAR_BPS)));
}

interface MarketInputs {
  readonly market: number;
  readonly snapshot: MarketSnapshot;
  readonly stored: StoredMarket | null;
  readonly history: DailyHistory;
  readonly hourlyVol: number | null;
  readonly limits: ForecastLimits;
  readonly observedAtSeconds: number;
  readonly postedAtSeconds: number;
}

function marketState(inputs: MarketInputs, { smileModel }: ObserverSettings): MarketState {
  const { market, snapshot, stored, history, limits, observedAtSeconds: now } = inputs;
  const posted: PostedForecast | null =
    stored === null
      ? null
      : { sigmaE9: stored.sigmaE9, psiE9: stored.psiE9, observedAtSeconds: inputs.postedAtSeconds };
  const raw = forecastMarket(history, snapshot.market, snapshot.spotUsd, now, posted, inputs.hourlyVol);
  const { sigma, psi } = withinLimits(raw, limits, posted, now);
  const fitted =
    snapshot.expiries.length > 0 || smileModel === undefined
      ? fittedSmiles(snapshot, now)
      : smileModel(snapshot, raw.sigma, now);
  const smiles = carryOn(fitted, stored?.smiles ?? [], inputs.postedAtSeconds, now);
  if (smiles.length === 0) throw new NoSmile(snapshot.market, now);
  return {
    market,
    spot: snapshot.spotUsd,
    sigma,
    psi,
    dispersion: snapshot.dispersion ?? 0,
    // Venues that publish no size at the top of the book leave open interest to measure concentration against.
    depthUsd: snapshot.depthUsd ?? 0,
    openInterestUsd: snapshot.openInterestUsd ?? 0,
    smiles,
  };
}

/** The smiles that today's quotes allow; expiries with too few quotes are left out. */
function fittedSmiles(snapshot: MarketSnapshot, now: number): readonly Smile[] {
  const quotes = snapshot.expiries.flatMap(({ expirySeconds, quotes: rows }) =>
    rows.map(({ kind, strikeUsd, bidUsd, askUsd }) => ({
      expirySeconds,
      strike: strikeUsd,
      kind,
      bid: bidUsd,
      ask: askUsd,
    })),
  );
  return fitSurface({ spot: snapshot.spotUsd, quotes }, now).expiries.map(
    ({ expirySeconds, forward, discount, svi }) => ({
      expiry: expirySeconds,
      forwardRatio: forward / snapshot.spotUsd,
      discount,
      slice: { a: svi.a, b: svi.b, rho: svi.rho, m: svi.m, s: svi.sigma },
    }),
  );
}

/**
 * Adds the live expiries of the report before that cannot be fitted now: their implied vols stay, so total variance shrinks with the time
 * left. Positions in them keep a price, and the oracle refuses a report that drops a live expiry.
 */
function carryOn(
  fitted: readonly Smile[],
  before: readonly Smile[],
  beforeSeconds: number,
  now: number,
): readonly Smile[] {
  const present = new Set(fitted.map(({ expiry }) => expiry));
  const carried = before
    .filter(({ expiry }) => expiry > now && !present.has(expiry))
    .map((smile) => {
      const share = (smile.expiry - now) / (smile.expiry - beforeSeconds);
      return { ...smile, slice: { ...smile.slice, a: smile.slice.a * share, b: smile.slice.b * share } };
    });
  const live = fitted.filter(({ expiry }) => expiry > now);
  return [...live, ...carried].sort((a, b) => a.expiry - b.expiry).slice(0, MAX_SMILES);
}
