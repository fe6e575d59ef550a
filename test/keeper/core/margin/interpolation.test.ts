import { expect } from "chai";
import { fullyRevaluedPnls } from "../../../../keeper/core/margin/full-revaluation.ts";
import { interpolatedPnls, jointTail, type ScenarioPnl } from "../../../../keeper/core/margin/joint.ts";
import { assessBy } from "../../../../keeper/core/margin/margin.ts";
import { splitBook } from "../../../../keeper/core/margin/market-book.ts";
import type { TailMeasure } from "../../../../keeper/core/margin/types.ts";
import { randomCases, randomWorld } from "../../../support/random-margin-cases.ts";

const WORLDS = 200;
const BOOKS_PER_WORLD = 5;
const FIRST_SEED = 20_000;
const CLOSE = 0.02;
const LEAST_CLOSE_SHARE = 0.95;
const WORST_UNDERESTIMATE = -0.05;

interface InterpolationError {
  /** Error of the tail loss over its fully revalued self. */
  readonly ofLoss: number;
  /** Error of the tail loss over the book's maintenance margin. */
  readonly ofMargin: number;
}

function errors(tailMeasure: TailMeasure): readonly InterpolationError[] {
  const all: InterpolationError[] = [];
  for (let world = 0; world < WORLDS; world++) {
    const { context } = randomWorld(FIRST_SEED + world);
    const { report, scenarios, now } = context;
    if (scenarios === undefined) throw new Error("a random world has scenarios");
    const params = { ...context.params, tailMeasure };
    for (const { book } of randomCases({ observed: [], context }, FIRST_SEED + world, BOOKS_PER_WORLD)) {
      const books = splitBook(book, report.markets, { observedAt: report.observedAt, now });
      const loss = (by: ScenarioPnl): number => jointTail(books, scenarios, params, by).joint;
      const full = loss(fullyRevaluedPnls(scenarios, params));
      const error = loss(interpolatedPnls(scenarios, params)) - full;
      const margin = assessBy(book, { ...context, params }, fullyRevaluedPnls(scenarios, params)).maintenance;
      all.push({ ofLoss: error / full, ofMargin: error / margin });
    }
  }
  return all;
}

function closeShare(values: readonly number[]): number {
  return values.filter((value) => Math.abs(value) <= CLOSE).length / values.length;
}

describe("interpolated tail loss of 1,000 random two-market books against full revaluation", () => {
  for (const measure of ["valueAtRisk", "expectedShortfall"] as const) {
    it(`is within 2 % for 95 % of them, and never low by more than 5 % of the margin (${measure})`, () => {
      const all = errors(measure);
      const ofLoss = all.map((error) => error.ofLoss);
      const ofMargin = all.map((error) => error.ofMargin);
      expect(all.length).to.equal(WORLDS * BOOKS_PER_WORLD);
      expect(closeShare(ofLoss)).to.be.at.least(LEAST_CLOSE_SHARE);
      expect(closeShare(ofMargin)).to.be.at.least(LEAST_CLOSE_SHARE);
      expect(Math.min(...ofMargin)).to.be.at.least(WORST_UNDERESTIMATE);
    });
  }
});
