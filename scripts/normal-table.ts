// The standard normal distribution function as cubic pieces, in the words that contracts/libraries/NormalCdf.sol reads.
// All arithmetic is in integers with 256 fractional bits, so every machine writes the same bytes.

/** Fractional bits of the working precision. */
const WORKING_BITS = 256n;
const ONE = 1n << WORKING_BITS;
/** pi with 80 digits after the point. */
const PI_DIGITS = 31415926535897932384626433832795028841971693993751058209749445923078164062862089n;
const PI_SCALE = 10n ** 79n;

/** The table spans [-LIMIT, LIMIT] in steps of 1 / PIECES_PER_UNIT. */
const LIMIT_HALVES = 16n;
const PIECES_PER_UNIT = 32n;
export const PIECE_COUNT = Number(LIMIT_HALVES * PIECES_PER_UNIT);
/** Position inside a piece, in [0, 2^30). */
export const POSITION_BITS = 30n;
export const VALUE_BITS = 40n;
/** Each coefficient is finer by a position than the next higher one, so that products are added to it without a shift. */
const QUADRATIC_BITS = VALUE_BITS + POSITION_BITS;
const LINEAR_BITS = QUADRATIC_BITS + POSITION_BITS;
const LINEAR_SHIFT = 41n;
const CUBIC_SHIFT = 172n;
const QUADRATIC_SHIFT = 196n;
const WORD_BITS = 256n;

/** Chebyshev nodes of degree four on a piece, as positions: (1 - cos((2 j + 1) pi / 8)) / 2. */
const CHEBYSHEV_SHARES = [0.038060233744356624, 0.3086582838174551, 0.6913417161825449, 0.9619397662556434];

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> WORKING_BITS;

function integerSqrt(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

const ROOT_TWO_PI = integerSqrt((2n * PI_DIGITS * ONE * ONE) / PI_SCALE);

/** Phi(x) = 1/2 + sum over n of (-1)^n x^(2n+1) / (n! 2^n (2n+1)) / sqrt(2 pi); x and result with 256 fractional bits. */
export function normalCdf(x: bigint): bigint {
  const square = multiply(x, x);
  let power = x;
  let sum = 0n;
  for (let n = 0n; power !== 0n && power !== -1n; n++) {
    sum += power / (2n * n + 1n);
    power = -multiply(power, square) / (2n * (n + 1n));
  }
  return (ONE >> 1n) + (sum * ONE) / ROOT_TWO_PI;
}

/** Value at a position of a piece, from the exact function. */
export function exactAt(piece: number, position: bigint): bigint {
  const steps = (BigInt(piece) << POSITION_BITS) + position;
  const x = (steps * ONE) / (PIECES_PER_UNIT << POSITION_BITS) - (LIMIT_HALVES * ONE) / 2n;
  return normalCdf(x);
}

/** Coefficients of the cubic through the Chebyshev nodes, in powers of position / 2^30 (Newton's divided differences). */
function pieceCoefficients(piece: number): readonly [bigint, bigint, bigint, bigint] {
  const scale = 2 ** Number(POSITION_BITS);
  const nodes = CHEBYSHEV_SHARES.map((share) => BigInt(Math.round(share * scale)));
  const shares = nodes.map((node) => (node * ONE) >> POSITION_BITS);
  const at = (index: number): bigint => shares[index] ?? 0n;
  const differences = nodes.map((node) => exactAt(piece, node));
  for (let order = 1; order < differences.length; order++) {
    for (let i = differences.length - 1; i >= order; i--) {
      const rise = (differences[i] ?? 0n) - (differences[i - 1] ?? 0n);
      differences[i] = (rise * ONE) / (at(i) - at(i - order));
    }
  }
  // Expand the Newton form from the inside out.
  let polynomial = [differences[3] ?? 0n, 0n, 0n, 0n];
  for (let order = 2; order >= 0; order--) {
    polynomial = polynomial.map((own, degree) => (polynomial[degree - 1] ?? 0n) - multiply(own, at(order)));
    polynomial[0] = (polynomial[0] ?? 0n) + (differences[order] ?? 0n);
  }
  return [polynomial[0] ?? 0n, polynomial[1] ?? 0n, polynomial[2] ?? 0n, polynomial[3] ?? 0n];
}

const roundTo = (value: bigint, bits: bigint): bigint =>
  (value + (1n << (WORKING_BITS - bits - 1n))) >> (WORKING_BITS - bits);

/** One word per piece: constant, linear, cubic and quadratic coefficient, low bits first; the last two signed. */
export function pieceWord(piece: number): bigint {
  const [constant, linear, quadratic, cubic] = pieceCoefficients(piece);
  const signedQuadratic = BigInt.asUintN(
    Number(WORD_BITS - QUADRATIC_SHIFT),
    roundTo(quadratic, QUADRATIC_BITS),
  );
  const signedCubic = BigInt.asUintN(Number(QUADRATIC_SHIFT - CUBIC_SHIFT), roundTo(cubic, VALUE_BITS));
  return (
    roundTo(constant, VALUE_BITS) |
    (roundTo(linear, LINEAR_BITS) << LINEAR_SHIFT) |
    (signedCubic << CUBIC_SHIFT) |
    (signedQuadratic << QUADRATIC_SHIFT)
  );
}

/** The words of all pieces in rising order, as hexadecimal digits. */
export function normalTableWords(): readonly string[] {
  return Array.from({ length: PIECE_COUNT }, (_, piece) => pieceWord(piece).toString(16).padStart(64, "0"));
}

/** The Solidity source whose deployment leaves the table as contract code, behind one zero byte that stops any call. */
export function normalTableSource(words: readonly string[]): string {
  const wordsPerLine = 2;
  const lines: string[] = [];
  for (let i = 0; i < words.length; i += wordsPerLine) {
    lines.push(`        hex"${words.slice(i, i + wordsPerLine).join("")}"`);
  }
  return `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title NormalCdfTable: the pieces of the normal distribution function, as contract code
/// @notice Written by scripts/generate-normal-table.ts; libraries/NormalCdf.sol describes and reads it.
contract NormalCdfTable {
    bytes private constant TABLE =
        hex"00"
${lines.join("\n")};

    constructor() {
        bytes memory table = TABLE;
        // Returns the bytes themselves as the code: what follows the array's length word.
        assembly ("memory-safe") {
            return(add(table, 0x20), mload(table))
        }
    }
}
`;
}
