import { CoreError } from "../errors.ts";
import { floorSqrt } from "./integers.ts";
import { totalVarianceE18 } from "./svi-checks.ts";
import type { SmileFields } from "./words.ts";

/**
 * Slices are compared at so many halves of the total volatility at the money to either side of it: out to strikes that are hardly listed. The
 * weight, in 32nds, is about how much prices react there to total volatility (Black vega), and how well quotes tell it.
 */
const COMPARED: readonly { readonly halves: bigint; readonly weight: bigint }[] = [
  { halves: 0n, weight: 32n },
  { halves: 1n, weight: 32n },
  { halves: 2n, weight: 16n },
  { halves: 4n, weight: 8n },
  { halves: 8n, weight: 2n },
  { halves: 12n, weight: 1n },
].flatMap((side) => (side.halves === 0n ? [side] : [{ ...side, halves: -side.halves }, side]));
const HALVES = 2n;
/** An expiry that hardly anybody lists, or that nearly everybody lists and the surface does not, strays by 0.5 % of total volatility. */
const MISFIT = 32n * 5_000_000n;

/** Total volatility sqrt(w) * 1e9 at log-moneyness * 1e9. At the money an option's price is about 0.4 of the forward times it. */
export function totalVolE9(smile: SmileFields, kE9: bigint): bigint {
  const varianceE18 = totalVarianceE18(smile, kE9);
  return varianceE18 > 0n ? floorSqrt(varianceE18) : 0n;
}

/** Where slices of one expiry are compared. */
export interface ComparedPlace {
  /** Log-moneyness * 1e9. */
  readonly kE9: bigint;
  /** Distance from the money, in halves of total volatility. */
  readonly halves: bigint;
  /** What a distance of total volatility counts there. */
  readonly weight: bigint;
}

/** @param sigmaE9 daily volatility: when less is left of an expiry, spots move strikes by so much all the same */
export function comparedPlaces(atTheMoneyVolE9: bigint, sigmaE9: bigint): readonly ComparedPlace[] {
  const unitE9 = larger(atTheMoneyVolE9, sigmaE9);
  return COMPARED.map(({ halves, weight }) => ({
    kE9: (halves * unitE9) / HALVES,
    halves: halves < 0n ? -halves : halves,
    weight,
  }));
}

/** A surface by expiry hour. */
type Slices = ReadonlyMap<bigint, SmileFields>;

/** What all surfaces together say at one place of one expiry: total volatilities that honest keepers support, and the middle one. */
interface Consensus {
  readonly weight: bigint;
  readonly lowE9: bigint;
  readonly middleE9: bigint;
  readonly highE9: bigint;
  /** Of each surface, null where it does not list the expiry. */
  readonly volsE9: readonly (bigint | null)[];
}

/**
 * Chooses the surface of one keeper that stands for all: the one that strays least from what others support.
 *
 * At each compared place of an expiry the f lowest and the f highest total volatilities are cut off. The rest, [low, high], lies between two honest
 * values wherever 2f + 1 list the expiry: one of the f + 1 lowest is honest and at most `low`, one of the f + 1 highest is honest and at least `high`.
 * A surface strays by its largest distance from [low, high] over all places, each with its weight. So nowhere does the chosen one lie further outside
 * the honest values than the honest surface that strays least, and that one strays no further than honest surfaces are apart, however many liars agree.
 * When 2f + 1 honest surfaces lie one above the other, f are above and f below the middle one: it strays nowhere, and so the chosen one lies between
 * honest ones at every place. No choice of one surface can promise more: when each of three is the highest somewhere, any may be the liar's.
 *
 * Of surfaces that stray alike the one nearest to the medians is chosen, then the first by its own integers: the order of surfaces does not matter.
 * @param faults f, most liars among them
 * @throws CoreError `argument-out-of-domain` when there is no surface
 */
export function chooseSurface(
  surfaces: readonly (readonly SmileFields[])[],
  sigmaE9: bigint,
  faults: number,
): readonly SmileFields[] {
  const slices = surfaces.map((smiles): Slices => new Map(smiles.map((smile) => [smile.expiryHour, smile])));
  const hours = [...new Set(slices.flatMap((each) => [...each.keys()]))];
  const misfits = surfaces.map(() => 0n);
  const strays = surfaces.map(() => ({ outside: 0n, fromMiddle: 0n }));
  for (const hour of hours) {
    const listed = slices.map((each) => each.get(hour) ?? null);
    const count = listed.filter((smile) => smile !== null).length;
    for (const [index, smile] of listed.entries()) {
      const isMisfit = smile === null ? count >= surfaces.length - faults : count <= faults;
      if (isMisfit) misfits[index] = (misfits[index] ?? 0n) + 1n;
    }
    for (const place of consensusOf(listed, sigmaE9, faults)) widen(strays, place);
  }
  const [best] = surfaces
    .map((smiles, index) => ({
      smiles,
      stray: (strays[index]?.outside ?? 0n) + (misfits[index] ?? 0n) * MISFIT,
      fromMiddle: strays[index]?.fromMiddle ?? 0n,
    }))
    .sort(
      (a, b) =>
        compare(a.stray, b.stray) ||
        compare(a.fromMiddle, b.fromMiddle) ||
        compareSurfaces(a.smiles, b.smiles),
    );
  if (best === undefined)
    throw new CoreError("argument-out-of-domain", { name: "surfaces", value: 0, min: 1 });
  return best.smiles;
}

/** What the slices of one expiry say together at each place. */
function consensusOf(
  slices: readonly (SmileFields | null)[],
  sigmaE9: bigint,
  faults: number,
): readonly Consensus[] {
  const at = ({ kE9, weight }: Pick<ComparedPlace, "kE9" | "weight">): Consensus => {
    const volsE9 = slices.map((smile) => (smile === null ? null : totalVolE9(smile, kE9)));
    const sorted = volsE9.filter((vol) => vol !== null).sort(compare);
    const cut = Math.min(faults, Math.floor((sorted.length - 1) / 2));
    return {
      weight,
      lowE9: sorted[cut] ?? 0n,
      middleE9: sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n,
      highE9: sorted[sorted.length - 1 - cut] ?? 0n,
      volsE9,
    };
  };
  const { middleE9 } = at({ kE9: 0n, weight: 0n });
  return comparedPlaces(middleE9, sigmaE9).map(at);
}

function widen(
  strays: { outside: bigint; fromMiddle: bigint }[],
  { weight, lowE9, middleE9, highE9, volsE9 }: Consensus,
): void {
  for (const [index, vol] of volsE9.entries()) {
    const stray = strays[index];
    if (vol === null || stray === undefined) continue;
    stray.outside = larger(stray.outside, weight * larger(lowE9 - vol, vol - highE9));
    stray.fromMiddle = larger(stray.fromMiddle, weight * larger(middleE9 - vol, vol - middleE9));
  }
}

const FIELDS = ["expiryHour", "aE10", "bE9", "rhoE9", "mE9", "sE9", "forwardRatioE8", "discountE9"] as const;

function compareSurfaces(a: readonly SmileFields[], b: readonly SmileFields[]): number {
  for (const [index, smile] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    const sign = FIELDS.map((field) => compare(smile[field], other[field])).find((each) => each !== 0);
    if (sign !== undefined) return sign;
  }
  return a.length - b.length;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
