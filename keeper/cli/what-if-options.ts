import type { MarketChange } from "../core/margin/what-if.ts";
import { CommandError } from "./failure.ts";
import type { MarketNames } from "./instrument-name.ts";

const PERCENT = 100;

/** "BTC-27MAR26-90000-C:-2" as a name and a size. @throws CommandError `bad-trade` */
export function parseTrade(text: string): { readonly name: string; readonly size: number } {
  const { name, value } = splitPair(text, "bad-trade", "INSTRUMENT:SIZE, as in BTC-27MAR26-90000-C:-2");
  return { name, size: value };
}

/**
 * Moves of spot and vol such as "BTC:-10" (percent) as one change per market.
 * @throws CommandError `bad-move`
 */
export function parseMarketChanges(
  spot: readonly string[],
  vol: readonly string[],
  markets: MarketNames,
): readonly MarketChange[] {
  const changes = new Map<number, MarketChange>();
  const change = (text: string, apply: (before: MarketChange, share: number) => MarketChange): void => {
    const { name, value } = splitPair(text, "bad-move", "MARKET:PERCENT, as in BTC:-10");
    const id = Object.entries(markets).find(([, known]) => known.toUpperCase() === name.toUpperCase())?.[0];
    if (id === undefined || value <= -PERCENT) {
      throw new CommandError(
        "bad-move",
        `${text} moves no market`,
        `name one of ${Object.values(markets).join(", ")} and a move above -100 percent`,
      );
    }
    const market = Number(id);
    const before = changes.get(market) ?? { market, spotReturn: 0, volMultiple: 1 };
    changes.set(market, apply(before, value / PERCENT));
  };
  for (const text of spot) change(text, (before, share) => ({ ...before, spotReturn: share }));
  for (const text of vol) change(text, (before, share) => ({ ...before, volMultiple: 1 + share }));
  return [...changes.values()];
}

function splitPair(text: string, code: string, expected: string) {
  const cut = text.lastIndexOf(":");
  const value = Number(text.slice(cut + 1));
  if (cut < 1 || text.slice(cut + 1).trim() === "" || !Number.isFinite(value) || value === 0) {
    throw new CommandError(code, `${text} is not understood`, `write ${expected}`);
  }
  return { name: text.slice(0, cut), value };
}
