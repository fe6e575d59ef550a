import type { ChainBook } from "../../keeper/core/margin/decode.ts";
import {
  packInstrumentId,
  packPosition,
  type InstrumentKind,
} from "../../keeper/core/report/instrument-id.ts";
import {
  SECONDS_PER_HOUR,
  type MarketState,
  type RawSvi,
  type Smile,
} from "../../keeper/core/report/market-state.ts";
import type { JointScenario, ScenarioSet } from "../../keeper/core/report/scenario-set.ts";
import { DAYS_PER_YEAR, SECONDS_PER_DAY } from "../../keeper/core/units.ts";
import type { RandomSource } from "./random-source.ts";

/** What the options of a random book have in common. */
export const BOOK_STYLES = ["mixed", "shortDated", "farOutOfTheMoney", "spreads", "hedged"] as const;

export type BookStyle = (typeof BOOK_STYLES)[number];

export interface RandomMarketSpec {
  readonly market: number;
  readonly spot: number;
}

export const RANDOM_MARKETS: readonly [RandomMarketSpec, RandomMarketSpec] = [
  { market: 1, spot: 2_300 },
  { market: 2, spot: 76_000 },
];

const TENORS_DAYS = [1, 2, 4, 9, 23, 51, 86, 177] as const;
const SHORT_TENORS = 2;
const STUDENT_DEGREES = 4;

/** An arbitrage-free slice: SSVI with a power-law curvature (Gatheral and Jacquier 2014, eq. 4.1) in raw parameters. */
export function ssviSlice(atmVariance: number, rho: number, eta: number): RawSvi {
  const phi = eta / Math.sqrt(atmVariance * (1 + atmVariance));
  const flatness = Math.sqrt(1 - rho * rho);
  return {
    a: (atmVariance / 2) * (1 - rho * rho),
    b: (atmVariance * phi) / 2,
    rho,
    m: -rho / phi,
    s: flatness / phi,
  };
}

/** A plausible state of one market, its smiles consistent across expiries, which lie on full hours. */
export function randomMarketState(
  random: RandomSource,
  spec: RandomMarketSpec,
  observedAt: number,
): MarketState {
  const sigma = random.uniform(0.015, 0.06);
  const longVol = sigma * Math.sqrt(DAYS_PER_YEAR) * random.uniform(0.8, 1.3);
  const shortSlope = random.uniform(-0.3, 0.4);
  const rho = random.uniform(-0.5, 0.15);
  const eta = random.uniform(0.6, 1.3);
  const carry = random.uniform(-0.05, 0.12);
  const rate = random.uniform(0, 0.06);
  const firstHour = Math.ceil(observedAt / SECONDS_PER_HOUR) * SECONDS_PER_HOUR;
  let variance = 0;
  let previousYears = 0;
  const smiles = TENORS_DAYS.map((days): Smile => {
    const years = days / DAYS_PER_YEAR;
    const forwardVol = longVol * (1 + shortSlope * Math.exp(-days / 20));
    variance += forwardVol * forwardVol * (years - previousYears);
    previousYears = years;
    return {
      expiry: firstHour + days * SECONDS_PER_DAY,
      forwardRatio: Math.exp(carry * years),
      discount: Math.exp(-rate * years),
      slice: ssviSlice(variance, rho, eta),
    };
  });
  return {
    market: spec.market,
    spot: spec.spot * random.uniform(0.5, 1.6),
    sigma,
    psi: random.uniform(0.025, 0.07),
    dispersion: random.uniform(0, 0.004),
    depthUsd: Math.round(random.uniform(1e6, 3e7)),
    openInterestUsd: Math.round(random.uniform(1e6, 3e8)),
    smiles,
  };
}

function studentScale(random: RandomSource): number {
  let sum = 0;
  for (let draw = 0; draw < STUDENT_DEGREES; draw++) sum += random.normal() ** 2;
  // Unit variance: the Student-t variance is degrees / (degrees - 2).
  return Math.sqrt((STUDENT_DEGREES - 2) / sum);
}

/** Heavy-tailed, correlated residuals: spot shocks of the markets move together, vol shocks against spot. */
function randomDay(random: RandomSource, marketCount: number): JointScenario {
  const scale = studentScale(random);
  const common = random.normal();
  const shocks = Array.from({ length: marketCount }, () => {
    const z = scale * (0.85 * common + 0.53 * random.normal());
    const y = -0.35 * z + 0.25 * Math.abs(z) + 0.8 * studentScale(random) * random.normal();
    return { z, y };
  });
  return { weight: 1, shocks };
}

function severity({ shocks }: JointScenario): number {
  return Math.max(...shocks.map(({ z, y }) => Math.max(Math.abs(z), Math.abs(y))));
}

/**
 * `count` weighted scenarios that stand for `days` days: the most severe ones keep weight 1, the rest of the days are
 * stood for by a sample of them.
 */
export function randomScenarioSet(
  random: RandomSource,
  markets: readonly number[],
  count: number,
  days: number,
): ScenarioSet {
  const history = Array.from({ length: days }, () => randomDay(random, markets.length));
  history.sort((a, b) => severity(b) - severity(a));
  const severeCount = Math.floor((count * 3) / 4);
  const severe = history.slice(0, severeCount);
  const calm = history.slice(severeCount);
  const kept = count - severeCount;
  const weight = Math.max(1, Math.round(calm.length / kept));
  const sample = Array.from({ length: kept }, (_, index) => {
    const day = calm[Math.floor((index * calm.length) / kept)];
    return { weight, shocks: day?.shocks ?? [] };
  });
  return { markets, scenarios: [...severe, ...sample] };
}

interface Draft {
  readonly market: number;
  readonly expiry: number;
  readonly strikeE8: bigint;
  readonly kind: InstrumentKind;
  readonly size: number;
}

const STRIKE_TICKS_PER_SPOT = 200;

function strikeNear(state: MarketState, target: number): bigint {
  const tick = 10 ** Math.floor(Math.log10(state.spot / STRIKE_TICKS_PER_SPOT));
  return BigInt(Math.max(1, Math.round(target / tick)) * Math.round(tick * 1e8));
}

function strikeAt(state: MarketState, smile: Smile, standardDeviations: number): bigint {
  const atmVol = Math.sqrt(smile.slice.a + smile.slice.b * Math.hypot(smile.slice.m, smile.slice.s));
  return strikeNear(state, state.spot * smile.forwardRatio * Math.exp(standardDeviations * atmVol));
}

function pickSmile(random: RandomSource, state: MarketState, style: BookStyle): Smile {
  const last = style === "shortDated" ? SHORT_TENORS - 1 : state.smiles.length - 1;
  const smile = state.smiles[random.integer(0, last)];
  if (smile === undefined) throw new RangeError("a random market has smiles");
  return smile;
}

function randomSize(random: RandomSource, state: MarketState): number {
  const notional = Math.exp(random.uniform(Math.log(2_000), Math.log(500_000)));
  return ((random.chance(0.6) ? -1 : 1) * notional) / state.spot;
}

function optionDraft(random: RandomSource, state: MarketState, style: BookStyle): Draft {
  const { market } = state;
  const smile = pickSmile(random, state, style);
  const far = style === "farOutOfTheMoney";
  const isCall = random.chance(0.5);
  const outward = random.uniform(far ? 2 : -0.5, far ? 5 : 2);
  const deviations = style === "shortDated" ? random.uniform(-1, 1) : isCall ? outward : -outward;
  const strikeE8 = strikeAt(state, smile, deviations);
  return {
    market,
    expiry: smile.expiry,
    strikeE8,
    kind: isCall ? "call" : "put",
    size: randomSize(random, state),
  };
}

function futureDraft(random: RandomSource, state: MarketState): Draft {
  const { expiry } = pickSmile(random, state, "mixed");
  return { market: state.market, expiry, strikeE8: 0n, kind: "future", size: randomSize(random, state) };
}

/** Two legs of opposite sign on one expiry. */
function spreadDrafts(random: RandomSource, state: MarketState): readonly Draft[] {
  const first = optionDraft(random, state, "mixed");
  const strike = Number(first.strikeE8) / 1e8;
  const strikeE8 = strikeNear(state, strike * (1 + random.uniform(0.02, 0.15)));
  return [first, { ...first, strikeE8, size: -first.size * random.uniform(0.8, 1.2) }];
}

/** A straddle or strangle with a future against part of its delta. */
function hedgedDrafts(random: RandomSource, state: MarketState): readonly Draft[] {
  const call: Draft = { ...optionDraft(random, state, "mixed"), kind: "call" };
  const put: Draft = { ...call, kind: "put", size: call.size * random.uniform(0.7, 1.3) };
  const hedge: Draft = { ...call, kind: "future", strikeE8: 0n, size: call.size * random.uniform(-0.6, 0.6) };
  return [call, put, hedge];
}

function drafts(random: RandomSource, state: MarketState, style: BookStyle, count: number): readonly Draft[] {
  const result: Draft[] = [];
  while (result.length < count) {
    if (style === "spreads") result.push(...spreadDrafts(random, state));
    else if (style === "hedged") result.push(...hedgedDrafts(random, state));
    else if (style === "mixed" && random.chance(0.15)) result.push(futureDraft(random, state));
    else result.push(optionDraft(random, state, style));
  }
  return result.slice(0, count);
}

/** A book of at most `maxPositions` positions over the given markets, sorted and free of duplicates. */
export function randomBook(
  random: RandomSource,
  states: readonly MarketState[],
  style: BookStyle,
  maxPositions: number,
): ChainBook {
  const perMarket = Math.max(1, Math.floor(random.integer(2, maxPositions) / states.length));
  const sizes = new Map<bigint, bigint>();
  for (const draft of states.flatMap((state) => drafts(random, state, style, perMarket))) {
    const sizeE8 = BigInt(Math.round(draft.size * 1e8));
    if (sizeE8 !== 0n) sizes.set(packInstrumentId(draft), sizeE8);
  }
  const positions = [...sizes].map(([instrumentId, sizeE8]) => packPosition({ instrumentId, sizeE8 }));
  positions.sort((a, b) => (a < b ? -1 : 1));
  const collateral = states
    .filter(() => random.chance(0.4))
    .map(({ market, spot }) => ({
      market,
      quantityE8: BigInt(Math.round((random.uniform(0, 2e5) / spot) * 1e8)),
    }));
  return { cashE6: BigInt(Math.round(random.uniform(-1e5, 1e6) * 1e6)), positions, collateral };
}

/** A full hour, so that every expiry of a random market lies on one too. */
export const RANDOM_OBSERVED_AT = 494_000 * SECONDS_PER_HOUR;
