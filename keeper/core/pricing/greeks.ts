import { DAYS_PER_YEAR, VOL_POINT } from "../units.ts";
import { black76Greeks, type OptionGreeks, type OptionInputs } from "./black76.ts";
import { normalPdf } from "./normal.ts";
import { logForwardOverStrike } from "./normalised-black.ts";

/** One percentage point of annual rate. */
const RATE_POINT = 0.01;
/** Total vol under which an option has no time value a double can hold beside its forward. */
const NO_TIME_VALUE_TOTAL_VOL = 1e-150;

/**
 * Every Greek of one option, per unit of underlying, in the units of the house: money in USD, the forward moves by 1 USD,
 * vol by a vol point (0.01), the discount rate by a percentage point (0.01), time by a day of a 365-day year. To go back to
 * plain derivatives multiply by 100 for each vol point or percentage point and by 365 for each day.
 */
export interface AllGreeks extends OptionGreeks {
  /** Change of price per percentage point of the continuously compounded discount rate, forward unchanged. */
  readonly rho: number;
  /** Change of delta per vol point, and of vega (per vol point) per 1 USD of forward. */
  readonly vanna: number;
  /** Change of vega (per vol point) per vol point. */
  readonly volga: number;
  /** Change of delta as one day passes. */
  readonly charm: number;
  /** Change of vega (per vol point) as one day passes. */
  readonly veta: number;
  /** Change of gamma per 1 USD of forward. */
  readonly speed: number;
  /** Change of gamma per vol point. */
  readonly zomma: number;
  /** Change of gamma as one day passes. */
  readonly color: number;
}

/**
 * Black-76 price and all Greeks in closed form (Haug 2007, "The complete guide to option pricing formulas", chapter 2, with
 * cost of carry 0), forward held fixed in the time and rate Greeks. With n = D phi(d1), s = vol sqrt(T):
 * vanna = -n d2 / vol, volga = vega d1 d2 / vol, charm = r delta + n d2 / 2T, veta = vega (r - (1 + d1 d2) / 2T),
 * speed = -gamma (1 + d1 / s) / F, zomma = gamma (d1 d2 - 1) / vol, color = gamma (r + (1 - d1 d2) / 2T).
 * At zero total vol all of them but price, delta, theta, rho and charm are zero.
 * @throws CoreError `argument-out-of-domain`
 */
export function black76AllGreeks(option: OptionInputs): AllGreeks {
  const first = black76Greeks(option);
  const { forward, strike, tauYears, annualVol, discount } = option;
  const totalVol = annualVol * Math.sqrt(tauYears);
  const discountRate = tauYears > 0 ? -Math.log(discount) / tauYears : 0;
  const rho = -tauYears * first.price * RATE_POINT;
  const carriedDelta = discountRate * first.delta;
  if (totalVol < NO_TIME_VALUE_TOTAL_VOL) {
    const charm = carriedDelta / DAYS_PER_YEAR;
    return { ...first, rho, vanna: 0, volga: 0, charm, veta: 0, speed: 0, zomma: 0, color: 0 };
  }
  const standardised = logForwardOverStrike(forward, strike) / totalVol;
  const d1 = standardised + totalVol / 2;
  const d2 = standardised - totalVol / 2;
  const product = d1 * d2;
  const density = discount * normalPdf(d1);
  const twiceTau = 2 * tauYears;
  return {
    ...first,
    rho,
    vanna: ((-density * d2) / annualVol) * VOL_POINT,
    volga: ((first.vega * product) / annualVol) * VOL_POINT,
    charm: (carriedDelta + (density * d2) / twiceTau) / DAYS_PER_YEAR,
    veta: (first.vega * (discountRate - (1 + product) / twiceTau)) / DAYS_PER_YEAR,
    speed: (-first.gamma * (1 + d1 / totalVol)) / forward,
    zomma: ((first.gamma * (product - 1)) / annualVol) * VOL_POINT,
    color: (first.gamma * (discountRate + (1 - product) / twiceTau)) / DAYS_PER_YEAR,
  };
}
