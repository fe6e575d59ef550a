import { BPS } from "../units.ts";
import type { MarketBook } from "./market-book.ts";
import { unitValue } from "./option-value.ts";
import type { MarginParams, StressScenario } from "./types.ts";

/** The worst of governance's named scenarios for a group of markets. */
export interface StressLoss {
  readonly loss: number;
  /** Undefined when no scenario loses. */
  readonly name: string | undefined;
}

/** P&L of a market's book under one stress scenario, by full revaluation, before the scenario's weight. */
export function stressPnl(
  { state, legs, collateralQuantity }: MarketBook,
  scenario: StressScenario,
  spotReturn: number,
): number {
  let pnl = collateralQuantity * state.spot * spotReturn;
  for (const { kind, forward, strike, discount, tau, logMoneyness, impliedVol, size, mark } of legs) {
    const twist = scenario.linearTwistBps * logMoneyness + scenario.absoluteTwistBps * Math.abs(logMoneyness);
    const shockedVol = Math.max(scenario.volFloorBps, scenario.volMultipleBps * impliedVol + twist) / BPS;
    const shockedForward = forward * (1 + spotReturn);
    const { value } = unitValue(kind, shockedForward, strike, discount, shockedVol * Math.sqrt(tau));
    pnl += size * (value - mark);
  }
  return pnl;
}

/** Largest weighted loss of the markets together over every named scenario; the first of equals. */
export function stressLoss(books: readonly MarketBook[], params: MarginParams): StressLoss {
  const marketIndex = new Map(params.markets.map(({ market }, index) => [market, index]));
  let worst: StressLoss = { loss: 0, name: undefined };
  for (const scenario of params.stress) {
    const pnl = books.reduce((sum, book) => {
      const index = marketIndex.get(book.state.market);
      const returnBps = index === undefined ? 0 : (scenario.returnBps[index] ?? 0);
      return sum + stressPnl(book, scenario, returnBps / BPS);
    }, 0);
    const loss = (-pnl * scenario.weightBps) / BPS;
    if (loss > worst.loss) worst = { loss, name: scenario.name };
  }
  return worst;
}
