import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { cheapestHedge, type HedgeSettings } from "../../../../keeper/core/margin/cheapest-hedge.ts";
import { assess, type MarginContext } from "../../../../keeper/core/margin/margin.ts";
import type { Book, BookPosition } from "../../../../keeper/core/margin/types.ts";
import { tradeAtMark, whatIf } from "../../../../keeper/core/margin/what-if.ts";
import { totalVariance } from "../../../../keeper/core/report/market-state.ts";
import { SECONDS_PER_DAY } from "../../../../keeper/core/units.ts";
import { moveContext } from "../../../../keeper/core/margin/what-if.ts";
import { randomWorld } from "../../../support/random-margin-cases.ts";

const world = randomWorld(8).context;
const context: MarginContext = { ...world, now: world.report.observedAt };
const [state] = context.report.markets;
if (state === undefined) throw new Error("the world has markets");
const [expiry = 0, later = 0] = [state.smiles[4]?.expiry, state.smiles[6]?.expiry];
const round = (price: number): number => Math.round(price / 10) * 10;
const leg = (kind: BookPosition["kind"], ratio: number, size: number, at = expiry): BookPosition => ({
  market: state.market,
  expiry: at,
  kind,
  strike: kind === "future" ? 0 : round(state.spot * ratio),
  size,
});
const shortCalls: Book = { cash: 6_000, positions: [leg("call", 1.05, -10)], collateral: [] };
const NOTHING = { trades: [], changes: [], seconds: 0 };

describe("whatIf", () => {
  it("changes nothing where nothing is asked", () => {
    const { before, after } = whatIf(shortCalls, context, NOTHING);
    expect(after).to.deep.equal(before);
    expect(before).to.deep.equal(assess(shortCalls, context));
  });

  it("trades at the mark: equity stays, an opposite leg closes the position", () => {
    const bought = whatIf(shortCalls, context, { ...NOTHING, trades: [leg("put", 0.9, 7)] });
    expect(bought.after.equity).to.be.closeTo(bought.before.equity, 1e-6);
    expect(tradeAtMark(shortCalls, [leg("call", 1.05, 10)], context).positions).to.deep.equal([]);
    const closed = whatIf(shortCalls, context, { ...NOTHING, trades: [leg("call", 1.05, 10)] });
    expect(closed.after.initial).to.equal(0);
    expect(closed.after.equity).to.be.closeTo(closed.before.equity, 1e-6);
    const hedged = whatIf(shortCalls, context, { ...NOTHING, trades: [leg("call", 1.1, 10)] });
    expect(hedged.after.initial).to.be.below(hedged.before.initial);
  });

  it("moves spot with its forwards and scales implied vols", () => {
    const moved = moveContext(context, {
      changes: [{ market: state.market, spotReturn: -0.1, volMultiple: 1.5 }],
      seconds: 0,
    });
    const [down, other] = moved.report.markets;
    expect(down?.spot).to.be.closeTo(0.9 * state.spot, 1e-9);
    expect(other).to.deep.equal(context.report.markets[1]);
    for (const [place, { slice }] of state.smiles.entries()) {
      const then = down?.smiles[place]?.slice ?? slice;
      expect(Math.sqrt(totalVariance(then, 0.1) / totalVariance(slice, 0.1))).to.be.closeTo(1.5, 1e-12);
    }
  });

  it("lets time pass at unchanged implied vols, and expiries with it", () => {
    const days = (expiry - context.now) / SECONDS_PER_DAY;
    const seconds = (days / 2) * SECONDS_PER_DAY;
    const { before, after } = whatIf(shortCalls, context, { ...NOTHING, seconds });
    expect(after.markToMarket).to.be.above(before.markToMarket);
    expect(after.staleness).to.equal(0);
    const aged = moveContext(context, { changes: [], seconds }).report.markets[0]?.smiles.find(
      (s) => s.expiry === expiry,
    );
    const was = state.smiles[4];
    if (aged === undefined || was === undefined) throw new Error("the smile outlives half its time");
    expect(totalVariance(aged.slice, 0) / totalVariance(was.slice, 0)).to.be.closeTo(0.5, 1e-12);
    const expired = moveContext(context, { changes: [], seconds: 2 * seconds });
    expect(expired.report.markets[0]?.smiles.some((smile) => smile.expiry === expiry)).to.equal(false);
  });

  it("refuses a market without a report and moves that no market makes", () => {
    const bad = [
      { ...NOTHING, trades: [{ ...leg("call", 1, 1), market: 9 }] },
      { ...NOTHING, changes: [{ market: state.market, spotReturn: -1, volMultiple: 1 }] },
      { ...NOTHING, changes: [{ market: state.market, spotReturn: 0, volMultiple: 0 }] },
      { ...NOTHING, seconds: -1 },
    ];
    for (const question of bad)
      expect(() => whatIf(shortCalls, context, question))
        .to.throw(CoreError)
        .with.property("code", "argument-out-of-domain");
  });
});

describe("cheapestHedge", () => {
  const instruments = [
    leg("call", 1.05, 0),
    leg("call", 1.2, 0),
    leg("call", 1.1, 0, later),
    leg("put", 0.9, 0),
    leg("future", 0, 0),
  ];
  const settings: HedgeSettings = {
    shortfall: ({ equity, initial }) => initial - equity,
    costs: { notionalShare: 0.0005, premiumShare: 0.02 },
    lot: 0.1,
    maxSize: 50,
  };
  const poor: Book = { ...shortCalls, cash: 0 };
  const need = assess(poor, context);
  const book: Book = { ...poor, cash: 0.7 * need.initial - need.equity };

  it("makes up the shortfall in whole lots, at no less than its bound", () => {
    const { hedge, leastCost } = cheapestHedge(book, context, instruments, settings);
    if (hedge === undefined) throw new Error("there is a hedge");
    expect(hedge.margin.equity).to.be.at.least(hedge.margin.initial - 0.01);
    expect(hedge.cost).to.be.at.least(leastCost * (1 - 1e-9));
    expect(hedge.trades.length).to.be.within(1, 2);
    for (const { size } of hedge.trades) expect(size / 0.1).to.be.closeTo(Math.round(size / 0.1), 1e-9);
  });

  it("is as cheap as a search of every size of every instrument and of coarse pairs", () => {
    const { hedge } = cheapestHedge(book, context, instruments, settings);
    const affordable = (trades: readonly BookPosition[]): number => {
      const cost = trades.reduce((sum, trade) => {
        const { markToMarket } = assess(
          { cash: 0, positions: [{ ...trade, size: 1 }], collateral: [] },
          context,
        );
        const premium = trade.kind === "future" ? 0 : markToMarket;
        return sum + Math.abs(trade.size) * (0.0005 * state.spot + 0.02 * premium);
      }, 0);
      const traded = tradeAtMark(book, trades, context);
      const { equity, initial } = assess({ ...traded, cash: traded.cash - cost }, context);
      return initial <= equity ? cost : Infinity;
    };
    let least = Infinity;
    const sizes = Array.from({ length: 241 }, (_, step) => (step - 120) / 10);
    for (const one of instruments) {
      for (const size of sizes)
        least = Math.min(least, size === 0 ? Infinity : affordable([{ ...one, size }]));
      for (const other of instruments.slice(instruments.indexOf(one) + 1))
        for (const size of [-6, -4, -2, -1, 1, 2, 4, 6])
          for (const more of [-6, -4, -2, -1, 1, 2, 4, 6])
            least = Math.min(
              least,
              affordable([
                { ...one, size },
                { ...other, size: more },
              ]),
            );
    }
    expect(hedge?.cost).to.be.at.most(least * 1.0001);
  });

  it("asks for nothing where nothing is lacking, and says so where nothing helps", () => {
    const rich = cheapestHedge({ ...book, cash: 1e7 }, context, instruments, settings);
    expect(rich).to.deep.include({ leastCost: 0 });
    expect(rich.hedge?.trades).to.deep.equal([]);
    expect(cheapestHedge(book, context, [], settings)).to.deep.equal({
      hedge: undefined,
      leastCost: Infinity,
    });
    const never = { ...settings, shortfall: () => 1 };
    expect(cheapestHedge(book, context, instruments, never).hedge).to.equal(undefined);
  });
});
