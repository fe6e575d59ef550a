import { requireWithin } from "../errors.ts";
import { normalCdf, normalInverseCdf, normalPdf } from "../pricing/normal.ts";
import type { ParametricTail } from "./parametric.ts";
import { quadraticMoments, type CanonicalPnl } from "./quadratic-form.ts";

// Cumulant generating function of the P&L: K(s) = level s + sum of [slope^2 s^2 / (1 - curvature s) - ln(1 - curvature s)] / 2.

interface Cumulant {
  readonly value: number;
  readonly first: number;
  readonly second: number;
}

const MIN_CONFIDENCE = 0.5;
const MAX_CONFIDENCE = 1 - 1e-9;
const SEARCH_STEPS = 200;
const RELATIVE_TOLERANCE = 1e-13;
/** Nodes of the contour on one side and the value of the parameter at its end, in units of the saddlepoint's width. */
const NODES = 800;
const CONTOUR_END = 12;
/** Nodes of Simpson's rule down the tail, and its end on the logarithmic scale. */
const TAIL_NODES = 100;
const TAIL_END = 5;
/** How far the contour bends along the real axis for each step along the imaginary one. */
const BEND = 0.5;

function cumulant({ level, terms }: CanonicalPnl, s: number): Cumulant {
  let value = level * s;
  let first = level;
  let second = 0;
  for (const { slope, curvature } of terms) {
    const room = 1 - curvature * s;
    const square = slope * slope;
    value += ((square * s * s) / room - Math.log(room)) / 2;
    first += (square * s * (1 - (curvature * s) / 2)) / (room * room) + curvature / (2 * room);
    second += square / room ** 3 + (curvature * curvature) / (2 * room * room);
  }
  return { value, first, second };
}

/** Saddlepoints of the lower tail lie between it (a pole, or minus infinity) and zero. */
function lowestSaddle({ terms }: CanonicalPnl): number {
  const least = Math.min(0, ...terms.map(({ curvature }) => curvature));
  return least < 0 ? 1 / least : -Infinity;
}

/** Value at a share of the way from zero (0) to the lowest saddlepoint (1). */
function saddleAt(lowest: number, deviation: number, share: number): number {
  if (lowest === -Infinity) return -share / (1 - share) / deviation;
  return lowest * share;
}

/** Share at which a decreasing function crosses zero, by bisection. */
function crossing(decreasing: (share: number) => number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < SEARCH_STEPS && high - low > RELATIVE_TOLERANCE * low; step++) {
    const middle = (low + high) / 2;
    if (decreasing(middle) > 0) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Probability of a P&L at most x = K'(saddle) and its expected excess below, E[(x - P&L)+]. */
interface LowerTail {
  readonly probability: number;
  readonly excess: number;
}

type TailAt = (pnl: CanonicalPnl, saddle: number) => LowerTail;

/** Probability by Lugannani and Rice (1980); its integral over x, by Simpson's rule down the tail, is the excess. */
const saddlepointTail: TailAt = (pnl, saddle) => {
  const reach = lowestSaddle(pnl);
  let excess = 0;
  for (let node = 0; node <= TAIL_NODES; node++) {
    // Saddlepoints on the way to the lowest, the room to it (or the saddlepoint itself) on a logarithmic scale.
    const growth = Math.exp((TAIL_END * node) / TAIL_NODES);
    const s = reach === -Infinity ? saddle * growth : reach + (saddle - reach) / growth;
    const pace = reach === -Infinity ? -s : s - reach;
    const weight = node === 0 || node === TAIL_NODES ? 1 : node % 2 === 1 ? 4 : 2;
    excess += weight * lugannaniRice(pnl, s) * cumulant(pnl, s).second * pace;
  }
  return {
    probability: lugannaniRice(pnl, saddle),
    excess: (excess * TAIL_END) / (3 * TAIL_NODES),
  };
};

function lugannaniRice(pnl: CanonicalPnl, saddle: number): number {
  const { value, first, second } = cumulant(pnl, saddle);
  const w = -Math.sqrt(Math.max(0, 2 * (saddle * first - value)));
  const u = saddle * Math.sqrt(second);
  return normalCdf(w) + normalPdf(w) * (1 / w - 1 / u);
}

/**
 * Inversion of the moment generating function along a contour through the saddlepoint (Rice 1980): the integrals of
 * exp(K(s) - s x) / (-s) and / s^2 over 2 pi i. The contour bends to the side on which the integrand falls off, around the branch
 * cut of the curvatures of that side, so that even one factor of pure gamma converges fast.
 */
const exactTail: TailAt = (pnl, saddle) => {
  const { first: x, second } = cumulant(pnl, saddle);
  const width = 1 / Math.sqrt(second);
  const reach = lowestSaddle(pnl);
  const scale = Math.min(width, 4 * Math.min(-saddle, reach === -Infinity ? Infinity : saddle - reach));
  const drift = pnl.terms.reduce(
    (sum, { slope, curvature }) => (curvature === 0 ? sum : sum - (slope * slope) / (2 * curvature)),
    pnl.level - x,
  );
  const bend = BEND * (drift > 0 ? -1 : 1);
  const step = CONTOUR_END / NODES;
  let probability = 0;
  let excess = 0;
  for (let node = 0; node <= NODES; node++) {
    // s = saddle + scale (bend (cosh p - 1) + i sinh p), p from 0: even in the real part, odd in the imaginary one.
    const p = node * step;
    const [sinh, cosh] = [Math.sinh(p), Math.cosh(p)];
    const re = saddle + scale * bend * (cosh - 1);
    const im = scale * sinh;
    const [logSize, angle] = complexExponent(pnl, re, im, x);
    const size = Math.exp(logSize) * (node === 0 ? 0.5 : 1);
    if (size === 0) break;
    const [slopeRe, slopeIm] = [scale * bend * sinh, scale * cosh];
    const [gRe, gIm] = multiply(size * Math.cos(angle), size * Math.sin(angle), slopeRe, slopeIm);
    const norm = re * re + im * im;
    const [overRe, overIm] = multiply(gRe, gIm, re / norm, -im / norm);
    probability -= overIm;
    excess += multiply(overRe, overIm, re / norm, -im / norm)[1];
  }
  return { probability: (probability * step) / Math.PI, excess: (excess * step) / Math.PI };
};

function multiply(aRe: number, aIm: number, bRe: number, bIm: number): readonly [number, number] {
  return [aRe * bRe - aIm * bIm, aRe * bIm + aIm * bRe];
}

/** Real and imaginary part of K(s) - s x at s = re + i im. */
function complexExponent(
  { level, terms }: CanonicalPnl,
  re: number,
  im: number,
  x: number,
): readonly [number, number] {
  let real = (level - x) * re;
  let imaginary = (level - x) * im;
  const [squareRe, squareIm] = multiply(re, im, re, im);
  for (const { slope, curvature } of terms) {
    const [roomRe, roomIm] = [1 - curvature * re, -curvature * im];
    const norm = roomRe * roomRe + roomIm * roomIm;
    const [quotientRe, quotientIm] = multiply(squareRe, squareIm, roomRe / norm, -roomIm / norm);
    real += (slope * slope * quotientRe) / 2 - Math.log(norm) / 4;
    imaginary += (slope * slope * quotientIm) / 2 - Math.atan2(roomIm, roomRe) / 2;
  }
  return [real, imaginary];
}

function tailBy(tailAt: TailAt, pnl: CanonicalPnl, confidence: number): ParametricTail {
  requireWithin("confidence", confidence, MIN_CONFIDENCE, MAX_CONFIDENCE);
  const { mean, variance } = quadraticMoments(pnl);
  if (variance === 0) return { valueAtRisk: -mean, expectedShortfall: -mean };
  const lowest = lowestSaddle(pnl);
  const at = (share: number): number => saddleAt(lowest, Math.sqrt(variance), share);
  const share = crossing((candidate) => tailAt(pnl, at(candidate)).probability - (1 - confidence));
  const saddle = at(share);
  const { probability, excess } = tailAt(pnl, saddle);
  const quantile = cumulant(pnl, saddle).first;
  return { valueAtRisk: -quantile, expectedShortfall: -quantile + excess / probability };
}

/**
 * Exact tail of a delta-gamma(-vega) P&L under normal factors, by inversion of its moment generating function.
 * @param confidence 0.5 to below 1, as a fraction; the quantile has to lie below the mean
 * @throws CoreError `argument-out-of-domain`
 */
export function deltaGammaTail(pnl: CanonicalPnl, confidence: number): ParametricTail {
  return tailBy(exactTail, pnl, confidence);
}

/** The same by the saddlepoint approximation: within 1.5 % of the exact VaR on the reference books. Same errors. */
export function saddlepointVarTail(pnl: CanonicalPnl, confidence: number): ParametricTail {
  return tailBy(saddlepointTail, pnl, confidence);
}

/**
 * Value at risk by Cornish and Fisher (1938) from four moments. For comparison only: it is not monotone in confidence and can have
 * the wrong sign for books with much gamma.
 */
export function cornishFisherValueAtRisk(pnl: CanonicalPnl, confidence: number): number {
  const { mean, variance, skew, excessKurtosis } = quadraticMoments(pnl);
  const z = normalInverseCdf(1 - confidence);
  const adjusted =
    z +
    ((z * z - 1) * skew) / 6 +
    ((z ** 3 - 3 * z) * excessKurtosis) / 24 -
    ((2 * z ** 3 - 5 * z) * skew * skew) / 36;
  return -mean - Math.sqrt(variance) * adjusted;
}
