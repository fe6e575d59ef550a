import { expect } from "chai";
import { equalWeights, tailRisk } from "../../../../keeper/core/risk/tail.ts";
import {
  bookPnl,
  proxyPnl,
  randomBook,
  type ProxyInstrument,
} from "../../../../keeper/core/scenarios/proxy-books.ts";
import { thinScenarios } from "../../../../keeper/core/scenarios/thin.ts";
import { seededRandom } from "../../../../keeper/core/statistics/seeded-random.ts";
import { recordedScenarios } from "../../../support/recorded-scenarios.ts";

const BOOKS = 2_000;
const SEED = 20_200_312;
/** None of them is an instrument that the choice is made with, save spot. */
const TEST_INSTRUMENTS: readonly ProxyInstrument[] = [
  { strike: null, width: 0 },
  { strike: -2, width: 2.5 },
  { strike: 1, width: 2.5 },
  { strike: 4, width: 2.5 },
  { strike: -8, width: 6 },
  { strike: -1.5, width: 1.2 },
  { strike: 2, width: 7 },
  { strike: 0, width: 3 },
];

/** The house's tail loss: the larger of 99 % VaR and 97.5 % expected shortfall. */
function houseTail(pnl: Float64Array, weights: Uint16Array): number {
  return Math.max(tailRisk(pnl, weights, 9_900).valueAtRisk, tailRisk(pnl, weights, 9_750).expectedShortfall);
}

// Bars: absolute error in the median and in 95 % of books, and the largest loss left out. Clustering the days gave 0.3 %, 5.5 % and
// 28 % with 256 scenarios, 0 %, 2.9 % and 10 % with 512.
for (const { count, median, most, worst } of [
  { count: 256, median: 0.006, most: 0.025, worst: 0.1 },
  { count: 512, median: 0.003, most: 0.012, worst: 0.07 },
]) {
  describe(`${count} scenarios of the recorded history`, () => {
    const full = recordedScenarios(SEED);
    const thinned = thinScenarios(full, { count, seed: SEED });
    const rows = proxyPnl(full, TEST_INSTRUMENTS);
    const random = seededRandom(99);
    const everyDay = equalWeights(full.days.length);
    const errors = Array.from({ length: BOOKS }, (_, turn) => {
      const pnl = bookPnl(rows, randomBook(random, rows.length, full.markets.length, turn));
      const kept = Float64Array.from(thinned.indices, (day) => pnl[day] ?? NaN);
      return houseTail(kept, thinned.weights) / houseTail(pnl, everyDay) - 1;
    });
    const sizes = errors.map(Math.abs).sort((left, right) => left - right);

    it("keep the tail of nearly every book", () => {
      expect(sizes[BOOKS / 2]).to.be.below(median);
      expect(sizes[BOOKS * 0.95]).to.be.below(most);
    });

    it("keep the expected shortfall of every book by itself", () => {
      const again = seededRandom(99);
      for (let turn = 0; turn < BOOKS; turn++) {
        const pnl = bookPnl(rows, randomBook(again, rows.length, full.markets.length, turn));
        const kept = Float64Array.from(thinned.indices, (day) => pnl[day] ?? NaN);
        const exact = tailRisk(pnl, everyDay, 9_750).expectedShortfall;
        const thin = tailRisk(kept, thinned.weights, 9_750).expectedShortfall;
        expect(thin / exact).to.be.within(0.88, 1.12);
      }
    });

    it("leave out little of the loss of any book, and nothing on average", () => {
      expect(Math.min(...errors)).to.be.above(-worst);
      expect(Math.abs(errors.reduce((sum, error) => sum + error, 0) / BOOKS)).to.be.below(0.005);
    });
  });
}
