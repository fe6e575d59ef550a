import { CoreError } from "../errors.ts";
import { totalVarianceE18, type MarketObservation } from "./quantise.ts";
import { packMarketWord, packSmileWord, type MarketFields, type SmileFields } from "./words.ts";

/** What one keeper sees of all markets at one time. */
export interface Observation {
  /** Settlement coin in USD, bps of one dollar. */
  readonly pegBps: number;
  /** Markets rising. */
  readonly markets: readonly MarketObservation[];
}

/** The part of a report that the observations decide. */
export interface ReportPayload {
  readonly pegBps: number;
  readonly markets: readonly bigint[];
  readonly smiles: readonly bigint[];
}

const BPS = 10_000n;
/** Widest dispersion the word can hold. */
const MAX_DISPERSION_BPS = 65_535n;
/** Slices are compared at these multiples of the daily volatility from the money. */
const COMPARED_SIGMAS: readonly bigint[] = [-8n, -4n, -2n, -1n, 0n, 1n, 2n, 4n, 8n];

/**
 * The report that a set of observations makes: a pure integer function, the same bytes on every keeper and for every order of the
 * observations. Numbers are element-wise lower medians, which with at most f liars among 2f + 1 or more observations lie between two honest
 * values. A market's smiles are the medoid: the slices of the one keeper whose surface lies closest to all others', never a mixture of
 * parameters of several, so that what was free of arbitrage stays so.
 * @param observations one per keeper, at least one
 * @throws CoreError `argument-out-of-domain` when there is none or when they list different markets
 */
export function aggregateObservations(observations: readonly Observation[]): ReportPayload {
  const [first] = observations;
  if (first === undefined)
    throw new CoreError("argument-out-of-domain", { name: "observations", value: 0, min: 1 });
  const merged = first.markets.map((_, index) =>
    mergeMarket(observations.map(({ markets }) => marketAt(markets, index))),
  );
  for (const { markets } of observations) requireSameMarkets(markets, first.markets);
  return {
    pegBps: Number(lowerMedian(observations.map(({ pegBps }) => BigInt(pegBps)))),
    markets: merged.map(({ market }) => packMarketWord(market)),
    smiles: merged.flatMap(({ smiles }) => smiles.map(packSmileWord)),
  };
}

function mergeMarket(observations: readonly MarketObservation[]): MarketObservation {
  const median = (pick: (market: MarketFields) => bigint) =>
    lowerMedian(observations.map(({ market }) => pick(market)));
  const spotE8 = median(({ spotE8 }) => spotE8);
  const sigmaE9 = median(({ sigmaE9 }) => sigmaE9);
  const smiles = medoid(
    observations.map(({ smiles }) => smiles),
    sigmaE9,
  );
  const spread = dispersionBps(
    observations.map(({ market }) => market.spotE8),
    spotE8,
  );
  const reported = median(({ dispersionBps }) => dispersionBps);
  return {
    market: {
      market: median(({ market }) => market),
      smileCount: BigInt(smiles.length),
      dispersionBps: smaller(larger(spread, reported), MAX_DISPERSION_BPS),
      sigmaE9,
      psiE9: median(({ psiE9 }) => psiE9),
      depthUsd: median(({ depthUsd }) => depthUsd),
      openInterestUsd: median(({ openInterestUsd }) => openInterestUsd),
      spotE8,
    },
    smiles,
  };
}

/** The middle value; of an even number the lower of the two middle ones. */
function lowerMedian(values: readonly bigint[]): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n;
}

/**
 * Median distance of the keepers' spots from their median as a share of it, rounded up. Of an even number of distances the upper middle one
 * counts, so that f liars among 2f + 1 or more keepers cannot widen it beyond what some honest keeper sees.
 */
function dispersionBps(spotsE8: readonly bigint[], medianE8: bigint): bigint {
  const distances = spotsE8
    .map((spotE8) => (spotE8 > medianE8 ? spotE8 - medianE8 : medianE8 - spotE8))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = distances[Math.floor(distances.length / 2)] ?? 0n;
  return medianE8 === 0n ? 0n : (middle * BPS + medianE8 - 1n) / medianE8;
}

/** The surface with the smallest summed distance to all others; of equal ones the first by its own integers. */
function medoid(surfaces: readonly (readonly SmileFields[])[], sigmaE9: bigint): readonly SmileFields[] {
  const ordered = [...surfaces].sort(compareSurfaces);
  let best: readonly SmileFields[] = ordered[0] ?? [];
  let bestDistance: bigint | null = null;
  for (const surface of ordered) {
    const total = ordered.reduce((sum, other) => sum + surfaceDistance(surface, other, sigmaE9), 0n);
    if (bestDistance === null || total < bestDistance) [best, bestDistance] = [surface, total];
  }
  return best;
}

/** Sum over expiries and a few strikes of the relative distance of total variance; an expiry that only one has counts as wholly different. */
function surfaceDistance(a: readonly SmileFields[], b: readonly SmileFields[], sigmaE9: bigint): bigint {
  const others = new Map(b.map((smile) => [smile.expiryHour, smile]));
  let distance = 0n;
  let shared = 0;
  for (const smile of a) {
    const other = others.get(smile.expiryHour);
    if (other === undefined) continue;
    shared++;
    for (const sigmas of COMPARED_SIGMAS) {
      distance += relativeDistanceE9(
        totalVarianceE18(smile, sigmas * sigmaE9),
        totalVarianceE18(other, sigmas * sigmaE9),
      );
    }
    distance += relativeDistanceE9(smile.forwardRatioE8, other.forwardRatioE8);
    distance += relativeDistanceE9(smile.discountE9, other.discountE9);
  }
  const unshared = BigInt(a.length + b.length - 2 * shared);
  return distance + unshared * BigInt(COMPARED_SIGMAS.length) * E9;
}

const E9 = 10n ** 9n;

function relativeDistanceE9(a: bigint, b: bigint): bigint {
  const [low, high] = a < b ? [a, b] : [b, a];
  return high <= 0n ? 0n : ((high - low) * E9) / high;
}

function compareSurfaces(a: readonly SmileFields[], b: readonly SmileFields[]): number {
  const [left, right] = [a.map(packSmileWord), b.map(packSmileWord)];
  for (const [index, word] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (word !== other) return word < other ? -1 : 1;
  }
  return left.length - right.length;
}

function marketAt(markets: readonly MarketObservation[], index: number): MarketObservation {
  const market = markets[index];
  if (market === undefined) {
    throw new CoreError("argument-out-of-domain", { name: "markets", value: markets.length, min: index + 1 });
  }
  return market;
}

function requireSameMarkets(
  markets: readonly MarketObservation[],
  expected: readonly MarketObservation[],
): void {
  const same =
    markets.length === expected.length &&
    markets.every(({ market }, index) => market.market === expected[index]?.market.market);
  if (!same) {
    const list = (all: readonly MarketObservation[]) =>
      all.map(({ market }) => market.market.toString()).join("+");
    throw new CoreError("argument-out-of-domain", {
      name: "markets",
      value: list(markets),
      expected: list(expected),
    });
  }
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
