import type { SeededRandom } from "./seeded-random.ts";

/** A group of points. */
export interface PointCluster {
  /** Positions of the members in the input, rising; never empty. */
  readonly members: readonly number[];
  /** Position of the member nearest to the cluster's mean. */
  readonly nearest: number;
}

const PASSES = 12;

/**
 * Weighted k-means (Lloyd 1982) started by k-means++ (Arthur and Vassilvitskii 2007). Deterministic for a stream.
 * @param points at least one, all of one dimension
 * @param masses positive weight of each point
 * @param count clusters wanted; fewer come back when there are fewer distinct points
 */
export function kMeans(
  points: readonly Float64Array[],
  masses: readonly number[],
  count: number,
  random: SeededRandom,
): readonly PointCluster[] {
  let centres = spreadCentres(points, masses, count, random);
  let groups = assign(points, centres);
  for (let pass = 0; pass < PASSES; pass++) {
    centres = groups.map((members) => meanOf(points, masses, members));
    groups = assign(points, centres);
  }
  return groups.map((members) => {
    const mean = meanOf(points, masses, members);
    const distances = members.map((member) => squaredDistance(points[member]!, mean));
    return { members, nearest: members[distances.indexOf(Math.min(...distances))]! };
  });
}

/** k-means++: each next centre is drawn with probability proportional to mass times squared distance to the nearest so far. */
function spreadCentres(
  points: readonly Float64Array[],
  masses: readonly number[],
  count: number,
  random: SeededRandom,
): readonly Float64Array[] {
  const centres = [points[random.index(points.length)]!];
  const distances = points.map((point) => squaredDistance(point, centres[0]!));
  while (centres.length < count) {
    const total = distances.reduce((sum, distance, index) => sum + distance * masses[index]!, 0);
    if (total === 0) break;
    let left = random.uniform() * total;
    let chosen = distances.findIndex((distance, index) => (left -= distance * masses[index]!) < 0);
    if (chosen < 0) chosen = distances.indexOf(Math.max(...distances));
    const centre = points[chosen]!;
    centres.push(centre);
    for (const [index, point] of points.entries()) {
      distances[index] = Math.min(distances[index]!, squaredDistance(point, centre));
    }
  }
  return centres;
}

/** Members of each centre's cluster, by nearest centre; clusters without members are left out. */
function assign(
  points: readonly Float64Array[],
  centres: readonly Float64Array[],
): readonly (readonly number[])[] {
  const groups = centres.map((): number[] => []);
  for (const [index, point] of points.entries()) {
    let best = 0;
    let least = Infinity;
    for (let candidate = 0; candidate < centres.length; candidate++) {
      const distance = squaredDistance(point, centres[candidate]!, least);
      if (distance < least) [best, least] = [candidate, distance];
    }
    groups[best]!.push(index);
  }
  return groups.filter((members) => members.length > 0);
}

function meanOf(
  points: readonly Float64Array[],
  masses: readonly number[],
  members: readonly number[],
): Float64Array {
  const mean = new Float64Array(points[0]!.length);
  let total = 0;
  for (const member of members) {
    total += masses[member]!;
    for (let axis = 0; axis < mean.length; axis++) mean[axis]! += masses[member]! * points[member]![axis]!;
  }
  return mean.map((sum) => sum / total);
}

/** Squared distance, or some number of at least `limit` when it is not below it. */
function squaredDistance(left: Float64Array, right: Float64Array, limit = Infinity): number {
  let sum = 0;
  for (let axis = 0; axis < left.length && sum < limit; axis++) {
    const difference = left[axis]! - right[axis]!;
    sum += difference * difference;
  }
  return sum;
}
