import { CoreError } from "../errors.ts";
import { majorityRoot } from "./account-root.ts";
import { liftCalendar, type MarketObservation } from "./quantise.ts";
import { chooseSurface } from "./surface-choice.ts";
import { packMarketWord, packSmileWord, type MarketFields, type SmileFields } from "./words.ts";

/** What one keeper sees of all markets at one time. */
export interface MarketsView {
  /** Settlement coin in USD, bps of one dollar. */
  readonly pegBps: number;
  /** Markets rising. */
  readonly markets: readonly MarketObservation[];
}

/** What one keeper says for a report. */
export interface Observation extends MarketsView {
  /** Of its table of account risk; zero when it has none. */
  readonly accountRoot: `0x${string}`;
}

/** The part of a report that the observations decide. */
export interface ReportPayload {
  readonly pegBps: number;
  readonly accountRoot: `0x${string}`;
  readonly markets: readonly bigint[];
  readonly smiles: readonly bigint[];
}

const BPS = 10_000n;
/** Widest dispersion the word can hold. */
const MAX_DISPERSION_BPS = 65_535n;

/**
 * The report that a set of observations makes: a pure integer function, the same bytes on every keeper and for every order of the
 * observations. Numbers, the forward and the discount of each expiry too, are element-wise lower medians, which with at most f liars among
 * 2f + 1 or more observations lie between two honest values. A market's slices are those of one keeper (chooseSurface), never a mixture of
 * parameters of several, so that what was free of arbitrage stays so; they are lifted until total variance does not fall from expiry to expiry where
 * the oracle compares it, which depends on the median forecast. The account-risk root is the one that more than half name.
 * @param observations one per keeper, at least one, each of which the oracle would take alone
 * @param faults f, most liars among them; as many as there can be when it is not given
 * @throws CoreError `argument-out-of-domain` when there is none or when they list different markets
 */
export function aggregateObservations(
  observations: readonly Observation[],
  faults = Math.floor((observations.length - 1) / 2),
): ReportPayload {
  const [first] = observations;
  if (first === undefined)
    throw new CoreError("argument-out-of-domain", { name: "observations", value: 0, min: 1 });
  const merged = first.markets.map((_, index) =>
    mergeMarket(
      observations.map(({ markets }) => marketAt(markets, index)),
      faults,
    ),
  );
  for (const { markets } of observations) requireSameMarkets(markets, first.markets);
  return {
    pegBps: Number(lowerMedian(observations.map(({ pegBps }) => BigInt(pegBps)))),
    accountRoot: majorityRoot(observations.map(({ accountRoot }) => accountRoot)),
    markets: merged.map(({ market }) => packMarketWord(market)),
    smiles: merged.flatMap(({ smiles }) => smiles.map(packSmileWord)),
  };
}

function mergeMarket(observations: readonly MarketObservation[], faults: number): MarketObservation {
  const median = (pick: (market: MarketFields) => bigint) =>
    lowerMedian(observations.map(({ market }) => pick(market)));
  const spotE8 = median(({ spotE8 }) => spotE8);
  const sigmaE9 = median(({ sigmaE9 }) => sigmaE9);
  const surfaces = observations.map((each) => liftCalendar(each.smiles, sigmaE9));
  const smiles = withMedianForwards(chooseSurface(surfaces, sigmaE9, faults), surfaces);
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

/** Of each expiry of a surface the medians of forward and discount over all that list it. */
function withMedianForwards(
  smiles: readonly SmileFields[],
  surfaces: readonly (readonly SmileFields[])[],
): readonly SmileFields[] {
  return smiles.map((smile) => {
    const alike = surfaces.flatMap((surface) =>
      surface.filter(({ expiryHour }) => expiryHour === smile.expiryHour),
    );
    return {
      ...smile,
      forwardRatioE8: lowerMedian(alike.map(({ forwardRatioE8 }) => forwardRatioE8)),
      discountE9: lowerMedian(alike.map(({ discountE9 }) => discountE9)),
    };
  });
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
