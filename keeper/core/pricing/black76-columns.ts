import { CoreError } from "../errors.ts";
import { VOL_POINT } from "../units.ts";
import { fastNormalCdf } from "./fast-normal.ts";
import { INV_SQRT_TWO_PI } from "./normal.ts";

/** Many options as columns of one length; units as in `OptionInputs`. Values are not checked: nonsense in gives NaN out. */
export interface OptionColumns {
  /** 1 for a call, -1 for a put. */
  readonly sign: Int8Array;
  readonly forward: Float64Array;
  readonly strike: Float64Array;
  readonly tauYears: Float64Array;
  readonly annualVol: Float64Array;
  readonly discount: Float64Array;
}

/** Results of `priceColumnsWithGreeks`, one number per option; units as in `OptionGreeks`. */
export interface GreekColumns {
  readonly price: Float64Array;
  readonly delta: Float64Array;
  readonly gamma: Float64Array;
  readonly vega: Float64Array;
}

/** Keeps the division by total vol defined; below it an option is worth its intrinsic value. */
const LEAST_TOTAL_VOL = 1e-150;

function requireLength(name: string, column: ArrayLike<number>, length: number): void {
  if (column.length !== length)
    throw new CoreError("series-misaligned", { name, length: column.length, expected: length });
}

function requireColumns(columns: OptionColumns): void {
  const { length } = columns.sign;
  for (const name of ["forward", "strike", "tauYears", "annualVol", "discount"] as const)
    requireLength(name, columns[name], length);
}

/**
 * Black-76 price of every option of the columns, for mass use: D w (F Phi(w d1) - K Phi(w d2)), w the sign. Absolute error
 * below 1e-13 of forward and strike; far out-of-the-money digits, which `black76Price` keeps, are lost.
 * @param prices filled with one price per option
 * @throws CoreError `series-misaligned` when a column is of another length
 */
export function priceColumns(columns: OptionColumns, prices: Float64Array): void {
  requireColumns(columns);
  const { sign, forward, strike, tauYears, annualVol, discount } = columns;
  requireLength("prices", prices, sign.length);
  for (let index = 0; index < prices.length; index++) {
    const w = sign[index]!;
    const [f, k] = [forward[index]!, strike[index]!];
    const totalVol = Math.max(LEAST_TOTAL_VOL, annualVol[index]! * Math.sqrt(tauYears[index]!));
    const d1 = w * (Math.log(f / k) / totalVol + 0.5 * totalVol);
    const value = f * fastNormalCdf(d1) - k * fastNormalCdf(d1 - w * totalVol);
    prices[index] = Math.max(0, w * value) * discount[index]!;
  }
}

/**
 * As `priceColumns`, with delta, gamma and vega of every option; gamma and vega are zero without total vol.
 * @param out columns to fill
 * @throws CoreError `series-misaligned` when a column is of another length
 */
export function priceColumnsWithGreeks(columns: OptionColumns, out: GreekColumns): void {
  requireColumns(columns);
  const { sign, forward, strike, tauYears, annualVol, discount } = columns;
  for (const name of ["price", "delta", "gamma", "vega"] as const)
    requireLength(name, out[name], sign.length);
  const { price, delta, gamma, vega } = out;
  for (let index = 0; index < sign.length; index++) {
    const w = sign[index]!;
    const [f, k, d] = [forward[index]!, strike[index]!, discount[index]!];
    const sqrtTau = Math.sqrt(tauYears[index]!);
    const totalVol = Math.max(LEAST_TOTAL_VOL, annualVol[index]! * sqrtTau);
    const d1 = w * (Math.log(f / k) / totalVol + 0.5 * totalVol);
    const probability = fastNormalCdf(d1);
    const density = totalVol > LEAST_TOTAL_VOL ? d * INV_SQRT_TWO_PI * Math.exp(-0.5 * d1 * d1) : 0;
    price[index] = Math.max(0, w * (f * probability - k * fastNormalCdf(d1 - w * totalVol))) * d;
    delta[index] = w * d * probability;
    gamma[index] = density / (f * totalVol);
    vega[index] = f * density * sqrtTau * VOL_POINT;
  }
}
