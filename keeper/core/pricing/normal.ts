import { requireWithin } from "../errors.ts";

/** 1 / sqrt(2 pi), the height of the standard normal density at zero. */
export const INV_SQRT_TWO_PI = 0.3989422804014327;

const SQRT_HALF = 0.7071067811865476;
const INV_SQRT_PI = 0.5641895835477563;

// Rational approximations of Cody (1969), "Rational Chebyshev approximations for the error function",
// Mathematics of Computation 23. Coefficients from the highest power down.
const ERF_NUMERATOR = Float64Array.of(
  0.18577770618460315,
  3.1611237438705655,
  113.86415415105016,
  377.485237685302,
  3209.3775891384694,
);
const ERF_DENOMINATOR = Float64Array.of(
  1,
  23.601290952344122,
  244.02463793444417,
  1282.6165260773723,
  2844.236833439171,
);
const ERFCX_MID_NUMERATOR = Float64Array.of(
  2.1531153547440383e-8,
  0.5641884969886701,
  8.883149794388377,
  66.11919063714163,
  298.6351381974001,
  881.952221241769,
  1712.0476126340707,
  2051.0783778260716,
  1230.3393547979972,
);
const ERFCX_MID_DENOMINATOR = Float64Array.of(
  1,
  15.744926110709835,
  117.6939508913125,
  537.1811018620099,
  1621.3895745666903,
  3290.7992357334597,
  4362.619090143247,
  3439.3676741437216,
  1230.3393548037495,
);
const ERFCX_FAR_NUMERATOR = Float64Array.of(
  0.016315387137302097,
  0.30532663496123236,
  0.36034489994980445,
  0.12578172611122926,
  0.016083785148742275,
  0.0006587491615298378,
);
const ERFCX_FAR_DENOMINATOR = Float64Array.of(
  1,
  2.568520192289822,
  1.8729528499234604,
  0.5279051029514285,
  0.06051834131244132,
  0.0023352049762686918,
);
const ERF_LIMIT = 0.46875;
const FAR_LIMIT = 4;
/** Beyond it erfcx(x) is 1 / (x sqrt(pi)) to double precision. */
const ASYMPTOTE_LIMIT = 6.71e7;

// Rational approximations of Wichura (1988), algorithm AS 241, Applied Statistics 37, from the highest power down.
const QUANTILE_CENTRE_NUMERATOR = Float64Array.of(
  2509.0809287301227,
  33430.57558358813,
  67265.7709270087,
  45921.95393154987,
  13731.69376550946,
  1971.5909503065513,
  133.14166789178438,
  3.3871328727963665,
);
const QUANTILE_CENTRE_DENOMINATOR = Float64Array.of(
  5226.495278852854,
  28729.085735721943,
  39307.89580009271,
  21213.794301586597,
  5394.196021424751,
  687.1870074920579,
  42.31333070160091,
  1,
);
const QUANTILE_TAIL_NUMERATOR = Float64Array.of(
  0.0007745450142783414,
  0.022723844989269184,
  0.2417807251774506,
  1.2704582524523684,
  3.6478483247632045,
  5.769497221460691,
  4.630337846156546,
  1.4234371107496835,
);
const QUANTILE_TAIL_DENOMINATOR = Float64Array.of(
  1.0507500716444169e-9,
  0.0005475938084995345,
  0.015198666563616457,
  0.14810397642748008,
  0.6897673349851,
  1.6763848301838038,
  2.053191626637759,
  1,
);
const QUANTILE_FAR_NUMERATOR = Float64Array.of(
  2.0103343992922881e-7,
  0.000027115555687434876,
  0.0012426609473880784,
  0.026532189526576124,
  0.29656057182850487,
  1.7848265399172913,
  5.463784911164114,
  6.657904643501103,
);
const QUANTILE_FAR_DENOMINATOR = Float64Array.of(
  2.0442631033899397e-15,
  1.421511758316446e-7,
  0.000018463183175100548,
  0.0007868691311456133,
  0.014875361290850615,
  0.1369298809227358,
  0.599832206555888,
  1,
);
const QUANTILE_CENTRE_HALF_WIDTH = 0.425;
const QUANTILE_CENTRE_CONSTANT = 0.180625;
const QUANTILE_TAIL_LIMIT = 5;
const QUANTILE_TAIL_SHIFT = 1.6;

/** Multiples of 1/16 square exactly in a double up to far beyond the range of exp. */
const EXACT_SQUARE_SCALE = 16;

/** Horner's rule for numerator and denominator of equal degree side by side, so that one hides the other's latency. */
function rational(numerator: Float64Array, denominator: Float64Array, x: number): number {
  let above = numerator[0]!;
  let below = denominator[0]!;
  for (let place = 1; place < numerator.length; place++) {
    above = above * x + numerator[place]!;
    below = below * x + denominator[place]!;
  }
  return above / below;
}

/** exp(-scale x^2) with the square split in an exact and a small part, so that large |x| loses no digits. */
function expMinusSquare(x: number, scale: number): number {
  const exact = Math.trunc(x * EXACT_SQUARE_SCALE) / EXACT_SQUARE_SCALE;
  const rest = (x - exact) * (x + exact);
  return Math.exp(-scale * exact * exact) * Math.exp(-scale * rest);
}

function erfSmall(x: number): number {
  const square = x * x;
  return x * rational(ERF_NUMERATOR, ERF_DENOMINATOR, square);
}

/**
 * Scaled complementary error function exp(x^2) erfc(x), relative error about 1e-15 for x >= -4;
 * overflows to Infinity below about -26.
 */
export function erfcx(x: number): number {
  const size = Math.abs(x);
  if (size <= ERF_LIMIT) return Math.exp(x * x) * (1 - erfSmall(x));
  const value = erfcxPositive(size);
  return x > 0 ? value : 2 / expMinusSquare(size, 1) - value;
}

function erfcxPositive(x: number): number {
  if (x <= FAR_LIMIT) return rational(ERFCX_MID_NUMERATOR, ERFCX_MID_DENOMINATOR, x);
  if (x >= ASYMPTOTE_LIMIT) return INV_SQRT_PI / x;
  const inverseSquare = 1 / (x * x);
  const ratio = rational(ERFCX_FAR_NUMERATOR, ERFCX_FAR_DENOMINATOR, inverseSquare);
  return (INV_SQRT_PI - inverseSquare * ratio) / x;
}

/**
 * Standard normal distribution function, relative error about 1e-15 in both tails (to the underflow near -38).
 * @param x any number; NaN gives NaN
 */
export function normalCdf(x: number): number {
  const scaled = Math.abs(x) * SQRT_HALF;
  if (scaled <= ERF_LIMIT) return 0.5 + 0.5 * erfSmall(x * SQRT_HALF);
  if (scaled === Infinity) return x > 0 ? 1 : 0;
  const tail = 0.5 * expMinusSquare(Math.abs(x), 0.5) * erfcxPositive(scaled);
  return x > 0 ? 1 - tail : tail;
}

/** Standard normal density. */
export function normalPdf(x: number): number {
  return INV_SQRT_TWO_PI * expMinusSquare(x, 0.5);
}

/**
 * Standard normal quantile, relative error about 1e-15.
 * @param probability in the open interval (0, 1)
 * @throws CoreError `argument-out-of-domain`
 */
export function normalInverseCdf(probability: number): number {
  requireWithin("probability", probability, Number.MIN_VALUE, 1 - Number.EPSILON / 2);
  const centred = probability - 0.5;
  if (Math.abs(centred) <= QUANTILE_CENTRE_HALF_WIDTH) {
    const x = QUANTILE_CENTRE_CONSTANT - centred * centred;
    return centred * rational(QUANTILE_CENTRE_NUMERATOR, QUANTILE_CENTRE_DENOMINATOR, x);
  }
  const tail = Math.sqrt(-Math.log(centred < 0 ? probability : 1 - probability));
  const size =
    tail <= QUANTILE_TAIL_LIMIT
      ? rational(QUANTILE_TAIL_NUMERATOR, QUANTILE_TAIL_DENOMINATOR, tail - QUANTILE_TAIL_SHIFT)
      : rational(QUANTILE_FAR_NUMERATOR, QUANTILE_FAR_DENOMINATOR, tail - QUANTILE_TAIL_LIMIT);
  return centred < 0 ? -size : size;
}
