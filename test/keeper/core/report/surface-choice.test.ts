import { expect } from "chai";
import { chooseSurface, comparedPlaces, totalVolE9 } from "../../../../keeper/core/report/surface-choice.ts";
import type { SmileFields } from "../../../../keeper/core/report/words.ts";
import { honestObservation } from "../../../support/keeper-round.ts";
import { randomSource, type RandomSource } from "../../../support/random-source.ts";

type Surface = readonly SmileFields[];

const FAULTS = [1, 2, 3, 4, 5] as const;
const RUNS = 40;
const BPS = 10_000;
const { smiles: SEEN = [], market } = honestObservation(1).markets[0] ?? {};
const SIGMA_E9 = market?.sigmaE9 ?? 0n;

/** A surface whose total variance is off by so many bps, each expiry by its own. */
const off = (bps: (expiry: number) => number): Surface =>
  SEEN.map((smile, expiry) => {
    const times = (value: bigint) => (value * BigInt(Math.round(1e6 * (1 + bps(expiry) / BPS)))) / 1_000_000n;
    return { ...smile, aE10: times(smile.aE10), bE9: times(smile.bE9) };
  });

/** Every place at which surfaces of these expiries may be compared, near enough. */
const placesOf = (smile: SmileFields) => comparedPlaces(totalVolE9(smile, 0n), SIGMA_E9);
const profileOf = (surface: Surface): readonly number[] =>
  SEEN.flatMap((smile) => {
    const own = surface.find(({ expiryHour }) => expiryHour === smile.expiryHour);
    return placesOf(smile).map(({ kE9, weight }) =>
      own === undefined ? Number.NaN : Number(weight * totalVolE9(own, kE9)),
    );
  });

/** Largest distance of a surface outside the honest ones, and largest honest spread, over all places, weighted. */
function outside(chosen: Surface, honest: readonly Surface[]) {
  const profiles = honest.map(profileOf);
  const distances = profileOf(chosen).map((vol, place) => {
    const seen = profiles.map((profile) => profile[place] ?? Number.NaN);
    const [low, high] = [Math.min(...seen), Math.max(...seen)];
    return { far: Math.max(0, low - vol, vol - high), spread: high - low };
  });
  return {
    far: Math.max(...distances.map(({ far }) => far)),
    spread: Math.max(...distances.map(({ spread }) => spread)),
  };
}

/** What f liars who act together may try. */
const plots: Readonly<Record<string, (f: number, random: RandomSource) => readonly Surface[]>> = {
  "say one thing above all": (f, random) => {
    const bps = random.uniform(0, 400);
    return Array.from({ length: f }, () => off(() => bps));
  },
  "say one thing below all": (f, random) => {
    const bps = random.uniform(-400, 0);
    return Array.from({ length: f }, () => off(() => bps));
  },
  "bend one expiry": (f, random) => {
    const [place, bps] = [random.integer(0, SEEN.length - 1), random.uniform(-600, 600)];
    return Array.from({ length: f }, () => off((expiry) => (expiry === place ? bps : 0)));
  },
  "go to both sides": (f, random) =>
    Array.from({ length: f }, (_, i) => off(() => (i % 2 === 0 ? 1 : -1) * random.uniform(0, 600))),
};

describe("the surface that stands for all", () => {
  for (const f of FAULTS)
    for (const [plot, lie] of Object.entries(plots)) {
      it(`lies between honest ones when they lie one above the other and ${f} liars of ${3 * f + 1} ${plot}`, () => {
        const random = randomSource(f);
        for (let run = 0; run < RUNS / 4; run++) {
          const honest = Array.from({ length: 2 * f + 1 }, () => {
            const bps = random.uniform(-50, 50);
            return off(() => bps);
          });
          const chosen = chooseSurface([...honest, ...lie(f, random)], SIGMA_E9, f);
          expect(outside(chosen, honest).far).to.equal(0);
        }
      });

      it(`lies at most the honest spread outside when ${f} liars of ${2 * f + 1} ${plot}`, () => {
        const random = randomSource(100 + f);
        for (let run = 0; run < RUNS / 4; run++) {
          const honest = Array.from({ length: f + 1 }, () => off(() => random.uniform(-50, 50)));
          const chosen = chooseSurface([...honest, ...lie(f, random)], SIGMA_E9, f);
          const { far, spread } = outside(chosen, honest);
          expect(far).to.be.at.most(spread);
        }
      });
    }

  it("is never moved further by f liars of one mind than honest keepers are apart, whatever f", () => {
    const noiseBps = 100;
    for (const f of FAULTS) {
      const honest = Array.from({ length: f + 1 }, (_, own) =>
        off((expiry) => (expiry === own ? noiseBps : 0)),
      );
      for (const bps of [noiseBps + 2, 2 * noiseBps, 5 * noiseBps]) {
        const lie = off((expiry) => (expiry === SEEN.length - 1 ? bps : 0));
        const chosen = chooseSurface([...honest, ...Array.from({ length: f }, () => lie)], SIGMA_E9, f);
        expect(honest, `f = ${f}, ${bps} bps`).to.deep.include(chosen);
      }
    }
  });

  it("has no expiry that only liars list, and all that they alone leave out", () => {
    const honest = [0, 10, 20].map((bps) => off(() => bps));
    const [middle = []] = [honest[1]];
    const last = middle.at(-1);
    if (last === undefined) throw new RangeError("a surface has expiries");
    const invented = [...middle, { ...last, expiryHour: last.expiryHour + 24n, aE10: 2n * last.aE10 }];
    for (const lie of [invented, middle.slice(1), middle.slice(0, -1), []]) {
      const chosen = chooseSurface([...honest, lie], SIGMA_E9, 1);
      expect(chosen.map(({ expiryHour }) => expiryHour)).to.deep.equal(
        middle.map(({ expiryHour }) => expiryHour),
      );
    }
  });

  it("is not a wild one because each honest keeper lists an expiry that no other does", () => {
    const [first] = SEEN;
    if (first === undefined) throw new RangeError("a surface has expiries");
    const odd = (index: number): Surface => [
      { ...first, expiryHour: first.expiryHour - BigInt(1 + index) },
      ...off(() => 10 * index),
    ];
    const honest = [0, 1, 2].map(odd);
    const wild = off(() => 2_000);
    expect(chooseSurface([wild, ...honest], SIGMA_E9, 1)).not.to.equal(wild);
  });

  it("does not depend on the order in which surfaces come, nor on anything but their integers", () => {
    const all = [off(() => 0), off(() => 0), off(() => 30), off(() => -30)];
    const chosen = chooseSurface(all, SIGMA_E9, 1);
    for (const turned of [[...all].reverse(), [...all.slice(2), ...all.slice(0, 2)]])
      expect(chooseSurface(turned, SIGMA_E9, 1)).to.deep.equal(chosen);
    expect(chosen).to.deep.equal(all[0]);
  });

  it("is the nearest to the medians of those that stray nowhere", () => {
    const all = [-90, -60, -5, 0, 40, 80, 90].map((bps) => off(() => bps));
    expect(chooseSurface(all, SIGMA_E9, 2)).to.deep.equal(all[3]);
  });

  it("needs surfaces", () => {
    expect(() => chooseSurface([], SIGMA_E9, 1)).to.throw("name=surfaces");
  });
});

describe("the places where slices are compared", () => {
  it("reach six total volatilities from the money, and six daily ones when less is left", () => {
    const reach = (vol: bigint) => {
      const ks = comparedPlaces(vol, 30_000_000n).map(({ kE9 }) => Number(kE9));
      return [Math.min(...ks), Math.max(...ks)];
    };
    expect(reach(300_000_000n)).to.deep.equal([-1_800_000_000, 1_800_000_000]);
    expect(reach(5_000_000n)).to.deep.equal([-180_000_000, 180_000_000]);
  });
});
