import { normalCdf } from "../../../keeper/core/pricing/normal.ts";
import { DAYS_PER_YEAR } from "../../../keeper/core/units.ts";
import type { Market } from "../../../keeper/ports/market-data.ts";
import { INDEX_TENOR_YEARS } from "./daily-panel.ts";

const DAY_YEARS = 1 / DAYS_PER_YEAR;

/** A portfolio: dollars of notional of spot BTC, a BTC straddle, spot ETH and an ETH straddle, its four factors. */
export interface Portfolio {
  readonly name: string;
  readonly weights: readonly [number, number, number, number];
}

/** Long and short, straddles bought and sold, and pairs across the two markets; chosen before any result was seen. */
export const PORTFOLIOS: readonly Portfolio[] = [
  { name: "long BTC", weights: [1, 0, 0, 0] },
  { name: "short BTC", weights: [-1, 0, 0, 0] },
  { name: "long ETH", weights: [0, 0, 1, 0] },
  { name: "short ETH", weights: [0, 0, -1, 0] },
  { name: "BTC straddle bought", weights: [0, 1, 0, 0] },
  { name: "BTC straddle sold", weights: [0, -1, 0, 0] },
  { name: "ETH straddle bought", weights: [0, 0, 0, 1] },
  { name: "ETH straddle sold", weights: [0, 0, 0, -1] },
  { name: "long BTC and ETH", weights: [1, 0, 1, 0] },
  { name: "short BTC and ETH", weights: [-1, 0, -1, 0] },
  { name: "long BTC, short ETH", weights: [1, 0, -1, 0] },
  { name: "short BTC, long ETH", weights: [-1, 0, 1, 0] },
  { name: "both straddles sold", weights: [0, -1, 0, -1] },
  { name: "both straddles bought", weights: [0, 1, 0, 1] },
  { name: "BTC straddle sold, ETH's bought", weights: [0, -1, 0, 1] },
  { name: "long BTC, ETH straddle sold", weights: [1, 0, 0, -1] },
];

/** One day's moves of a market. */
export interface MarketMove {
  readonly logReturn: number;
  /** Log change of 30-day implied vol. */
  readonly volChange: number;
}

export type JointMove = Readonly<Record<Market, MarketMove>>;

/**
 * P&L over a day of an at-the-money straddle of 30 days on one dollar of spot, opened at implied vol `vol`: spot and vol move and a day
 * passes (Black 1976, no rates).
 */
export function straddlePnl(vol: number, { logReturn, volChange }: MarketMove): number {
  const open = straddleValue(0, vol * Math.sqrt(INDEX_TENOR_YEARS));
  return (
    straddleValue(logReturn, vol * Math.exp(volChange) * Math.sqrt(INDEX_TENOR_YEARS - DAY_YEARS)) - open
  );
}

/** Value of a straddle struck at one dollar with the forward at e^r. */
function straddleValue(logReturn: number, totalVol: number): number {
  const forward = Math.exp(logReturn);
  const d1 = logReturn / totalVol + totalVol / 2;
  const call = forward * normalCdf(d1) - normalCdf(d1 - totalVol);
  return 2 * call - (forward - 1);
}

/** P&L of the four factors under a joint move. */
export function factorPnl(move: JointMove, vols: Readonly<Record<Market, number>>): readonly number[] {
  return [
    Math.expm1(move.BTC.logReturn),
    straddlePnl(vols.BTC, move.BTC),
    Math.expm1(move.ETH.logReturn),
    straddlePnl(vols.ETH, move.ETH),
  ];
}

/** P&L of a portfolio from those of its factors. */
export function portfolioPnl({ weights }: Portfolio, factors: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * factors[index]!, 0);
}
