import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { normalInverseCdf } from "../pricing/normal.ts";

/** A reproducible stream of random numbers: the same seed gives the same numbers on every machine. */
export interface SeededRandom {
  /** Uniform integer from 0 to `count` - 1. */
  index(count: number): number;
  /** Uniform number in [0, 1). */
  uniform(): number;
  /** Standard normal number. */
  normal(): number;
}

/** @param seed 32-bit integer */
export function seededRandom(seed: number): SeededRandom {
  const generator = xoroshiro128plus(seed);
  return {
    index: (count) => uniformInt(generator, 0, count - 1),
    uniform: () => uniformFloat64(generator),
    normal: () => normalInverseCdf(Math.max(uniformFloat64(generator), Number.EPSILON)),
  };
}
