import { CoreError } from "../errors.ts";
import { seededRandom } from "./seeded-random.ts";

const BASES = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53] as const;
/** Digits after which a point's place is known to double precision. */
const RESOLUTION = 2 ** -52;

/**
 * Halton points (1960) with a random permutation for each digit of each base (Owen 2017, "A randomized Halton algorithm"): evenly
 * spread in the unit cube, each point uniform, so that runs under several seeds give an error.
 * @param dimensions 1 to 16
 * @returns one array per dimension with `count` numbers in the open interval (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function scrambledHalton(count: number, dimensions: number, seed: number): readonly Float64Array[] {
  if (dimensions < 1 || dimensions > BASES.length) {
    throw new CoreError("argument-out-of-domain", {
      name: "dimensions",
      value: dimensions,
      max: BASES.length,
    });
  }
  const random = seededRandom(seed);
  return BASES.slice(0, dimensions).map((base) => {
    const digits = Math.ceil(-Math.log(RESOLUTION) / Math.log(base));
    const permutations = Array.from({ length: digits }, () =>
      permutation(base, (bound) => random.index(bound)),
    );
    const rest = random.uniform();
    return Float64Array.from({ length: count }, (_, index) => {
      let left = index;
      let scale = 1 / base;
      let value = 0;
      for (const order of permutations) {
        value += order[left % base]! * scale;
        left = Math.floor(left / base);
        scale /= base;
      }
      // What follows the last digit; keeps the number off both ends.
      return Math.min(1 - RESOLUTION, Math.max(RESOLUTION, value + rest * scale));
    });
  });
}

/** Fisher and Yates (1938). */
function permutation(size: number, index: (bound: number) => number): readonly number[] {
  const order = Array.from({ length: size }, (_, digit) => digit);
  for (let place = size - 1; place > 0; place--) {
    const other = index(place + 1);
    const swapped = order[place]!;
    order[place] = order[other]!;
    order[other] = swapped;
  }
  return order;
}
