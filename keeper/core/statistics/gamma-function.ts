/** Lanczos' approximation (1964) with g = 7 and nine terms: relative error below 1e-14 for positive arguments. */
const LANCZOS_G = 7;
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];
/** Above this the asymptotic series of the digamma function holds to 1e-15. */
const DIGAMMA_ASYMPTOTIC = 10;

/** ln Gamma(x) for x > 0. */
export function lnGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const shifted = x - 1;
  let sum = LANCZOS[0]!;
  for (let term = 1; term < LANCZOS.length; term++) sum += LANCZOS[term]! / (shifted + term);
  const t = shifted + LANCZOS_G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Derivative of ln Gamma(x) for x > 0: recurrence up, then the asymptotic series (Abramowitz and Stegun 6.3.5, 6.3.18). */
export function digamma(x: number): number {
  let shifted = x;
  let sum = 0;
  for (; shifted < DIGAMMA_ASYMPTOTIC; shifted++) sum -= 1 / shifted;
  const inverseSquare = 1 / (shifted * shifted);
  const series =
    inverseSquare *
    (1 / 12 -
      inverseSquare *
        (1 / 120 - inverseSquare * (1 / 252 - inverseSquare * (1 / 240 - inverseSquare * (1 / 132)))));
  return sum + Math.log(shifted) - 1 / (2 * shifted) - series;
}
