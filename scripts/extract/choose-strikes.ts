import { atTheMoneyVol, yearsTo } from "./at-the-money.ts";
import type { RecordedChain } from "./option-chain.ts";

/** Strikes are kept within this many standard deviations of the forward. */
export const BAND_DEVIATIONS = 3;
/** At a snapshot this many strikes inside the band are enough: the others are dropped ... */
export const MOST_IN_BAND = 18;
/** ... unless one of them is needed at another snapshot, which has no more than this. */
export const LEAST_IN_BAND = 14;

/** One snapshot's strikes inside the band, by strike, with their distance from the forward in standard deviations. */
type Band = Map<number, number>;

function bandOf(chain: RecordedChain, expirySeconds: number): Band | undefined {
  const expiry = chain.expiries.find((candidate) => candidate.expirySeconds === expirySeconds);
  if (expiry === undefined) return undefined;
  const deviation = atTheMoneyVol(expiry) * Math.sqrt(yearsTo(expirySeconds, chain.timeSeconds));
  const distances = expiry.strikes.map(
    ({ strikeUsd }) => [strikeUsd, Math.log(strikeUsd / expiry.forwardUsd) / deviation] as const,
  );
  return new Map(distances.filter(([, distance]) => Math.abs(distance) <= BAND_DEVIATIONS));
}

/** What dropping the strike costs: the widest gap it leaves in a band, weighted by how many snapshots list it. Infinite when a band needs it. */
function costOfDropping(strikeUsd: number, bands: readonly Band[]): number {
  let widestGap = 0;
  let listings = 0;
  for (const band of bands) {
    if (!band.has(strikeUsd)) continue;
    if (band.size <= LEAST_IN_BAND) return Number.POSITIVE_INFINITY;
    const distances = [...band.values()];
    const at = [...band.keys()].indexOf(strikeUsd);
    const below = distances[at - 1] ?? -BAND_DEVIATIONS;
    const above = distances[at + 1] ?? BAND_DEVIATIONS;
    widestGap = Math.max(widestGap, above - below);
    listings += 1;
  }
  return widestGap * listings;
}

/**
 * One set of strikes for the whole life of an expiry, so that a position opened early keeps its quotes: all strikes that ever came inside the
 * band, thinned where they lie closest, those listed longest last.
 */
export function chooseStrikes(chains: readonly RecordedChain[], expirySeconds: number): readonly number[] {
  const bands = chains.map((chain) => bandOf(chain, expirySeconds)).filter((band) => band !== undefined);
  const kept = new Set(bands.flatMap((band) => [...band.keys()]));
  for (;;) {
    const crowded = bands.filter((band) => band.size > MOST_IN_BAND);
    const candidates = [...new Set(crowded.flatMap((band) => [...band.keys()]))]
      .map((strikeUsd) => ({ strikeUsd, cost: costOfDropping(strikeUsd, bands) }))
      .filter(({ cost }) => Number.isFinite(cost))
      .sort((a, b) => a.cost - b.cost || a.strikeUsd - b.strikeUsd);
    const [cheapest] = candidates;
    if (cheapest === undefined) return [...kept].sort((a, b) => a - b);
    kept.delete(cheapest.strikeUsd);
    for (const band of bands) band.delete(cheapest.strikeUsd);
  }
}
