import { CoreError } from "../errors.ts";

/**
 * Throws `argument-out-of-domain` unless `value` is within [min, max].
 * @param name name of the value, as the caller knows it
 */
export function requireInteger(name: string, value: bigint, min: bigint, max: bigint): void {
  if (value < min || value > max) {
    throw new CoreError("argument-out-of-domain", {
      name,
      value: String(value),
      min: String(min),
      max: String(max),
    });
  }
}

/** One field of a packed word; fields follow one another from the lowest bit up. */
export interface WordField<Name extends string> {
  readonly name: Name;
  readonly bits: number;
  readonly signed?: boolean;
}

export type WordValues<Name extends string> = Readonly<Record<Name, bigint>>;

function fieldBounds(bits: number, signed: boolean): readonly [min: bigint, max: bigint] {
  const span = 1n << BigInt(bits);
  return signed ? [-span / 2n, span / 2n - 1n] : [0n, span - 1n];
}

/**
 * Packs fields into one word, signed ones in two's complement.
 * @throws CoreError `argument-out-of-domain` naming the field and its bounds
 */
export function packWord<Name extends string>(
  layout: readonly WordField<Name>[],
  values: WordValues<Name>,
): bigint {
  let word = 0n;
  let shift = 0n;
  for (const { name, bits, signed = false } of layout) {
    const [min, max] = fieldBounds(bits, signed);
    requireInteger(name, values[name], min, max);
    word |= BigInt.asUintN(bits, values[name]) << shift;
    shift += BigInt(bits);
  }
  return word;
}

/** The values of every field of a word: the inverse of `packWord`. */
export function unpackWord<Name extends string>(
  layout: readonly WordField<Name>[],
  word: bigint,
): WordValues<Name> {
  const values = {} as Record<Name, bigint>;
  let shift = 0n;
  for (const { name, bits, signed = false } of layout) {
    const field = word >> shift;
    values[name] = signed ? BigInt.asIntN(bits, field) : BigInt.asUintN(bits, field);
    shift += BigInt(bits);
  }
  return values;
}

const MAX_SQRT_ARGUMENT = (1n << 512n) - 1n;

/** Largest integer whose square is at most `value`: Newton's method from the root of the nearest float. */
export function floorSqrt(value: bigint): bigint {
  requireInteger("value", value, 0n, MAX_SQRT_ARGUMENT);
  if (value === 0n) return 0n;
  // A step from any number above zero leads to the root or above it.
  const start = BigInt(Math.ceil(Math.sqrt(Number(value))));
  let root = (start + value / start) >> 1n;
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
