import { expect } from "chai";
import { CoreError } from "../../../../keeper/core/errors.ts";
import { splitBook } from "../../../../keeper/core/margin/market-book.ts";
import { logReturn, revalue } from "../../../../keeper/core/margin/surface.ts";
import { bookSensitivities } from "../../../../keeper/core/risk/book-sensitivities.ts";
import { componentTail } from "../../../../keeper/core/risk/component-tail.ts";
import { deltaGammaTail } from "../../../../keeper/core/risk/delta-gamma.ts";
import { canonicalPnl } from "../../../../keeper/core/risk/quadratic-form.ts";
import {
  bootstrapErrors,
  orderStatisticInterval,
  replicationErrors,
} from "../../../../keeper/core/risk/standard-errors.ts";
import { equalWeights, tailRisk } from "../../../../keeper/core/risk/tail.ts";
import { copulaScenarios, fitCopula } from "../../../../keeper/core/scenarios/copula.ts";
import { comonotoneTwin, independentTwin } from "../../../../keeper/core/scenarios/stressed-twin.ts";
import { scrambledHalton } from "../../../../keeper/core/statistics/scrambled-halton.ts";
import { seededRandom } from "../../../../keeper/core/statistics/seeded-random.ts";
import type { JointScenarios } from "../../../../keeper/core/scenarios/filtered-historical.ts";
import { randomCases, randomWorld } from "../../../support/random-margin-cases.ts";
import { recordedScenarios } from "../../../support/recorded-scenarios.ts";

const CONFIDENCE_BPS = 9_900;
const source = recordedScenarios(1);

function normals(count: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
}

/** VaR of one unit of spot long in every market, in standardised units. */
function jointVar({ markets, days }: JointScenarios): number {
  const pnl = days.map((_, s) => markets.reduce((sum, { z }) => sum + (z[s] ?? NaN), 0));
  return tailRisk(pnl, equalWeights(pnl.length), CONFIDENCE_BPS).valueAtRisk;
}

describe("componentTail", () => {
  const [first, second] = [normals(5_000, 1), normals(5_000, 2)];
  const parts = [first, second.map((value) => 2 * value), first.map((value) => -0.5 * value)];

  it("sums to the book's VaR and expected shortfall", () => {
    const total = first.map((_, s) => parts.reduce((sum, part) => sum + (part[s] ?? NaN), 0));
    const tail = tailRisk(total, equalWeights(5_000), CONFIDENCE_BPS);
    const found = componentTail(parts, equalWeights(5_000), CONFIDENCE_BPS);
    const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
    expect(sum(found.valueAtRisk)).to.be.closeTo(tail.valueAtRisk, 1e-12);
    expect(sum(found.expectedShortfall)).to.be.closeTo(tail.expectedShortfall, 1e-12);
  });

  it("gives normal parts their covariance's share, a hedge a negative one", () => {
    const { expectedShortfall } = componentTail(parts, equalWeights(5_000), CONFIDENCE_BPS);
    // Shares of the variance 0.25 + 4: 0.5 / 4.25, 4 / 4.25 and -0.25 / 4.25, of ES = 2.665 deviations.
    const total = 2.665 * Math.sqrt(4.25);
    expect(expectedShortfall[0]).to.be.closeTo((total * 0.5) / 4.25, 0.35);
    expect(expectedShortfall[1]).to.be.closeTo((total * 4) / 4.25, 0.35);
    expect(expectedShortfall[2]).to.be.below(0);
  });

  it("refuses parts of another length", () => {
    expect(() => componentTail([[1, 2]], [1], CONFIDENCE_BPS))
      .to.throw(CoreError)
      .with.property("code", "weights-invalid");
  });
});

describe("standard errors", () => {
  it("by bootstrap are what estimates from fresh samples spread by", () => {
    const days = 2_000;
    const tails = Array.from({ length: 200 }, (_, sample) =>
      tailRisk(normals(days, 100 + sample), equalWeights(days), CONFIDENCE_BPS),
    );
    // A bootstrap of one sample is itself noisy: the mean over some samples is compared.
    const bootstraps = [1, 2, 3, 4, 5, 6].map((seed) =>
      bootstrapErrors(normals(days, seed), equalWeights(days), CONFIDENCE_BPS, { replicates: 200, seed }),
    );
    const actual = replicationErrors(tails);
    for (const key of ["valueAtRisk", "expectedShortfall"] as const) {
      const spread = actual[key] * Math.sqrt(tails.length);
      const mean = bootstraps.reduce((sum, errors) => sum + errors[key], 0) / bootstraps.length;
      expect(mean / spread).to.be.within(0.75, 1.25);
    }
  });

  it("by order statistics give an interval that holds the true quantile 95 times in 100", () => {
    let held = 0;
    for (let sample = 0; sample < 400; sample++) {
      const [low, high] = orderStatisticInterval(normals(1_000, 500 + sample), CONFIDENCE_BPS);
      if (low <= 2.326 && 2.326 <= high) held++;
    }
    expect(held / 400).to.be.within(0.92, 0.985);
  });

  it("count a weighted scenario as often as it weighs", () => {
    const heavy = bootstrapErrors([-10, 0], [1, 99], 9_000, { replicates: 50, seed: 1 });
    const even = bootstrapErrors([-10, 0], [1, 1], 9_000, { replicates: 50, seed: 1 });
    expect(heavy.valueAtRisk).to.be.below(even.valueAtRisk);
    expect(() => replicationErrors([{ valueAtRisk: 1, expectedShortfall: 1 }]))
      .to.throw(CoreError)
      .with.property("code", "series-too-short");
  });
});

describe("scrambledHalton", () => {
  it("puts the same number of points into each cell of every base, whatever the seed", () => {
    for (const seed of [1, 2]) {
      const points = scrambledHalton(2 * 9 * 25, 3, seed);
      for (const [axis, cells] of [2, 9, 25].entries()) {
        const counts = new Array<number>(cells).fill(0);
        for (const point of points[axis] ?? []) counts[Math.floor(point * cells)]! += 1;
        expect(new Set(counts)).to.deep.equal(new Set([450 / cells]));
      }
    }
    expect(scrambledHalton(9, 2, 1)).to.not.deep.equal(scrambledHalton(9, 2, 2));
    expect(() => scrambledHalton(9, 17, 1)).to.throw(CoreError);
  });
});

describe("copulaScenarios", () => {
  const model = fitCopula(source);
  const settings = { count: 4_096, degrees: 4, seed: 1 };

  it("keep each column's distribution and the ties between columns", () => {
    const drawn = copulaScenarios(model, settings);
    for (const [index, { z, y }] of source.markets.entries()) {
      const other = drawn.markets[index];
      for (const [was, is] of [
        [z, other?.z],
        [y, other?.y],
      ] as const) {
        const [from, to] = [was.toSorted(), is?.toSorted() ?? was];
        for (const share of [0.01, 0.1, 0.5, 0.9, 0.99])
          expect(to[Math.floor(share * to.length)]).to.be.closeTo(
            from[Math.floor(share * from.length)] ?? NaN,
            0.2,
          );
      }
    }
    expect(jointVar(drawn) / jointVar(source)).to.be.closeTo(1, 0.1);
  });

  it("have a smaller error than plain draws would, and for a linear book a smaller one still with mirror images", () => {
    const estimates = (antithetic: boolean): number => {
      const means = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => {
        const { markets } = copulaScenarios(model, { ...settings, count: 1_024, seed, antithetic });
        return (markets[0]?.z ?? new Float64Array()).reduce((sum, value) => sum + value, 0) / 1_024;
      });
      const centre = means.reduce((sum, mean) => sum + mean, 0) / means.length;
      return Math.sqrt(means.reduce((sum, mean) => sum + (mean - centre) ** 2, 0) / (means.length - 1));
    };
    // A plain mean of 1,024 standardised draws has an error of about 1 / 32.
    expect(estimates(false)).to.be.below(1 / 32 / 2);
    expect(estimates(true)).to.be.below(estimates(false));
  });

  it("bring joint extremes together the more, the fewer the degrees", () => {
    const together = (degrees: number): number => {
      const { markets } = copulaScenarios(model, { ...settings, degrees });
      const worst = markets.map(({ z }) => z.toSorted()[40] ?? NaN);
      return Array.from({ length: 4_096 }, (_, s) => s).filter((s) =>
        markets.every(({ z }, index) => (z[s] ?? NaN) <= (worst[index] ?? NaN)),
      ).length;
    };
    expect(together(1.5)).to.be.above(together(40));
  });

  it("refuse degrees out of bounds and mirror images of an odd number", () => {
    for (const bad of [
      { ...settings, degrees: 0.5 },
      { ...settings, count: 7, antithetic: true },
    ])
      expect(() => copulaScenarios(model, bad)).to.throw(CoreError);
  });
});

describe("stressed twins", () => {
  it("leave each market alone as it was and move only what ties it to the others", () => {
    const [one, zero] = [comonotoneTwin(source), independentTwin(source, 4)];
    for (const [index, { z, y }] of source.markets.entries()) {
      for (const twin of [one, zero]) {
        expect(twin.markets[index]?.z.toSorted()).to.deep.equal(z.toSorted());
        const pairs = (a: Float64Array, b: Float64Array): readonly number[] =>
          Array.from(a, (v, s) => v * 7 + (b[s] ?? 0));
        expect(pairs(twin.markets[index]?.z ?? z, twin.markets[index]?.y ?? y).toSorted()).to.deep.equal(
          pairs(z, y).toSorted(),
        );
      }
    }
    expect(jointVar(zero)).to.be.below(jointVar(source));
    expect(jointVar(one)).to.be.above(jointVar(source));
    const alone = source.markets.map((market) => jointVar({ ...source, markets: [market] }));
    expect(jointVar(one)).to.be.closeTo(
      alone.reduce((sum, value) => sum + value, 0),
      1e-12,
    );
  });
});

describe("bookSensitivities", () => {
  const { context } = randomWorld(5);
  const [{ book } = { book: undefined }] = randomCases({ observed: [], context }, 6, 1);
  if (book === undefined) throw new Error("no book");
  const clock = { observedAt: context.report.observedAt, now: context.now };
  const markets = splitBook(book, context.report.markets, clock);

  it("predict the P&L of small moves to third order", () => {
    const { delta, gamma } = bookSensitivities(markets, context.params, source);
    for (const [index, marketBook] of markets.entries()) {
      const move = [0.04, -0.06];
      const [z = 0, y = 0] = move;
      const actual = revalue(
        marketBook,
        logReturn(z, marketBook.state.sigma, context.params),
        y,
        context.params,
      ).pnl;
      const predicted = move.reduce(
        (sum, shock, i) =>
          sum +
          (delta[2 * index + i] ?? 0) * shock +
          move.reduce(
            (row, other, j) => row + (shock * other * (gamma[2 * index + i]?.[2 * index + j] ?? 0)) / 2,
            0,
          ),
        0,
      );
      expect(predicted).to.be.closeTo(actual, 0.01 * Math.abs(actual));
    }
  });

  it("give a delta-gamma-vega VaR of the order of full revaluation's", () => {
    const { valueAtRisk } = deltaGammaTail(
      canonicalPnl(bookSensitivities(markets, context.params, source)),
      0.99,
    );
    const pnl = source.days.map((_, s) =>
      markets.reduce((sum, marketBook) => {
        const moves = source.markets.find(({ market }) => market === marketBook.state.market);
        const r = logReturn(moves?.z[s] ?? NaN, marketBook.state.sigma, context.params);
        return sum + revalue(marketBook, r, moves?.y[s] ?? NaN, context.params).pnl;
      }, 0),
    );
    const full = tailRisk(pnl, equalWeights(pnl.length), CONFIDENCE_BPS).valueAtRisk;
    expect(valueAtRisk / full).to.be.within(0.4, 2);
  });
});
