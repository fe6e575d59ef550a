import { erfcx, INV_SQRT_TWO_PI, normalCdf } from "./normal.ts";

const SQRT_HALF = 0.7071067811865476;
const SQRT_HALF_PI = 1.2533141373155003;
/** Below this half total vol the value is a Taylor series in it, because the difference of two cdfs would cancel. */
const SMALL_HALF_VOL = 0.21;
/** The series needs the log-moneyness itself to be small: its terms grow with (moneyness / 2)^2. */
const SMALL_LOG_MONEYNESS = 2;
/** Odd Taylor terms beyond the first: t^15 / 15! is below 1e-16 of the first within the limits above. */
const SERIES_TERMS = 8;

/** 1 / (2 n (2 n + 1)) for n from 0. */
const SERIES_FACTORS = Float64Array.from({ length: SERIES_TERMS }, (_, term) =>
  term === 0 ? 1 : 1 / (2 * term * (2 * term + 1)),
);

/** Mills-type ratio Phi(x) / phi(x), for x not far above zero. */
function cdfOverPdf(x: number): number {
  return SQRT_HALF_PI * erfcx(-x * SQRT_HALF);
}

/** Derivative of the normalised value to total vol s: exp(-(h^2 + t^2) / 2) / sqrt(2 pi), h = x / s, t = s / 2. */
export function normalisedVega(logMoneyness: number, totalVol: number): number {
  const h = logMoneyness / totalVol;
  const t = totalVol / 2;
  return INV_SQRT_TWO_PI * Math.exp(-0.5 * (h * h + t * t));
}

function isInSeriesDomain(logMoneyness: number, t: number): boolean {
  return t < SMALL_HALF_VOL && logMoneyness > -SMALL_LOG_MONEYNESS;
}

/**
 * (Phi/phi)(h + t) - (Phi/phi)(h - t) by its odd Taylor series in t. With Y = Phi/phi the derivatives obey
 * Y' = 1 + h Y and Y^(n+1) = h Y^(n) + n Y^(n-1).
 */
function ratioDifferenceSeries(h: number, t: number): number {
  let previous = cdfOverPdf(h);
  let current = 1 + h * previous;
  const square = t * t;
  let scale = t;
  let sum = current * t;
  for (let term = 1; term < SERIES_TERMS; term++) {
    const even = h * current + (2 * term - 1) * previous;
    const odd = h * even + 2 * term * current;
    previous = even;
    current = odd;
    scale *= square * SERIES_FACTORS[term]!;
    sum += odd * scale;
  }
  return Math.max(0, 2 * sum);
}

/**
 * Out-of-the-money Black value divided by sqrt(F K) and the discount,
 * b(x, s) = exp(x/2) Phi(h + t) - exp(-x/2) Phi(h - t), h = x / s, t = s / 2 (Jaeckel 2015, "Let's be rational", eq. 2.1),
 * over its vega. Since exp(x/2) phi(h + t) = exp(-x/2) phi(h - t) = vega, this is Y(h + t) - Y(h - t) with Y = Phi/phi.
 * Relative accuracy is such that the volatility it implies is good to a few units in the last place.
 * @param logMoneyness x = -|ln(F / K)|, at most 0
 * @param totalVol s = annual vol times sqrt(years), above 0
 */
export function normalisedBlackOverVega(logMoneyness: number, totalVol: number): number {
  const h = logMoneyness / totalVol;
  const t = totalVol / 2;
  if (isInSeriesDomain(logMoneyness, t)) return ratioDifferenceSeries(h, t);
  return cdfOverPdf(h + t) - cdfOverPdf(h - t);
}

/** The value b(x, s) itself; above h + t = 0 from the two cdfs, which neither overflow nor cancel there. */
export function normalisedBlack(logMoneyness: number, totalVol: number): number {
  const h = logMoneyness / totalVol;
  const t = totalVol / 2;
  if (h + t > 0 && !isInSeriesDomain(logMoneyness, t)) {
    return Math.exp(logMoneyness / 2) * normalCdf(h + t) - Math.exp(-logMoneyness / 2) * normalCdf(h - t);
  }
  return normalisedVega(logMoneyness, totalVol) * normalisedBlackOverVega(logMoneyness, totalVol);
}

/**
 * What the normalised value lacks to its upper limit, over its vega: exp(x/2) - b(x, s) = vega (Y(-h-t) + Y(h-t)),
 * without cancellation near the limit. Same arguments as `normalisedBlackOverVega`.
 */
export function normalisedShortfallOverVega(logMoneyness: number, totalVol: number): number {
  const h = logMoneyness / totalVol;
  const t = totalVol / 2;
  return cdfOverPdf(-h - t) + cdfOverPdf(h - t);
}

/** ln(forward / strike) without loss of digits when the two are close. */
export function logForwardOverStrike(forward: number, strike: number): number {
  const relative = (forward - strike) / strike;
  return Math.abs(relative) < 0.25 ? Math.log1p(relative) : Math.log(forward / strike);
}
