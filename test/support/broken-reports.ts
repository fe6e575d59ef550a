// Reports bent and broken at random: nearly good ones, ones at a bound to the unit, and such as no keeper would write.
import type { MarketLimits, ReportLimits } from "../../keeper/core/report/report-checks.ts";
import type { MarketObservation } from "../../keeper/core/report/quantise.ts";
import { marketsOfReport } from "../../keeper/core/report/report-mark.ts";
import type { RiskReport } from "../../keeper/core/report/typed-data.ts";
import {
  packMarketWord,
  packSmileWord,
  type MarketFields,
  type SmileFields,
} from "../../keeper/core/report/words.ts";
import type { RandomSource } from "./random-source.ts";

type Change = (report: RiskReport) => RiskReport;
type Payload = Pick<RiskReport, "markets" | "smiles">;

const RESERVED_SHIFT = 184n;
const SMILE_BITS: Readonly<Record<keyof SmileFields, number>> = {
  expiryHour: 24,
  forwardRatioE8: 32,
  discountE9: 32,
  aE10: 39,
  bE9: 32,
  rhoE9: 31,
  mE9: 31,
  sE9: 32,
};
const SMILE_FIELDS = Object.keys(SMILE_BITS) as [keyof SmileFields, ...(keyof SmileFields)[]];
const SIGNED: readonly (keyof SmileFields)[] = ["aE10", "rhoE9", "mE9"];

/** A report with up to three random changes. */
export function brokenReport(report: RiskReport, limits: ReportLimits, random: RandomSource): RiskReport {
  const changes: readonly [Change, ...Change[]] = [
    (given) => ({ ...given, pegBps: Number(atBound(limits.minPegBps, limits.maxPegBps, random)) }),
    withMarkets((markets) => changedMarket(markets, limits, random)),
    withMarkets((markets) => changedSmile(markets, random)),
    withMarkets((markets) => changedSmile(markets, random)),
    withMarkets((markets) => changedList(markets, random)),
    (given) => ({ ...given, markets: withReserved(given.markets, random) }),
    (given) => ({
      ...given,
      markets: random.chance(0.5) ? given.markets.slice(1) : [...given.markets].reverse(),
    }),
    (given) => ({ ...given, smiles: random.chance(0.5) ? given.smiles.slice(1) : [...given.smiles, 1n] }),
  ];
  let broken = report;
  for (let left = random.integer(0, 3); left > 0; left--) {
    try {
      broken = random.pick(changes)(broken);
    } catch {
      // A value that no word holds, or a report too broken to be taken apart again: stays as it was.
    }
  }
  return broken;
}

function withMarkets(
  change: (markets: readonly MarketObservation[]) => readonly MarketObservation[],
): Change {
  return (report) => ({ ...report, ...payloadOf(change(marketsOfReport(report))) });
}

function payloadOf(markets: readonly MarketObservation[]): Payload {
  return {
    markets: markets.map(({ market }) => packMarketWord(market)),
    smiles: markets.flatMap(({ smiles }) => smiles.map(packSmileWord)),
  };
}

const replaced = <T>(
  items: readonly T[],
  random: RandomSource,
  change: (item: T, index: number) => T,
): readonly T[] => {
  const place = random.integer(0, Math.max(0, items.length - 1));
  return items.map((item, index) => (index === place ? change(item, index) : item));
};

/** On a bound, one beyond it, or anywhere. */
function atBound(min: bigint, max: bigint, random: RandomSource): bigint {
  const [below, between] = [
    min > 0n ? min - 1n : 0n,
    BigInt(Math.round(random.uniform(Number(min), Number(max)))),
  ];
  return random.pick([below, min, max, max + 1n, between]);
}

function changedMarket(
  markets: readonly MarketObservation[],
  limits: ReportLimits,
  random: RandomSource,
): readonly MarketObservation[] {
  return replaced(markets, random, (seen, index) => {
    const bounds = limits.markets[index] as MarketLimits;
    const { market } = seen;
    const scaled = (value: bigint) => BigInt(Math.round(Number(value) * 10 ** random.uniform(-0.5, 0.5)));
    const change: Partial<MarketFields> = random.pick<Partial<MarketFields>>([
      { spotE8: atBound(bounds.minSpotE8, bounds.maxSpotE8, random) },
      { spotE8: scaled(market.spotE8) },
      { spotE8: (market.spotE8 * BigInt(random.integer(6_990, 7_010))) / 10_000n },
      { spotE8: (market.spotE8 * BigInt(random.integer(12_990, 13_010))) / 10_000n },
      { sigmaE9: atBound(bounds.minSigmaE9, bounds.maxSigmaE9, random) },
      { sigmaE9: scaled(market.sigmaE9) },
      { sigmaE9: (market.sigmaE9 * BigInt(random.integer(98_990, 99_010))) / 100_000n },
      { psiE9: atBound(bounds.minPsiE9, bounds.maxPsiE9, random) },
      { dispersionBps: atBound(0n, bounds.maxDispersionBps, random) },
      { depthUsd: BigInt(random.integer(0, 2 ** 31)), openInterestUsd: 0n },
      { market: BigInt(random.integer(0, 3)) },
      { smileCount: BigInt(random.integer(0, 17)) },
    ]);
    return { ...seen, market: { ...market, ...change } };
  });
}

function changedSmile(
  markets: readonly MarketObservation[],
  random: RandomSource,
): readonly MarketObservation[] {
  return replaced(markets, random, (seen) => ({
    ...seen,
    smiles: replaced(seen.smiles, random, (smile) => {
      const field = random.pick(SMILE_FIELDS);
      const sign = SIGNED.includes(field) && random.chance(0.5) ? -1n : 1n;
      const far = sign * BigInt(Math.floor(2 ** random.uniform(0, SMILE_BITS[field])));
      const near = BigInt(Math.round(Number(smile[field]) * random.uniform(0.7, 1.4)));
      const changed = [far, near, near, smile[field] + 1n, 10n ** 9n * sign].map((value) => ({
        ...smile,
        [field]: value,
      }));
      return random.pick([atSteepest(smile, random), atLowest(smile, random), ...changed]);
    }),
  }));
}

/** Wings of slope 2, or a little more. */
function atSteepest(smile: SmileFields, random: RandomSource): SmileFields {
  const rhoE9 = smile.rhoE9 < 0n ? -smile.rhoE9 : smile.rhoE9;
  return { ...smile, bE9: (2n * 10n ** 18n) / (10n ** 9n + rhoE9) + BigInt(random.integer(0, 1)) };
}

/** A lowest variance of about nothing. */
function atLowest(smile: SmileFields, random: RandomSource): SmileFields {
  const liftE10 = Number(smile.bE9 * smile.sE9) * Math.sqrt(1 - (Number(smile.rhoE9) / 1e9) ** 2) * 1e-8;
  return { ...smile, aE10: -BigInt(Math.round(liftE10) + random.integer(-2, 2)) };
}

/** Slices that change places, come twice, are lost or begin anew. */
function changedList(
  markets: readonly MarketObservation[],
  random: RandomSource,
): readonly MarketObservation[] {
  return replaced(markets, random, ({ market, smiles }) => {
    const place = random.integer(0, Math.max(0, smiles.length - 1));
    const [before, after] = [smiles.slice(0, place), smiles.slice(place)];
    const next = random.pick([
      [...after, ...before],
      [...before, ...after.slice(0, 1), ...after],
      [...before, ...after.slice(1)],
      [...before, ...after.slice(1, 2), ...after.slice(0, 1), ...after.slice(2)],
      [],
    ]);
    return { market: { ...market, smileCount: BigInt(next.length) }, smiles: next };
  });
}

function withReserved(words: readonly bigint[], random: RandomSource): readonly bigint[] {
  return replaced(words, random, (word) => word | (BigInt(random.integer(0, 255)) << RESERVED_SHIFT));
}
