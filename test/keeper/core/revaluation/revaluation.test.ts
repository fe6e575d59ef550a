import { expect } from "chai";
import { splitBook } from "../../../../keeper/core/margin/market-book.ts";
import { logReturn, revalue } from "../../../../keeper/core/margin/surface.ts";
import type { Book } from "../../../../keeper/core/margin/types.ts";
import { fastNormalCdf } from "../../../../keeper/core/pricing/fast-normal.ts";
import { normalCdf } from "../../../../keeper/core/pricing/normal.ts";
import {
  streamAccountTails,
  tailLength,
  type AccountTails,
} from "../../../../keeper/core/revaluation/account-tails.ts";
import { plainKernel } from "../../../../keeper/core/revaluation/kernel.ts";
import { planRevaluation, type RevaluationPlan } from "../../../../keeper/core/revaluation/plan.ts";
import { selectSmallest } from "../../../../keeper/core/revaluation/smallest.ts";
import { equalWeights, tailRisk } from "../../../../keeper/core/risk/tail.ts";
import { randomCases, randomWorld } from "../../../support/random-margin-cases.ts";
import { randomSource } from "../../../support/random-source.ts";
import { recordedScenarios } from "../../../support/recorded-scenarios.ts";

const BOOKS = 40;
const CONFIDENCES = { varConfidenceBps: 9_900, esConfidenceBps: 9_750 };
const { context } = randomWorld(5);
const { report, params, now } = context;
const joint = recordedScenarios(1);
const books = randomCases({ observed: [], context }, 6, BOOKS).map(({ book }) => book);
const plan = planRevaluation(books, report, params, joint, now);

function finalTails(chunk: number, from = 0, to = BOOKS, of: RevaluationPlan = plan): AccountTails {
  const stream = streamAccountTails(of, { from, to }, CONFIDENCES, plainKernel(of.instruments.length, chunk));
  let step = stream.next();
  while (step.done !== true) step = stream.next();
  return step.value;
}

/** A book's P&L in every scenario by the margin's own revaluation. */
function directPnl(book: Book): readonly number[] {
  const markets = splitBook(book, report.markets, { observedAt: report.observedAt, now });
  return joint.days.map((_, scenario) =>
    markets.reduce((sum, marketBook) => {
      const moves = joint.markets.find(({ market }) => market === marketBook.state.market);
      const r = logReturn(moves?.z[scenario] ?? 0, marketBook.state.sigma, params);
      return sum + revalue(marketBook, r, moves?.y[scenario] ?? 0, params).pnl;
    }, 0),
  );
}

describe("mass revaluation", () => {
  it("gives each account the tail that repricing its positions one by one gives", () => {
    const { valueAtRisk, expectedShortfall } = finalTails(256);
    const weights = equalWeights(joint.days.length);
    for (const [account, book] of books.entries()) {
      const pnl = directPnl(book);
      const gross = book.positions.reduce((sum, { size }) => sum + Math.abs(size), 0) * 100_000;
      const exactVar = tailRisk(pnl, weights, CONFIDENCES.varConfidenceBps).valueAtRisk;
      const exactEs = tailRisk(pnl, weights, CONFIDENCES.esConfidenceBps).expectedShortfall;
      expect(valueAtRisk[account]).to.be.closeTo(exactVar, 1e-12 * gross);
      expect(expectedShortfall[account]).to.be.closeTo(exactEs, 1e-12 * gross);
    }
  });

  it("prices an instrument that several accounts hold once", () => {
    const held = books.flatMap(({ positions }) =>
      positions.map(({ market, expiry, strike, kind }) => `${market}/${expiry}/${strike}/${kind}`),
    );
    expect(plan.instruments).to.have.length(new Set(held).size + report.markets.length);
    expect(planRevaluation([...books, ...books], report, params, joint, now).instruments).to.deep.equal(
      plan.instruments,
    );
  });

  it("does not depend on the size of a chunk or on which accounts go together", () => {
    const whole = finalTails(4_096);
    expect(finalTails(100)).to.deep.equal(whole);
    const part = finalTails(512, 10, 25);
    expect(part.valueAtRisk).to.deep.equal(whole.valueAtRisk.slice(10, 25));
    expect(part.expectedShortfall).to.deep.equal(whole.expectedShortfall.slice(10, 25));
  });

  it("leaves a market without scenarios out, and an account that holds nothing without a loss", () => {
    const oneMarket = { ...joint, markets: joint.markets.slice(0, 1) };
    const empty: Book = { cash: 5, positions: [], collateral: [] };
    const limited = planRevaluation([...books, empty], report, params, oneMarket, now);
    expect(limited.markets).to.have.length(1);
    const { valueAtRisk } = finalTails(512, 0, BOOKS + 1, limited);
    expect(valueAtRisk[BOOKS]).to.be.closeTo(0, 0);
  });

  it("counts a tail in integers", () => {
    expect(tailLength(2_000, 9_900)).to.equal(20);
    expect(tailLength(100, 9_750)).to.equal(3);
    expect(tailLength(10_000, 9_999)).to.equal(1);
  });
});

describe("selectSmallest", () => {
  it("brings the smallest to the front with the greatest of them last, ties or not", () => {
    const random = randomSource(2);
    for (let turn = 0; turn < 300; turn++) {
      const length = random.integer(1, 60);
      const values = Float64Array.from({ length }, () => random.integer(-9, 9));
      const count = random.integer(1, length);
      const sorted = values.toSorted();
      selectSmallest(values, 0, length, count);
      expect(values[count - 1]).to.equal(sorted[count - 1]);
      expect(values.slice(0, count).toSorted()).to.deep.equal(sorted.slice(0, count));
      expect(values.toSorted()).to.deep.equal(sorted);
    }
  });
});

describe("fastNormalCdf", () => {
  it("is within 2e-14 of the cdf everywhere", () => {
    for (let x = -9; x <= 9; x += 0.001_37)
      expect(Math.abs(fastNormalCdf(x) - normalCdf(x))).to.be.below(2e-14);
    expect([fastNormalCdf(-Infinity), fastNormalCdf(Infinity)]).to.deep.equal([0, 1]);
  });
});
