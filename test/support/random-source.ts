import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** A seeded stream of random draws. */
export interface RandomSource {
  /** Uniform in [min, max). */
  readonly uniform: (min: number, max: number) => number;
  /** Uniform integer in [min, max]. */
  readonly integer: (min: number, max: number) => number;
  readonly normal: () => number;
  readonly pick: <Item>(items: readonly [Item, ...Item[]]) => Item;
  readonly chance: (probability: number) => boolean;
}

/** A stream that depends on the seed alone. */
export function randomSource(seed: number): RandomSource {
  const generator = xoroshiro128plus(seed);
  const uniform = (min: number, max: number): number => min + (max - min) * uniformFloat64(generator);
  const integer = (min: number, max: number): number => uniformInt(generator, min, max);
  return {
    uniform,
    integer,
    // Box and Muller (1958).
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform(0, 1))) * Math.cos(2 * Math.PI * uniform(0, 1)),
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    chance: (probability) => uniform(0, 1) < probability,
  };
}
