import { expect } from "chai";
import { fileURLToPath } from "node:url";
import { assessAs } from "../../../keeper/core/margin/margin.ts";
import { equalWeights, tailRisk } from "../../../keeper/core/risk/tail.ts";
import { seededRandom } from "../../../keeper/core/statistics/seeded-random.ts";
import {
  advanceAuction,
  auctionPrice,
  openAuction,
  ownerCost,
} from "../../../scripts/backtest/protocol/auction.ts";
import { drawBooks, expiriesAfter, positionsOf } from "../../../scripts/backtest/protocol/books.ts";
import { loadCrashBars } from "../../../scripts/backtest/protocol/crash-bars.ts";
import { CRASHES } from "../../../scripts/backtest/protocol/episodes.ts";
import {
  marketModel,
  scenarioSetBefore,
  type Posts,
} from "../../../scripts/backtest/protocol/market-model.ts";
import { MARGIN_PARAMS } from "../../../scripts/backtest/protocol/parameters.ts";
import { pathOf, reportPoints } from "../../../scripts/backtest/protocol/price-path.ts";
import { simulate, type EpisodeMeasures } from "../../../scripts/backtest/protocol/simulate.ts";
import { bookMeasurer, listingOf } from "../../../scripts/backtest/protocol/unit-margins.ts";
import { weightedTail } from "../../../scripts/backtest/protocol/weighted-tail.ts";
import { readDailyPanel } from "../../../scripts/backtest/statistical/daily-panel.ts";

const DATA = fileURLToPath(new URL("../../../data", import.meta.url));
const CONFIDENCES = { varConfidenceBps: 9_900, esConfidenceBps: 9_750 };

describe("auction of the protocol backtest", () => {
  it("prices a slice as the contract's schedule does", () => {
    // 1 % at the call, 25 % after 15 minutes, 0.9 of the lowest health after 45; never above 0.9 of the lowest health.
    expect(ownerCost(0, 1)).to.equal(0.01);
    expect(ownerCost(450, 1)).to.be.closeTo(0.13, 1e-15);
    expect(ownerCost(900, 1)).to.equal(0.25);
    expect(ownerCost(1_800, 1)).to.be.closeTo((0.25 + 0.9) / 2, 1e-15);
    expect(ownerCost(9_000, 1)).to.equal(0.9);
    expect(ownerCost(9_000, 0.2)).to.be.closeTo(0.18, 1e-15);
  });

  it("offers the share that lands on target health", () => {
    const auction = openAuction(0);
    advanceAuction(auction, 80, 100, 0);
    const { maxShare, ownerCost: cost, penalty, subsidy } = auctionPrice(auction, 0.8, 1e6, 900);
    expect(cost).to.equal(0.25);
    expect([penalty, subsidy]).to.deep.equal([0.005, 0]);
    expect((80 - cost * maxShare * 100) / (100 - maxShare * 100)).to.be.closeTo(1.25, 1e-12);
    expect(auctionPrice(auction, 0.8, 600, 900).maxShare).to.equal(1);
  });

  it("pays bidders from the fund once equity is gone, all of it after an hour", () => {
    const auction = openAuction(0);
    advanceAuction(auction, -5, 100, 60);
    expect(auction.insolventSince).to.equal(60);
    expect(auctionPrice(auction, 0, 1e6, 60 + 1_800)).to.deep.include({
      ownerCost: 0,
      subsidy: 0.5,
      penalty: 0,
    });
    expect(auctionPrice(auction, 0, 1e6, 60 + 7_200).subsidy).to.equal(1);
    advanceAuction(auction, 50, 100, 4_000);
    expect(auction.insolventSince).to.equal(undefined);
  });
});

describe("weightedTail", () => {
  it("is the larger of value at risk and expected shortfall of the house's convention", () => {
    const random = seededRandom(5);
    for (let round = 0; round < 50; round++) {
      // Rounded, so that some are equal: then the earlier counts first.
      const pnl = Float64Array.from({ length: 256 }, () => Math.round(10 * random.normal()));
      const weights = Array.from(equalWeights(256), () => 1 + random.index(40));
      const totalWeight = weights.reduce((sum, weight) => sum + weight, 0);
      const expected = Math.max(
        tailRisk(pnl, weights, CONFIDENCES.varConfidenceBps).valueAtRisk,
        tailRisk(pnl, weights, CONFIDENCES.esConfidenceBps).expectedShortfall,
      );
      expect(weightedTail(pnl, { weights, totalWeight }, CONFIDENCES)).to.be.closeTo(expected, 1e-12);
    }
  });
});

describe("protocol backtest on the project's data", () => {
  const panel = readDailyPanel(DATA);
  const crash = CRASHES.find(({ id }) => id === "ftx")!;
  const bars = loadCrashBars(DATA).filter(
    ({ endSeconds }) => endSeconds > crash.startSeconds && endSeconds <= crash.endSeconds,
  );
  const reports = reportPoints(pathOf(bars));
  const expiries = expiriesAfter(crash.endSeconds);

  it("gives every book the twin's margin under every model", () => {
    const model = marketModel(panel, crash.startSeconds, expiries, undefined);
    const set = scenarioSetBefore(panel, crash.startSeconds);
    const books = drawBooks().map((book) => positionsOf(book, reports[0]!.spots, expiries));
    const point = reports[400]!;
    const { posted } = model.stateAt(point);
    const measured = bookMeasurer(listingOf(books), set)(posted, point.seconds);
    // Depth enters the twin's concentration charge alone; without limit there is none.
    const states = posted.map((state) => ({ ...state, depthUsd: 1e15 }));
    const report = { observedAt: point.seconds, peg: 1, markets: states };
    const context = { report, params: MARGIN_PARAMS, scenarios: set, now: point.seconds };
    for (const [index, positions] of books.entries()) {
      for (const name of ["static", "tail", "stress", "default"] as const) {
        const twin = assessAs({ cash: 0, positions, collateral: [] }, context, name);
        const own = measured[index]!;
        // Scenarios of the same return but other weights are equal for a future in the twin and differ by a rounding here, in either
        // order: that moves an expected shortfall in the fourth digit.
        const tolerance =
          name === "static" || name === "stress" ? 1e-9 * twin.grossNotional : 5e-4 * twin.maintenance;
        expect(own.maintenance[name], `book ${index} ${name}`).to.be.closeTo(twin.maintenance, tolerance);
        expect(own.value).to.be.closeTo(twin.markToMarket, 1e-9 * twin.grossNotional);
        expect(own.grossUsd).to.be.closeTo(twin.grossNotional, 1e-9 * twin.grossNotional);
      }
    }
  });

  it("walks a bar to its nearer extreme first and reports on moves and after the heartbeat", () => {
    const bar = { open: 100, high: 101, low: 90, close: 95 };
    const up = { open: 10, high: 20, low: 9.5, close: 12 };
    const path = pathOf([{ endSeconds: 3_600, seconds: 3_600, bars: [bar, up], indexVols: [null, 0.5] }]);
    expect(path.map(({ seconds, spots }) => [seconds, ...spots])).to.deep.equal([
      [900, 100, 10],
      [1_800, 101, 9.5],
      [2_700, 90, 20],
      [3_600, 95, 12],
    ]);
    const still = [0, 300, 600, 900].map((seconds) => ({
      seconds,
      spots: [100, seconds === 600 ? 10.06 : 10] as const,
      indexVols: [null, null] as const,
    }));
    expect(reportPoints(still).map(({ seconds }) => seconds)).to.deep.equal([0, 600, 900]);
  });

  it("goes on from what was posted before: a high post falls by at most 5 % a day", () => {
    const [first] = reports;
    const dayBefore = first!.seconds - 86_400;
    const posts: Posts = new Map([["BTC spot", { dailyVol: 0.2, seconds: dayBefore }]]);
    const sigmas = (before: Posts) =>
      marketModel(panel, crash.startSeconds, expiries, undefined, before)
        .stateAt(first!)
        .posted.map(({ sigma }) => sigma);
    const [btc, eth] = sigmas(posts);
    const [freshBtc, freshEth] = sigmas(new Map());
    expect(btc).to.be.closeTo(0.19, 1e-12);
    expect(freshBtc).to.be.lessThan(0.1);
    expect(eth).to.equal(freshEth);
    expect(posts.get("ETH spot")?.dailyVol).to.equal(freshEth);
  });

  it("knows nothing of later days: the model of an episode is the same on a panel cut at its start", () => {
    const until = panel.days.findLastIndex((day) => day * 86_400 <= crash.startSeconds) + 1;
    const cut = {
      days: panel.days.slice(0, until),
      markets: {
        BTC: cutMarket(panel.markets.BTC, until),
        ETH: cutMarket(panel.markets.ETH, until),
      },
    };
    const state = (of: typeof panel) =>
      marketModel(of, crash.startSeconds, expiries, undefined).stateAt(reports[0]!);
    expect(state(cut)).to.deep.equal(state(panel));
  });
});

describe("simulate", () => {
  const [book] = drawBooks();
  const loneLong = [{ ...book!, surplus: 1, kind: "linear" as const }];
  const settings = { factor: 1, bidderCapacity: 1, kind: "linear" as const };

  /** One unit of notional 1e6 whose value falls step by step, margin a tenth of it; one report in five minutes. */
  function falling(values: readonly number[]): EpisodeMeasures {
    const array = Float64Array.from(values, (value) => 1e6 * value);
    return {
      seconds: values.map((_, index) => 300 * index),
      dailyVols: new Float64Array(values.length).fill(0.04),
      value: array,
      grossUsd: array,
      maintenance: [array.map((value) => value / 10)],
    };
  }

  it("leaves a healthy account alone", () => {
    const outcome = simulate(loneLong, falling([1, 0.99, 1, 1.01]), 0, settings);
    expect(outcome).to.deep.include({ called: 0, liquidated: 0, badDebt: 0, accounts: 1 });
    expect(outcome.capital).to.be.closeTo(120_000, 1e-6);
  });

  it("sells a called account in slices before it owes anything when the fall is slow", () => {
    const outcome = simulate(loneLong, falling([1, 0.97, 0.96, 0.95, 0.94, 0.93]), 0, settings);
    expect(outcome.called).to.equal(1);
    expect(outcome.liquidated).to.be.greaterThan(1e5);
    expect(outcome.badDebt).to.equal(0);
  });

  it("books the debt and the subsidy of a jump through the margin on the fund", () => {
    const outcome = simulate(loneLong, falling([1, 0.8, ...new Array<number>(20).fill(0.8)]), 0, settings);
    // Equity 120,000 less a loss of 200,000 is a debt of 80,000; bidders are paid on top.
    expect(outcome.badDebt).to.be.greaterThan(80_000);
    expect(outcome.badDebt).to.be.lessThan(100_000);
    expect(outcome.insolvent).to.equal(1);
  });

  it("opens the book once an hour, and not at the last report", () => {
    // Reports at 0, 5, ..., 60, 65 minutes: openings at 0 and at 60.
    expect(simulate(loneLong, falling(new Array<number>(14).fill(1)), 0, settings).accounts).to.equal(2);
    expect(simulate(loneLong, falling(new Array<number>(13).fill(1)), 0, settings).accounts).to.equal(1);
  });

  it("holds bidders to their capacity", () => {
    const values = [1, 0.95, 0.94, 0.94, 0.94];
    const free = simulate(loneLong, falling(values), 0, settings).liquidated;
    const held = simulate(loneLong, falling(values), 0, { ...settings, bidderCapacity: 0.01 }).liquidated;
    expect(held).to.be.lessThan(free / 2);
  });
});

function cutMarket(market: ReturnType<typeof readDailyPanel>["markets"]["BTC"], until: number) {
  return {
    closes: market.closes.slice(0, until),
    publishedVol: market.publishedVol.slice(0, until),
    modelledVol: market.modelledVol.slice(0, until),
  };
}
