import type { Observation } from "../core/report/aggregate.ts";
import type { MarketState, Smile } from "../core/report/market-state.ts";
import { quantiseMarket } from "../core/report/quantise.ts";
import { fitSurface } from "../core/surface/fit-surface.ts";
import type { DailyHistory, Market, MarketData, MarketSnapshot } from "../ports/market-data.ts";
import type { ForecastLimits, OracleChain, StoredMarket } from "../ports/oracle-chain.ts";
import { forecastMarket, withinLimits, type PostedForecast } from "./forecast.ts";
import type { HourlyForecaster } from "./hourly-forecast.ts";

/** Most expiries a report holds of one market. */
const MAX_SMILES = 16;
const FULL_PEG_BPS = 10_000;

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

/** A keeper's own view of all markets at a time: fitted surfaces, forecasts and spots as the integers of a report. */
export async function observe(settings: ObserverSettings, observedAtSeconds: number): Promise<Observation> {
  const { chain, listings, marketData } = settings;
  const [history, { markets: limits }, header] = await Promise.all([
    marketData.history(),
    chain.reportLimits(),
    chain.header(),
  ]);
  const states: MarketState[] = [];
  for (const { market, symbol } of listings) {
    const [snapshot, stored, hours] = await Promise.all([
      marketData.latest(symbol),
      chain.storedMarket(market),
      marketData.hours(symbol),
    ]);
    const hourlyVol = settings.hourlyForecaster.dailyVol(symbol, hours, snapshot.spotUsd, observedAtSeconds);
    const marketLimits = limits.find((entry) => entry.market === market);
    if (marketLimits === undefined)
      throw new RangeError(`governance has set no oracle bounds for market ${market.toString()}`);
    states.push(
      marketState(
        {
          market,
          snapshot,
          stored,
          history,
          hourlyVol,
          limits: marketLimits,
          observedAtSeconds,
          postedAtSeconds: header.observedAtSeconds,
        },
        settings,
      ),
    );
  }
  return { pegBps: FULL_PEG_BPS, markets: states.map(quantiseMarket) };
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
