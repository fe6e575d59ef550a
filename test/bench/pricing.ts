// Options priced in bulk, beside a scalar loop over the same columns in the same run.
import {
  priceColumns,
  priceColumnsWithGreeks,
  type GreekColumns,
  type OptionColumns,
} from "../../keeper/core/pricing/black76-columns.ts";
import { black76Price } from "../../keeper/core/pricing/black76.ts";
import { randomSource } from "../support/random-source.ts";

/** A chunk that stays in the cache, as the numpy script's. */
const OPTIONS = 65_536;
const FORWARD = 60_000;
const RATE = 0.03;
const SEED = 7;

/** The options of the numpy script: strikes within 0.6 of the forward in log, 1 day to a year, vol 20 % to 150 %. */
export function randomColumns(): OptionColumns {
  const random = randomSource(SEED);
  const fill = (next: () => number): Float64Array => Float64Array.from({ length: OPTIONS }, next);
  const tauYears = fill(() => random.uniform(1 / 365, 1));
  return {
    sign: Int8Array.from({ length: OPTIONS }, () => (random.chance(0.5) ? 1 : -1)),
    forward: fill(() => FORWARD),
    strike: fill(() => FORWARD * Math.exp(random.uniform(-0.6, 0.6))),
    tauYears,
    annualVol: fill(() => random.uniform(0.2, 1.5)),
    discount: tauYears.map((years) => Math.exp(-RATE * years)),
  };
}

function priceOneByOne(columns: OptionColumns, prices: Float64Array): void {
  const { sign, forward, strike, tauYears, annualVol, discount } = columns;
  for (let index = 0; index < prices.length; index++) {
    prices[index] = black76Price({
      kind: sign[index]! > 0 ? "call" : "put",
      forward: forward[index]!,
      strike: strike[index]!,
      tauYears: tauYears[index]!,
      annualVol: annualVol[index]!,
      discount: discount[index]!,
    });
  }
}

/** One way to price the columns. */
interface PricingCase {
  readonly name: string;
  readonly operations: number;
  readonly run: () => void;
}

/** The scalar loop first, then what is compared with it. */
export function pricingCases(): readonly [PricingCase, ...PricingCase[]] {
  const columns = randomColumns();
  const prices = new Float64Array(OPTIONS);
  const greeks: GreekColumns = {
    price: new Float64Array(OPTIONS),
    delta: new Float64Array(OPTIONS),
    gamma: new Float64Array(OPTIONS),
    vega: new Float64Array(OPTIONS),
  };
  return [
    {
      name: "option price, scalar loop",
      operations: OPTIONS,
      run: () => {
        priceOneByOne(columns, prices);
      },
    },
    {
      name: "option price, columns",
      operations: OPTIONS,
      run: () => {
        priceColumns(columns, prices);
      },
    },
    {
      name: "price, delta, gamma, vega, columns",
      operations: OPTIONS,
      run: () => {
        priceColumnsWithGreeks(columns, greeks);
      },
    },
  ];
}
