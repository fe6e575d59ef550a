import { CoreError } from "../errors.ts";
import { solveSymmetric } from "../statistics/levenberg-marquardt.ts";
import { seededRandom } from "../statistics/seeded-random.ts";
import { dailyLogChanges } from "../volatility/changes.ts";
import { ewmaFilter, START_DAYS } from "../volatility/ewma.ts";
import type { VolatilityFilter } from "../volatility/filter.ts";
import type { JointHistory } from "./history.ts";

/** One market's standardised residuals, one per scenario. */
export interface MarketResiduals {
  readonly market: number;
  /** Log return over its forecast daily volatility. */
  readonly z: Float64Array;
  /** Log change of the implied-vol index over its forecast daily volatility (psi). */
  readonly y: Float64Array;
  /** 1 where y was not observed but drawn; see `jointResiduals`. */
  readonly imputed: Uint8Array;
}

/** Joint scenarios in standardised units: scenario s is what happened to every market on day `days[s]`. */
export interface JointScenarios {
  /** Days since 1 January 1970, rising. */
  readonly days: readonly number[];
  readonly markets: readonly MarketResiduals[];
}

export interface ResidualSettings {
  /** Seed of the draws for days without an implied-vol index. */
  readonly seed: number;
  /** Filter of returns and of index changes; EWMA by default. */
  readonly filter?: VolatilityFilter;
}

/** Days with both z and y needed to tie one to the other. */
const MIN_DONOR_DAYS = 100;

/** A market before days without y are dealt with: NaN where not observed. */
interface ObservedResiduals {
  readonly market: number;
  readonly z: Float64Array;
  readonly y: Float64Array;
}

/** y as a function of z: y = level + slope z + bend |z| + residual. */
interface SpotVolLink {
  readonly level: number;
  readonly slope: number;
  readonly bend: number;
  /** Residual per day; NaN where y was not observed. */
  readonly residual: Float64Array;
}

/**
 * Filtered historical simulation (Barone-Adesi, Giannopoulos and Vosper 1999): each day's return and index change over
 * the forecast made the day before, for all markets on the same days; days on which a market has no return are left out,
 * as are the days the filter starts from.
 *
 * Where the implied-vol index is missing (before it existed), y is the spot-vol link's value at the day's z plus the
 * residual of a donor day, drawn with the seed from the days on which every market has both; one donor serves all the
 * markets of a day, so that their vol shocks stay tied to one another. The link is least squares of y on z and |z|.
 * @throws CoreError `series-too-short`, `series-misaligned`
 */
export function jointResiduals(
  history: JointHistory,
  { seed, filter = ewmaFilter() }: ResidualSettings,
): JointScenarios {
  const observed = history.markets.map(({ market, closes, volIndex }) => {
    if (closes.length !== history.days.length || volIndex.length !== history.days.length) {
      throw new CoreError("series-misaligned", { market, days: history.days.length, closes: closes.length });
    }
    return { market, z: standardise(closes, filter), y: standardise(volIndex, filter) };
  });
  const kept: number[] = [];
  for (let change = 0; change + 1 < history.days.length; change++) {
    if (observed.every(({ z }) => !Number.isNaN(z[change]))) kept.push(change);
  }
  const joint = observed.map(({ market, z, y }) => ({ market, z: pick(z, kept), y: pick(y, kept) }));
  return { days: kept.map((change) => history.days[change + 1]!), markets: imputeVolResiduals(joint, seed) };
}

/** Changes over their forecasts; NaN on days without a change and on the filter's first `START_DAYS` changes. */
function standardise(levels: readonly (number | null)[], filter: VolatilityFilter): Float64Array {
  const changes = dailyLogChanges(levels);
  const { dailyVolBefore } = filter.fit(changes);
  let seen = 0;
  return changes.map((change, day) => {
    if (Number.isNaN(change)) return NaN;
    seen++;
    return seen <= START_DAYS ? NaN : change / dailyVolBefore[day]!;
  });
}

function pick(values: Float64Array, indices: readonly number[]): Float64Array {
  return Float64Array.from(indices, (index) => values[index]!);
}

function imputeVolResiduals(markets: readonly ObservedResiduals[], seed: number): readonly MarketResiduals[] {
  const scenarios = markets[0]?.z.length ?? 0;
  const links = markets.map(fitSpotVolLink);
  const donors: number[] = [];
  for (let scenario = 0; scenario < scenarios; scenario++) {
    if (markets.every(({ y }) => !Number.isNaN(y[scenario]))) donors.push(scenario);
  }
  if (donors.length < MIN_DONOR_DAYS) {
    throw new CoreError("series-too-short", { donors: donors.length, needed: MIN_DONOR_DAYS });
  }
  const random = seededRandom(seed);
  const filled = markets.map(({ market, z, y }) => {
    return { market, z, y: Float64Array.from(y), imputed: new Uint8Array(scenarios) };
  });
  for (let scenario = 0; scenario < scenarios; scenario++) {
    if (markets.every(({ y }) => !Number.isNaN(y[scenario]))) continue;
    const donor = donors[random.index(donors.length)]!;
    for (const [index, { z, y, imputed }] of filled.entries()) {
      if (!Number.isNaN(y[scenario])) continue;
      y[scenario] = linkedVolChange(links[index]!, z[scenario]!) + links[index]!.residual[donor]!;
      imputed[scenario] = 1;
    }
  }
  return filled;
}

function linkedVolChange({ level, slope, bend }: Omit<SpotVolLink, "residual">, z: number): number {
  return level + slope * z + bend * Math.abs(z);
}

/** Least squares of y on 1, z and |z| over the days that have both. */
function fitSpotVolLink({ market, z, y }: ObservedResiduals): SpotVolLink {
  const size = 3;
  const matrix = new Float64Array(size * size);
  const vector = new Float64Array(size);
  for (const [day, target] of y.entries()) {
    if (Number.isNaN(target)) continue;
    const basis = [1, z[day]!, Math.abs(z[day]!)];
    for (const [row, value] of basis.entries()) {
      vector[row]! += value * target;
      for (let column = 0; column <= row; column++) matrix[row * size + column]! += value * basis[column]!;
    }
  }
  const solution = solveSymmetric(matrix, vector);
  if (solution === undefined) throw new CoreError("series-too-short", { market, needed: MIN_DONOR_DAYS });
  const link = { level: solution[0]!, slope: solution[1]!, bend: solution[2]! };
  return { ...link, residual: y.map((value, day) => value - linkedVolChange(link, z[day]!)) };
}
